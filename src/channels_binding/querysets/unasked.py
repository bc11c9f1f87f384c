"""FilterSets whose filters filter by nothing where they are given nothing: then those that nobody asks for are not made."""

from functools import lru_cache
from typing import Any

from django.forms import Form, Widget
from django_filters.constants import EMPTY_VALUES
from django_filters.filterset import FilterSetMetaclass

from channels_binding.classes import is_written_in, overrides

LIBRARY = ("django_filters", "django", "typing", "builtins")
"""Whose code a stock FilterSet consists of."""
FILTERSET_PARTS = frozenset({"Meta", "declared_filters", "base_filters", "_meta"})
"""What the body of a class that only declares filters has."""
_HARMLESS = frozenset(
    {
        *("choices", "conjoined", "distinct", "empty_label", "help_text", "label", "lookup_choices", "null_label"),
        *("queryset", "required", "to_field_name", "widget"),
    }
)
"""Options of a filter that give it no value; ``initial`` with ``disabled``, ``empty_value`` and a project's own might."""


def are_idle_unasked(cls: type) -> bool:
    """Whether what is not asked for filters by nothing, whoever asks: ``filterset_fields = {"rank": ["gte"]}`` → True.

    So of a class that only declares filters, all of them django-filter's, without a method, a default or an obligation.
    """
    return _are_idle_unasked(cls)


@lru_cache(maxsize=1024)
def _are_idle_unasked(cls: Any) -> bool:
    return (
        type(cls) is FilterSetMetaclass
        and {name for name, _ in overrides(cls, LIBRARY)} <= FILTERSET_PARTS
        and cls._meta.form is Form
        and all(map(_is_idle, cls.base_filters.values()))
    )


def _is_idle(filter_: Any) -> bool:
    extra = filter_.extra
    is_stock = is_written_in(type(filter_), "django_filters") and filter_.method is None
    return (
        is_stock
        and extra.keys() <= _HARMLESS
        and not extra.get("required")
        and _is_stock_widget(extra.get("widget"))
        and getattr(filter_, "null_value", "null") not in EMPTY_VALUES
    )


def _is_stock_widget(widget: Any) -> bool:
    """One of a project's may find a value where none is given."""
    cls = type(widget) if isinstance(widget, Widget) else widget
    return cls is None or (isinstance(cls, type) and is_written_in(cls, "django", "django_filters"))

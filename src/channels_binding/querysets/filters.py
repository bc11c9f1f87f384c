"""Filters and full-text search of a call: django-filter's FilterSet and DRF's SearchFilter, fed with JSON.

Only what a binding declares is ever passed on; every other name is refused before any SQL.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import MAXYEAR, MINYEAR
from decimal import Decimal
from functools import lru_cache
from inspect import getattr_static
from types import NoneType
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import GeneratedField, GenericIPAddressField, IntegerField, Model, QuerySet
from django.forms import NullBooleanField
from django.http import QueryDict
from django_filters import AllValuesFilter, AllValuesMultipleFilter, DateRangeFilter, Filter, FilterSet
from django_filters.filterset import filterset_factory
from django_filters.utils import get_model_field
from django_filters.widgets import BaseCSVWidget
from rest_framework.filters import SearchFilter, search_smart_split

from channels_binding.classes import is_written_in
from channels_binding.exception_handler import django_field_errors
from channels_binding.exceptions import Invalid, unknown_names
from channels_binding.querysets.once import once
from channels_binding.querysets.unasked import are_idle_unasked
from channels_binding.serializers.generated import held_by

MAX_QUERY_LENGTH = 200
"""Longest text to search for, in characters."""
MAX_TERMS = 10
NO_FILTERS = {
    "search": "query",
    "q": "query",
    "ordering": "order",
    "order_by": "order",
    "sort": "order",
    "page_size": "limit",
    "per_page": "limit",
    "offset": "page",
}
"""What a read takes beside filters, by the names that REST framework and others have for it."""
PREFIXES = "".join(SearchFilter.lookup_prefixes)
"""What may stand in front of a field of ``search_fields`` to say how it is searched."""


@lru_cache(maxsize=512)
def _filterset_of(model: type[Model], declared: tuple[Any, ...]) -> type[FilterSet]:
    fields = {name: list(lookups) for name, lookups in declared}
    columns: dict[str, Any] = {name: get_model_field(model, name) for name in fields}
    generated = {name: column for name, column in columns.items() if isinstance(column, GeneratedField)}
    plain = {name: lookups for name, lookups in fields.items() if name not in generated}
    made: type[FilterSet] = filterset_factory(model, fields=plain)
    for name, column in generated.items():  # django-filter knows no filter for those
        for lookup in fields[name]:
            filter_ = FilterSet.filter_for_field(held_by(column), name, lookup)
            made.base_filters[FilterSet.get_filter_name(name, lookup)] = filter_
    return made


def filterset_class(model: type[Model], declared: Sequence[str] | Mapping[str, Sequence[str]]) -> type[FilterSet]:
    """``filterset_fields`` (names, or ``{"price": ["gte", "lte"]}``) → a FilterSet class."""
    pairs = declared.items() if isinstance(declared, Mapping) else ((name, ["exact"]) for name in declared)
    return _filterset_of(model, tuple((name, tuple(lookups)) for name, lookups in pairs))


def input_names(filterset: FilterSet) -> set[str]:
    """Every name a client may use: the filters', and the parts of ranges (``price_min``, ``created_after``)."""
    names: set[str] = set()
    for name, field in filterset.form.fields.items():
        suffixes = getattr(field.widget, "suffixes", None)
        names.update({name} if suffixes is None else {field.widget.suffixed(name, suffix) for suffix in suffixes})
    return names


def refuse_undeclared(
    filters_class: type[FilterSet] | None, search_fields: Sequence[str], data: Mapping[str, Any], model: type[Model]
) -> None:
    """Refuse what a list may not be asked for, before anything else is done: a project's ``get_queryset`` may cost statements.

    Raises:
        Invalid: A filter that is not declared; a ``query`` where nothing can be searched.
    """
    filters, query = data.get("filters"), data.get("query")
    if query not in (None, ""):
        _refuse_query(search_fields)
    if not isinstance(filters, Mapping) or not filters:
        return
    declared = set() if filters_class is None else set(filters_class.base_filters)
    if filters_class is not None and not set(filters) <= declared:  # perhaps the parts of ranges; a form knows them
        declared = input_names(filters_class({}, model._default_manager.none()))
    _refuse_unknown(set(filters), declared)


def refuse_undeclared_params(declared: Collection[str], params: Any) -> None:
    """Refuse parameters of a read that its binding's ``query_params`` do not name, and what no query string could say.

    Raises:
        Invalid: One that is not declared; a value that is no text, number, boolean, or list of those.
    """
    if params is None:
        return
    if not isinstance(params, Mapping):
        raise Invalid.field("params", "invalid", "'params' is an object.")
    for name, value in params.items():
        if name not in declared:
            possible = (
                f"Possible: {', '.join(sorted(declared))}" if declared else "The binding declares no query_params"
            )
            raise Invalid.field("params", "unknown", f"There is no parameter {name[:100]!r}. {possible}.")
        if not all(isinstance(each, (str, int, float, NoneType)) for each in _members(value)):
            raise Invalid.field("params", "invalid", f"{name!r} is text, a number, true or false, or a list of those.")


def _members(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def follow_the_caller(filters_class: type[FilterSet] | None, names: Iterable[str]) -> bool:
    """Whether filters compare with nothing but what the caller has given: not with today, nor as a project's code says.

    Args:
        names: As the caller has named them, parts of ranges included: ``{"day_after"}``.
    """
    if filters_class is None:
        return True
    if any(getattr_static(filters_class, name) is not getattr_static(FilterSet, name) for name in _FILTERING):
        return False
    used = {name for name in filters_class.base_filters for given in names if given.startswith(name)}
    return all(_is_django_filters(each) for each in filters_class.base_filters.values()) and not any(
        isinstance(filters_class.base_filters[name], DateRangeFilter) for name in used
    )


_FILTERING = ("__init__", "qs", "filter_queryset", "get_filters", "get_form_class")
"""What a FilterSet may not override to filter as its filters say."""


def _is_django_filters(filter_: Any) -> bool:
    return is_written_in(type(filter_), "django_filters") and filter_.method is None


def apply_filters(
    filters_class: type[FilterSet] | None,
    filters: Any,
    queryset: QuerySet[Any],
    get_request: Callable[[], Any] = lambda: None,
    scope_choices: Callable[[Any], None] = lambda field: None,
) -> QuerySet[Any]:
    """``{"status": "open", "price__gte": 3}`` → the filtered queryset. ``null`` and ``""`` mean: not filtered by this.

    Args:
        get_request: The request that a FilterSet may look into; making one of a socket's scope takes a while.
        scope_choices: Narrows the form field of a relation to the rows that the caller may filter by.

    Raises:
        Invalid: Not an object, a name that is not declared, a value that does not validate.
    """
    given = {} if filters is None else filters
    if not isinstance(given, Mapping):
        raise Invalid.field("filters", "invalid", "'filters' is an object.")
    if filters_class is None:
        _refuse_unknown(set(given), set())
        return queryset
    are_others_idle = given.keys() <= filters_class.base_filters.keys() and are_idle_unasked(filters_class)
    if are_others_idle and not given:
        return once(queryset)
    filterset = filters_class({}, queryset, request=get_request())
    if are_others_idle:
        filterset.filters = {name: filter_ for name, filter_ in filterset.filters.items() if name in given}
    _refuse_unknown(set(given), input_names(filterset))
    _refuse_odd(given)
    for name in given:
        scope_choices(filterset.form.fields.get(name))
        _take_any_value(filterset, name)
    filterset.data = filterset.form.data = _as_query(given, filterset)  # one form: making it is most of the work
    if not filterset.is_valid():
        raise Invalid("The filters are not valid.", fields={"filters": _errors(filterset)})
    _refuse_odd_years(filterset)
    _refuse_odd_numbers(filterset)
    _refuse_odd_texts(filterset)
    _refuse_odd_patterns(filterset)
    filtered: QuerySet[Any] = filterset.qs
    return once(filtered, queryset)


def lists_values(filter_: Any) -> bool:
    """Whether a filter offers the values that its column has, and django-filter takes them of all rows of the table."""
    return isinstance(filter_, (AllValuesFilter, AllValuesMultipleFilter))


def values_of(filter_: Any, rows: QuerySet[Any]) -> list[tuple[Any, Any]]:
    """Choices for such a filter, of these rows alone: ``[("open", "open"), ("closed", "closed")]``."""
    name = filter_.field_name
    return [(value, value) for value in rows.order_by(name).values_list(name, flat=True).distinct()]


def _take_any_value(filterset: FilterSet, name: str) -> None:
    """What no row has finds none, as what only hidden rows have: who asks is told no difference, and a live list whose last
    row has gone is empty, and not over."""
    if lists_values(filterset.filters.get(name)):
        filterset.form.fields[name].valid_value = lambda value: True


def _as_query(filters: Mapping[str, Any], filterset: FilterSet) -> Mapping[str, Any]:
    """``{"rank__in": [1, 3], "done": true}`` as a query string would say it: everything is text, or a list of texts.

    Raises:
        Invalid: A list for a filter of a single value.
    """
    if isinstance(filters, QueryDict):
        query: Any = filters.copy()
    else:
        query = _as_mapping(filters, filterset)
    _spell_booleans(query, filterset)
    made: Mapping[str, Any] = query
    return made


def _as_mapping(filters: Mapping[str, Any], filterset: FilterSet) -> dict[str, Any]:
    return {
        name: _as_texts(name, value, filterset.form.fields.get(name))
        for name, value in filters.items()
        if value is not None
    }


_BOOLEANS = {"true": "true", "1": "true", "false": "false", "0": "false"}


def _spell_booleans(query: Any, filterset: FilterSet) -> None:
    """Django's widget reads ``?done=maybe``, and even ``?done=1``, as "unknown", which would filter by nothing.

    Raises:
        Invalid: Neither true nor false.
    """
    for name, field in filterset.form.fields.items():
        if isinstance(field, NullBooleanField) and query.get(name) not in (None, ""):
            text = _BOOLEANS.get(str(query[name]).lower())
            if text is None:
                raise _invalid(name, "True or false.")
            query[name] = text


def _as_texts(name: str, value: Any, field: Any) -> str | list[str]:
    widget = getattr(field, "widget", None)
    is_multiple = getattr(widget, "allow_multiple_selected", False)
    if isinstance(value, list):
        if not is_multiple and not isinstance(widget, BaseCSVWidget):
            raise _invalid(name, "A single value.")
        return [_as_text(member) for member in value if member is not None]
    return [_as_text(value)] if is_multiple and value != "" else _as_text(value)


YEARS = range(MINYEAR, MAXYEAR + 1)


def is_year(filter_: Any) -> bool:
    """Whether a filter compares a year: ``day__year``, ``day__iso_year__gte``."""
    return not {"year", "iso_year"}.isdisjoint(str(filter_.lookup_expr).split("__"))


def _refuse_odd_years(filterset: FilterSet) -> None:
    """Django makes dates of the bounds of a year when it writes the SQL; there is none in the year 0.

    Raises:
        Invalid: No year of the calendar.
    """
    for name, filter_ in filterset.filters.items():
        value = filterset.form.cleaned_data.get(name)
        if value is not None and is_year(filter_):
            members = value if isinstance(value, (list, tuple)) else [value]
            if not all(each in YEARS for each in members):
                raise _invalid(name, f"A year from {MINYEAR} to {MAXYEAR}.")


def compares_integers(filter_: Any) -> bool:
    """Whether the column of a filter holds whole numbers, of 64 bits at most."""
    return isinstance(get_model_field(filter_.model, filter_.field_name), IntegerField)


def _refuse_odd_numbers(filterset: FilterSet) -> None:
    """Django knows that no row equals 2^64, but not for a list of numbers, which SQLite then cannot read.

    Raises:
        Invalid: More than 64 bits.
    """
    for name, filter_ in filterset.filters.items():
        value = filterset.form.cleaned_data.get(name)
        members = [each for each in value if isinstance(each, Decimal)] if isinstance(value, list) else ()
        if not all(-(2**63) <= each < 2**63 for each in members) and compares_integers(filter_):
            raise _invalid(name, "A number does not fit its column.")


_OF_EQUAL_KIND = {"exact", "in", "gt", "gte", "lt", "lte"}
"""Lookups that compare a column with what is made a value of it."""


def _refuse_odd_texts(filterset: FilterSet) -> None:
    """Of a text, PostgreSQL's driver makes what a column holds, as of an address, and fails by what is no error of Django's.
    Other databases have no row by what is no address: it is refused on each.

    Raises:
        Invalid: Nothing that the column holds.
    """
    connection = connections[filterset.queryset.db]
    for name, filter_ in filterset.filters.items():
        value = filterset.form.cleaned_data.get(name)
        column = get_model_field(filter_.model, filter_.field_name) if value else None
        if column is None or filter_.lookup_expr not in _OF_EQUAL_KIND or not _hands_on(filter_):
            continue
        try:
            for each in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(column, GenericIPAddressField):
                    column.run_validators(each)
                if isinstance(each, str):
                    column.get_db_prep_value(each, connection)
        except (ValueError, TypeError, ValidationError):
            raise _invalid(name, "A value does not fit its column.") from None


def _hands_on(filter_: Any) -> bool:
    """Whether a filter compares the column with the value as it is. That of a ``DateRangeFilter`` is a word for one."""
    return filter_.method is None and type(filter_).filter is Filter.filter


def _refuse_odd_patterns(filterset: FilterSet) -> None:
    """Of a regular expression that is none SQLite says no more than that a function has failed.

    Raises:
        Invalid: No regular expression.
    """
    for name, filter_ in filterset.filters.items():
        value = filterset.form.cleaned_data.get(name)
        if value and str(filter_.lookup_expr).rpartition("__")[2] in ("regex", "iregex"):
            members = value if isinstance(value, (list, tuple)) else [value]
            if not all(_is_pattern(str(each), filterset.queryset) for each in members):
                raise _invalid(name, _NO_PATTERN)


_NO_PATTERN = "This is no regular expression."


def _is_pattern(text: str, queryset: QuerySet[Any]) -> bool:
    """Whether it is a regular expression to SQLite, whose are Python's; other databases say so themselves."""
    if connections[queryset.db].vendor != "sqlite":
        return True
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _errors(filterset: FilterSet) -> dict[str, Any]:
    found = {name: list(errors) for name, errors in filterset.errors.as_data().items()}
    return django_field_errors(ValidationError(found))


def _refuse_unknown(given: set[str], known: set[str]) -> None:
    way_out = "Cannot filter by that." if known else "Cannot filter by that; the binding declares no filterset_fields."
    errors = unknown_names(given, sorted(known), way_out)
    for name in {*errors} & {*NO_FILTERS}:
        (error,) = errors[name]
        errors[name] = [
            {**error, "message": f"{error['message']} Did you mean {NO_FILTERS[name]!r}, which is no filter?"}
        ]
    if errors:
        raise Invalid("The filters are not valid.", fields={"filters": errors})


def _refuse_odd(filters: Mapping[str, Any]) -> None:
    """Form fields take text, numbers, booleans and lists of them; an object would reach the ORM as it is."""
    for name, value in filters.items():
        members = value if isinstance(value, list) else [value]
        if len(members) > 1000 or any(isinstance(member, (dict, list)) for member in members):
            raise _invalid(name, "A value, or a list of at most 1000.")


def _invalid(name: str, message: str) -> Invalid:
    return Invalid("The filters are not valid.", fields={"filters": {name: [{"code": "invalid", "message": message}]}})


def _refuse_query(search_fields: Sequence[str]) -> None:
    if not search_fields:
        raise Invalid.field(
            "query", "unknown", "This stream cannot be searched; its binding declares no search_fields."
        )


def terms_of(text: Any) -> list[str]:
    """``'tall "oak tree"'`` → ``["tall", "oak tree"]``, as REST framework splits what is searched for."""
    return list(search_smart_split(text))


class _Search(SearchFilter):
    """DRF's SearchFilter over a text instead of a query string."""

    def __init__(self, fields: Sequence[str]) -> None:
        self.fields = fields

    def get_search_fields(self, view: Any, request: Any) -> Sequence[str]:
        return self.fields

    def get_search_terms(self, request: Any) -> list[str]:
        return terms_of(request)


def read_query(query: Any) -> str:
    """What somebody has typed, of it the first MAX_TERMS words.

    Raises:
        Invalid: Not text, or too long.
    """
    if not isinstance(query, str) or len(query) > MAX_QUERY_LENGTH or "\x00" in query:
        raise Invalid.field("query", "invalid", f"'query' is text of at most {MAX_QUERY_LENGTH} characters.")
    return " ".join(query.split()[:MAX_TERMS])


def apply_search(search_fields: Sequence[str], query: Any, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
    """Rows in which every word of ``query`` occurs in one of ``search_fields`` (DRF's prefixes ``^ = @ $`` hold).

    Raises:
        Invalid: Not text, too long, or the binding declares no ``search_fields``.
    """
    if query is None or query == "":
        return queryset
    terms = read_query(query)
    _refuse_query(search_fields)
    is_odd = any(not _is_pattern(term, queryset) for term in terms_of(terms))
    if is_odd and any(name.startswith("$") for name in search_fields):
        raise Invalid.field("query", "invalid", _NO_PATTERN)
    return _Search(search_fields).filter_queryset(terms, queryset, view)  # type: ignore[arg-type]

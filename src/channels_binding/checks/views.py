"""What REST framework and django-filter read from a view, and no binding is read for: said by name, not passed over."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error

from channels_binding.bindings.base import BaseBinding
from channels_binding.classes import attributes, is_written_in

_BY_KEY = (
    'Rows are known by their primary key. Make it that, or let clients filter by it: filterset_fields = ("slug",).'
)
_FILTERS = "Use 'filterset_fields', 'search_fields' and 'ordering_fields', or override filter_queryset()."
_MEDIA = "JSON and forms are read; answers are JSON, or of DEFAULT_RENDERER_CLASSES in REST_FRAMEWORK."
_PAGES = "Set 'pagination_class', or 'page_size'."
_ANSWERS = "Override the action (create, update, …), or write an event with @bind()."

NOT_READ = {
    **dict.fromkeys(("lookup_field", "lookup_url_kwarg", "lookup_value_regex", "lookup_value_converter"), _BY_KEY),
    **dict.fromkeys(("filter_backends", "filterset_base", "get_filterset_kwargs", "get_filterset"), _FILTERS),
    **dict.fromkeys(("parser_classes", "renderer_classes", "content_negotiation_class"), _MEDIA),
    **dict.fromkeys(("get_parsers", "get_renderers", "get_content_negotiator"), _MEDIA),
    **dict.fromkeys(("paginator", "paginate_queryset", "get_paginated_response"), _PAGES),
    **dict.fromkeys(("initial", "finalize_response", "handle_exception", "get_success_headers"), _ANSWERS),
    "http_method_names": 'Name what is offered: actions = ("search", "retrieve").',
    "versioning_class": "Give each version a 'stream' of its own.",
    "metadata_class": "Override describe().",
    "get_authenticators": "Set 'authentication_classes'.",
    "perform_authentication": "Set 'authentication_classes'.",
}
"""Name → what to write in its place."""


def unread(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E020: what a view has and no binding is asked for, ``@action`` among it."""
    for base in cls.__mro__:
        if is_written_in(base, "channels_binding", "rest_framework", "django", "builtins"):
            continue
        for name, value in attributes(base).items():
            if name == "lookup_field" and value == "pk":
                continue
            hint = _ACTION if _is_drf_action(value) else NOT_READ.get(name)
            if hint is not None:
                message = f"{cls.__name__}.{name} is REST framework's, and no binding is asked for it."
                yield Error(message, hint=hint, obj=cls, id="channels_binding.E020")


_ACTION = "Write @bind() in place of @action: an event has a route of its own too, POST /api/<stream>/<event>/."


def _is_drf_action(value: Any) -> bool:
    return callable(value) and hasattr(value, "mapping") and hasattr(value, "detail")

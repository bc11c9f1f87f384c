"""Where rows are, also those whose keys hold a slash: ``/api/shop.Part/a%2Fb/``.

Servers decode a path before Django sees it (ASGI and WSGI alike), so ``a%2Fb`` and ``a/b`` arrive as the same. Such
addresses come after all others, and only for streams with keys of text: no route of a project is taken for a row.
"""

from typing import Any
from urllib.parse import quote

from django.db import models
from django.urls import URLPattern, path, register_converter
from django.urls.resolvers import RoutePattern

from channels_binding.bindings.base import BaseBinding
from channels_binding.exceptions import NotFound
from channels_binding.protocol.names import AGGREGATE
from channels_binding.registry import registry
from channels_binding.serializers.keys import key_field

FORM = "form"


class StreamConverter:
    """A stream's name: words with dots between, ``desk.Ticket`` or ``custom_stream``."""

    regex = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class KnownStreamConverter(StreamConverter):
    """A stream that there is: an address of the project's own, ``robots.txt``, is not taken for one."""

    def to_python(self, value: str) -> str:
        """
        Raises:
            ValueError: No such stream, or none that is looked for here.
        """
        try:
            cls = registry.get(value)
        except NotFound:
            raise ValueError from None
        if not self.is_looked_for(cls):
            raise ValueError
        return value

    def to_url(self, value: str) -> str:
        return self.to_python(value)

    def is_looked_for(self, cls: type[BaseBinding]) -> bool:
        """Whether a stream is meant."""
        return True


class TextKeyedStreamConverter(KnownStreamConverter):
    """A stream whose keys may hold a slash; another one is not found here."""

    def is_looked_for(self, cls: type[BaseBinding]) -> bool:
        return may_hold_slash(cls)


class AggregatingStreamConverter(KnownStreamConverter):
    """A stream that offers ``aggregate``; of another one the word may be a key."""

    def is_looked_for(self, cls: type[BaseBinding]) -> bool:
        return cls.find_action(AGGREGATE) is not None


class KeyConverter:
    """A key, whatever it holds: ``a/b``."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(StreamConverter, "cb_stream")
register_converter(KnownStreamConverter, "cb_known_stream")
register_converter(TextKeyedStreamConverter, "cb_text_keyed_stream")
register_converter(AggregatingStreamConverter, "cb_aggregating_stream")
register_converter(KeyConverter, "cb_key")  # a project may have a "key" of its own, and Django refuses a second


def routes(route: str, view: Any, name: str, kwargs: Any = None) -> list[Any]:
    """A route that is served with its final slash and without: where ``APPEND_SLASH`` redirects, clients follow as GET.

    The name leads to the spelling with the slash. The other one takes no name of a stream that there is not, which may be an
    address of the project's own.
    """
    bare = route.removesuffix("/").replace("<cb_stream:", "<cb_known_stream:")
    return [path(route, view, kwargs, name=name), path(bare, view, kwargs)]


def may_hold_slash(cls: type[BaseBinding]) -> bool:
    """Whether a key of the binding's model, or a column of it, is text."""
    model = cls.find_model()
    if model is None:
        return False
    key = model._meta.pk
    columns = key.fields if isinstance(key, models.CompositePrimaryKey) else [key]
    return any(isinstance(key_field(column), models.CharField | models.TextField) for column in columns)


def address_of(collection: str, key: Any) -> str | None:
    """``"/api/shop.Part/"``, ``"a/b"`` → ``"/api/shop.Part/a%2Fb/"``; None where that would be another's address.

    ``form`` and ``x/form`` read as the forms of the stream and of ``x``, ``.`` and ``..`` as directories, ``aggregate`` too.
    """
    text, collection = str(key), f"{collection.removesuffix('/')}/"
    if text in (FORM, AGGREGATE, ".", "..") or text.endswith(f"/{FORM}"):
        return None
    return f"{collection}{quote(text, safe='')}/"


def slashed_routes(prefix: str, row: Any, form: Any, *names: str, **kwargs: Any) -> list[Any]:
    """Routes of rows whose keys hold a slash, to come after all others.

    Args:
        prefix: ``"<cb_text_keyed_stream:stream>/"``, or a router's own.
        names: Of the row's route and of its form's.
    """
    return [
        *routes(f"{prefix}<cb_key:name>/{FORM}/", form, names[1], kwargs),
        *routes(f"{prefix}<cb_key:name>/", row, names[0], kwargs),
    ]


class _EventBelowRow(RoutePattern):
    """``shop.Order/7/close/`` where ``close`` is an event of the stream; any other such address may be the project's own."""

    def match(self, path: str) -> Any:
        found = super().match(path)
        if not found:
            return None
        stream, event = str(found[2]["stream"]), str(found[2]["event"])
        return found if registry.get(stream).find_action(event) else None


def event_below_row_routes(view: Any) -> list[Any]:
    """Addresses at which an event might be looked for, to come after all others."""
    route = "<cb_known_stream:stream>/<str:name>/<str:event>"
    return [URLPattern(_EventBelowRow(each, is_endpoint=True), view) for each in (f"{route}/", route)]

"""Where rows are, also those whose keys hold a slash: ``/api/shop.Part/a%2Fb/``.

Servers decode a path before Django sees it (ASGI and WSGI alike), so ``a%2Fb`` and ``a/b`` arrive as the same. Such
addresses come after all others, and only for streams with keys of text: no route of a project is taken for a row.
"""

from typing import Any
from urllib.parse import quote

from django.db import models
from django.urls import path, register_converter

from channels_binding.bindings.base import BaseBinding
from channels_binding.exceptions import NotFound
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


class TextKeyedStreamConverter(StreamConverter):
    """A stream whose keys may hold a slash; another one is not found here."""

    def to_python(self, value: str) -> str:
        """
        Raises:
            ValueError: Keys of this stream hold none.
        """
        try:
            cls = registry.get(value)
        except NotFound:
            raise ValueError from None
        if not may_hold_slash(cls):
            raise ValueError
        return value

    def to_url(self, value: str) -> str:
        return self.to_python(value)


class KeyConverter:
    """A key, whatever it holds: ``a/b``."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KeyConverter, "cb_key")  # a project may have a "key" of its own, and Django refuses a second


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

    ``form`` and ``x/form`` read as the forms of the stream and of ``x``; ``.`` and ``..`` as directories.
    """
    text = str(key)
    if text in (FORM, ".", "..") or text.endswith(f"/{FORM}"):
        return None
    return f"{collection}{quote(text, safe='')}/"


def slashed_routes(prefix: str, row: Any, form: Any, *names: str, **kwargs: Any) -> list[Any]:
    """Routes of rows whose keys hold a slash, to come after all others.

    Args:
        prefix: ``"<cb_text_keyed_stream:stream>/"``, or a router's own.
        names: Of the row's route and of its form's.
    """
    return [
        path(f"{prefix}<cb_key:name>/{FORM}/", form, kwargs, name=names[1]),
        path(f"{prefix}<cb_key:name>/", row, kwargs, name=names[0]),
    ]

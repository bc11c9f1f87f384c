"""Rows whose hidden columns hold words that occur nowhere else, and bindings that hide every column of text."""

import datetime
import decimal
import itertools
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models

from channels_binding import bindings
from channels_binding.bindings import AsyncBinding, BaseBinding
from channels_binding.querysets.aggregates import Group
from channels_binding.querysets.links import link_of
from channels_binding.registry import registry

WORD = "cnry"
"""In every canary, and nowhere in the sources of the package, Django or the zoo."""

_numbers = itertools.count(1)
_PLAIN: tuple[tuple[type, Any], ...] = (
    (models.BooleanField, True),
    (models.IntegerField, 1),
    (models.FloatField, 1.5),
    (models.DecimalField, decimal.Decimal("1")),
    (models.DateTimeField, datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)),
    (models.DateField, datetime.date(2026, 1, 2)),
    (models.TimeField, datetime.time(3, 4)),
    (models.DurationField, datetime.timedelta(seconds=5)),
    (models.GenericIPAddressField, "::1"),
)


def hidden(field: Any) -> bool:
    """Whether a column can hold a word: what the bindings below do not show."""
    is_text = isinstance(
        field,
        (
            models.CharField,
            models.TextField,
            models.JSONField,
            models.FileField,
            models.BinaryField,
            models.FilePathField,
        ),
    )
    is_image = isinstance(field, models.ImageField)  # is opened when a row is made of it
    return is_text and not is_image and not field.primary_key and not field.choices


def columns(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.CompositePrimaryKey)]


def make(model: type[models.Model], depth: int = 3) -> Any:
    """A row with a canary in each hidden column, and the rows that it needs."""
    values = {field.attname: _value(field, depth) for field in columns(model) if _is_given(field)}
    row = model(**values)
    row.save()
    return row


def _is_given(field: Any) -> bool:
    is_parent = getattr(field.remote_field, "parent_link", False)
    if field.generated or is_parent or isinstance(field, (models.AutoField, models.ImageField)):
        return False
    return hidden(field) or not (field.null or field.has_default() or getattr(field, "auto_now_add", False))


def _value(field: Any, depth: int) -> Any:
    if field.is_relation:
        return make(field.related_model, depth - 1).serializable_value(field.target_field.attname)
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if field.choices:
        return field.flatchoices[0][0]
    plain = next((value for cls, value in _PLAIN if isinstance(field, cls)), None)
    return _word(field) if plain is None else next(_numbers) if plain == 1 and field.unique else plain


def _word(field: Any) -> Any:
    word = f"{WORD}{next(_numbers)}"
    if isinstance(field, models.JSONField):
        return {word: word}
    if isinstance(field, models.BinaryField):
        return word.encode()
    room = getattr(field, "max_length", None) or len(word)
    return word if len(word) <= room else word.removeprefix(WORD)[-room:]  # too short for a canary


def shown(model: type[models.Model]) -> tuple[str, ...]:
    """Columns that hold no words, are not computed of any, and lead to no other row."""
    fields = [field for field in columns(model) if not (field.is_relation or field.primary_key or field.generated)]
    return tuple(field.name for field in fields if not hidden(field))


@contextmanager
def hiding(models_of_it: Iterable[type[models.Model]]) -> Iterator[list[type[BaseBinding]]]:
    """Bindings of these models that hide all text, and no other bindings at all."""
    registry._catch_up()
    streams, defined = dict(registry._by_stream), len(bindings.defined)
    registry._by_stream.clear()
    try:
        yield [_hiding(model) for model in models_of_it]
    finally:
        registry._by_stream.clear()
        registry._by_stream.update(streams)
        del bindings.defined[defined:]
        registry._read = defined


def related(model: type[models.Model]) -> tuple[str, ...]:
    """Its relations, whichever way they lead."""
    names = (getattr(field, "get_accessor_name", lambda: None)() or field.name for field in model._meta.get_fields())
    return tuple(name for name in names if link_of(model, name))


def _column(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _hiding(model: type[models.Model]) -> type[BaseBinding]:
    names, pk = shown(model), model._meta.pk
    integers = [name for name in names if type(model._meta.get_field(name)) is models.IntegerField]
    members = {
        "model": model,
        "stream": f"hiding.{model.__name__}",
        "fields": names if isinstance(pk, models.CompositePrimaryKey) else (pk.name, *names),
        "filterset_fields": {name: ["exact"] for name in integers},
        "aggregates": dict.fromkeys(integers, ("sum", "max", "count_distinct")),
        "expandable": related(model),
        "group_by": [name for name in names if Group.named(name).takes(_column(model, name)) and name != "count"],
    }
    return type(f"Hiding{model.__name__}", (AsyncBinding,), members)

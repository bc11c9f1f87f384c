"""Keys of rows as they travel: ``7``, ``"3f2a…"``, ``"A%2C1,7"``, and back."""

import json
from typing import Any

from django.db import models

from channels_binding.protocol import codecs
from channels_binding.types import Pk


def pk_of(instance: Any) -> Pk:
    """The key of a row as it travels."""
    return as_pk(instance.pk)


def key_field(field: Any) -> Any:
    """The column type behind a key that is itself a relation (multi-table inheritance, OneToOne keys)."""
    while getattr(field, "target_field", None) is not None and field.is_relation:
        field = field.target_field
    return field


_SEVERAL_SPELLINGS = (
    models.DecimalField,
    models.DateTimeField,
    models.DurationField,
    models.GenericIPAddressField,
    models.BinaryField,
)


def has_one_spelling(key: Any) -> bool:
    """Whether a row is found by its key as it is told, and by no other word for it.

    Not ``2`` for a row ``2.00``, a moment in another time zone, or ``ABC`` where the collation takes it for ``abc``.
    """
    columns = [key_field(each) for each in getattr(key, "fields", [key])]
    return not any(isinstance(each, _SEVERAL_SPELLINGS) or may_be_collated(each) for each in columns)


def may_be_collated(column: Any) -> bool:
    """Whether a database may take two different texts of a column for the same.

    So it does by a collation, and where Django has not made the table: ``char(10)`` is filled up with blanks, ``citext`` and
    SQLite's ``NOCASE`` ignore case, and the model does not say so.
    """
    if not isinstance(column, (models.CharField, models.TextField)):
        return False
    is_made_by_others = hasattr(column, "model") and not column.model._meta.managed
    return is_made_by_others or column.db_collation is not None


def as_pk(value: Any) -> Pk:
    """``7`` → ``7``; ``UUID("…")``, ``2**60`` → text; a composite key ``("A,1", 7)`` → ``"A%2C1,7"``."""
    if isinstance(value, int) and -codecs.SAFE_INTEGER <= value <= codecs.SAFE_INTEGER:
        return value
    return ",".join(map(_key_part, value)) if isinstance(value, (tuple, list)) else str(value)


def _key_part(value: Any) -> str:
    return str(value).replace("%", "%25").replace(",", "%2C")


def from_pk(model: type[models.Model], value: Any) -> Any:
    """A key as it travels → as the ORM takes it.

    Raises:
        ValueError, TypeError, ValidationError: It is no key of this model.
    """
    key = model._meta.pk
    if not isinstance(key, models.CompositePrimaryKey):
        return key.to_python(value)
    parts = [part.replace("%2C", ",").replace("%25", "%") for part in str(value).split(",")]
    return tuple(key.to_python(json.dumps(parts)))

"""Columns that the database computes."""

from copy import copy
from typing import Any

from django.db.models import GeneratedField


def held_by(column: Any) -> Any:
    """A column as the field whose values it has: of a ``GeneratedField`` its ``output_field``, named alike."""
    if not isinstance(column, GeneratedField):
        return column
    held: Any = copy(column.output_field)
    for name in ("name", "attname", "column", "model", "verbose_name", "help_text", "null", "editable"):
        setattr(held, name, getattr(column, name))
    return held

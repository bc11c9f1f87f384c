"""Which tables a model lives in, and what a changed row of each says about whom."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from channels_binding.live.capture.statements import label_of
from channels_binding.querysets.tables import row_models


@dataclass(frozen=True, slots=True)
class Watched:
    """A table, and whose keys its rows hold.

    ``Watched("zoo_note_labels", (("zoo.Note_labels", "id"), ("zoo.Note", "note_id"), ("zoo.Label", "label_id")))``
    """

    table: str
    pairs: tuple[tuple[str, str], ...]
    """Label of a model, and the column with its key; no column where there is no single one: then any row may have changed."""


def watched(model: type[models.Model]) -> Watched:
    """What the table of a model says: its own rows, and as a many-to-many table those of both sides."""
    own = (label_of(model), _column(model._meta.pk))
    return Watched(model._meta.db_table, (own, *_sides(model)))


def _column(field: Any) -> str:
    return getattr(field, "column", None) or ""  # a composite key has none


def _sides(through: type[models.Model]) -> Iterator[tuple[str, str]]:
    for field in _many_to_many():
        if field.remote_field.through is through:
            yield from _side(field.model, through, field.m2m_field_name())
            yield from _side(field.remote_field.model, through, field.m2m_reverse_field_name())


def _side(model: Any, through: type[models.Model], name: str) -> Iterator[tuple[str, str]]:
    foreign_key: Any = through._meta.get_field(name)
    yield label_of(model), foreign_key.column if foreign_key.target_field.primary_key else ""


def _many_to_many() -> Iterator[Any]:
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_many_to_many:
            if hasattr(field, "m2m_field_name"):
                yield field


def models_of(model: type[models.Model]) -> Iterator[type[models.Model]]:
    """The models whose tables hold what a change of ``model`` can be: itself, its parents, and their many-to-many tables."""
    parts = row_models(model)
    yield from parts
    for field in _many_to_many():
        if {field.model, field.remote_field.model} & {*parts}:
            yield field.remote_field.through


def all_watched(chosen: Iterable[type[models.Model]]) -> list[Watched]:
    """The tables of these models, each once, by name."""
    found = {part for model in chosen for part in models_of(model)}
    return sorted((watched(model) for model in found), key=lambda each: each.table)


def covered(present: set[str]) -> frozenset[str]:
    """Labels of the models all of whose tables are among ``present``."""
    return frozenset(
        label_of(model)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in present and all(part._meta.db_table in present for part in models_of(model))
    )

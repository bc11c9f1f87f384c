"""What a serializer reads of related rows: joins and prefetches for it, and the models whose rows it shows."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework import serializers


def child(serializer: Any) -> Any:
    """The serializer of one row, of a ``many=True`` one too."""
    return getattr(serializer, "child", serializer)


def prefetches_of(queryset: models.QuerySet[Any]) -> tuple[Any, ...]:
    """What ``prefetch_related`` was given: paths, and ``Prefetch`` objects."""
    lookups: tuple[Any, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    return lookups


def joined(queryset: models.QuerySet[Any], serializer: Any) -> models.QuerySet[Any]:
    """Fetch what the serializer reads in few statements: joins for single relations, prefetch for the rest."""
    if queryset.query.combinator:  # Django joins nothing to a union
        return queryset
    selects, prefetches = _relations(child(serializer), queryset.model)
    if selects and not queryset.query.select_related:
        queryset = queryset.select_related(*selects)
    known = {str(getattr(lookup, "prefetch_to", lookup)) for lookup in prefetches_of(queryset)}
    return queryset.prefetch_related(*(path for path in prefetches if path not in known))


def _relations(serializer: Any, model: type[models.Model]) -> tuple[list[str], list[str]]:
    """Paths of the relations that a serializer walks: ``(["assignee", "customer__city"], ["tags"])``."""
    selects: list[str] = []
    prefetches: list[str] = []
    for field in getattr(serializer, "fields", {}).values():
        relation = None if field.write_only else _relation(model, field)
        if relation is None:
            continue
        name = field.source.split(".")[0]
        inner_selects, inner_prefetches = _inner(field, relation.related_model)
        if relation.many_to_many or relation.one_to_many:
            prefetches += [name, *(f"{name}__{path}" for path in (*inner_selects, *inner_prefetches))]
        else:
            walked = [step.name for step in walk(model, field.source.split("."))]
            selects += [name, "__".join(walked or [name]), *(f"{name}__{path}" for path in inner_selects)]
            prefetches += [f"{name}__{path}" for path in inner_prefetches]
    return list(dict.fromkeys(selects)), list(dict.fromkeys(prefetches))


def _inner(field: Any, model: type[models.Model]) -> tuple[list[str], list[str]]:
    return _relations(child(field), model) if isinstance(field, serializers.BaseSerializer) else ([], [])


def _relation(model: type[models.Model], field: Any) -> Any:
    """The relation that a serializer field reads a row of, if it does: a plain key is read from its own column."""
    name = (field.source or "").split(".")[0]
    try:
        relation: Any = model._meta.get_field(query_name(model, name))
    except FieldDoesNotExist:  # a property or a method: what it reads cannot be seen
        return None
    if not relation.is_relation or not isinstance(relation.related_model, type):
        return None
    is_own_column = isinstance(field, serializers.PrimaryKeyRelatedField) and relation.concrete
    return None if is_own_column and not relation.many_to_many else relation


def query_name(model: type[models.Model], name: str) -> str:
    """Reverse relations are read by their accessor (``comment_set``) but known by their query name."""
    for relation in model._meta.related_objects:
        if relation.get_accessor_name() == name:
            return str(relation.name)
    return name


def own_columns(serializer: Any, model: type[models.Model]) -> list[str]:
    """Names of shown fields that are columns of the model and bear their names."""
    columns = {field.name for field in model._meta.concrete_fields}
    shown = getattr(child(serializer), "fields", {})
    return [name for name, field in shown.items() if name in columns and field.source == name and not field.write_only]


def related_models(serializer: Any, model: type[models.Model]) -> set[type[models.Model]]:
    """Models whose rows a reply shows parts of: nested serializers, many-to-many keys, texts of related rows."""
    found: set[type[models.Model]] = set()
    for field in getattr(child(serializer), "fields", {}).values():
        relation = None if field.write_only else _relation(model, field)
        if relation is None:
            continue
        if not _shows_keys_only(field):
            found.add(relation.related_model)
        if relation.many_to_many:
            found.add(relation.through if hasattr(relation, "through") else relation.remote_field.through)
        steps = walk(model, field.source.split("."))
        found |= {step.related_model for step in steps[1:]}
        if isinstance(field, serializers.BaseSerializer):
            found |= related_models(field, steps[-1].related_model if steps else relation.related_model)
    return found


def walk(model: type[models.Model], names: Sequence[str]) -> list[Any]:
    """The foreign keys that a path leads along, as far as it does: ``["customer", "city", "name"]`` → the first two."""
    steps: list[Any] = []
    for name in names:
        try:
            step: Any = model._meta.get_field(name)
        except FieldDoesNotExist:
            break
        if not (step.concrete and (step.many_to_one or step.one_to_one) and isinstance(step.related_model, type)):
            break
        steps.append(step)
        model = step.related_model
    return steps


def shows_keys(field: Any) -> bool:
    """Whether a field shows the key, or keys, of related rows and nothing else of them."""
    return isinstance(getattr(field, "child_relation", field), serializers.PrimaryKeyRelatedField)


def _shows_keys_only(field: Any) -> bool:
    """Whether a many-to-many field shows keys: then only the through table decides, not the rows it leads to."""
    return isinstance(getattr(field, "child_relation", None), serializers.PrimaryKeyRelatedField)

"""Related rows that a caller may see: serializers, forms and filters take no others, and a hidden row looks like a missing one.

The rule is laid into the queryset that Django or REST framework looks the key up in, so that the answer to a hidden key is
theirs to a missing one, letter for letter, and costs the same statement (docs/decisions/0024-related-rows.md).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.query import ModelIterable
from rest_framework import serializers

from channels_binding.querysets.inspection import has_plain_rows, is_whole, iterated_by
from channels_binding.serializers.relations import query_name

Rows = models.QuerySet[Any]
Narrow = Callable[[Rows], Rows]

_IS_STORED = "_cb_is_stored"
"""Annotation of a row that the relation leads to already."""


@dataclass(frozen=True)
class KnownRows:
    """Rows of one model that a caller may know of, as the stream that serves the model says."""

    rows: Rows
    """What the stream's ``get_queryset()`` gives, or none where its permissions refuse the caller."""
    may_see: Callable[[Any], bool] | None = None
    """Whether the stream's object permissions let the caller see a row; None where they refuse no row."""

    @property
    def is_every_row(self) -> bool:
        """Whether nothing is hidden from the caller, so that lookups need no condition."""
        return self.may_see is None and self._is_whole

    @property
    def _is_whole(self) -> bool:
        return has_plain_rows(self.rows) and is_whole(self.rows.query)

    def seen(self) -> Rows:
        """The rows themselves."""
        return self.rows if self.may_see is None else _seen_only(self.rows, self.may_see)

    def narrow_by(self, queryset: Rows, path: str) -> Rows:
        """Those rows of another model that lead, by a path to the key, to rows that the caller may know of.

        What the object permissions say is left out: they are asked about instances.
        """
        return queryset if self._is_whole else queryset.filter(**{f"{path}__in": self.rows.values("pk")})

    def narrow(self, queryset: Rows, stored: models.Q | None = None) -> Rows:
        """Those rows of ``queryset`` that the caller may know of, and those that are ``stored`` already.

        The object permissions are asked whenever instances are made of it; ``count()`` and ``values()`` make none.
        """
        if self.is_every_row:
            return queryset
        if self.may_see is not None and stored is not None:
            is_stored = models.Case(models.When(stored, then=models.Value(True)), default=models.Value(False))
            queryset = queryset.annotate(**{_IS_STORED: is_stored})
        if not self._is_whole:
            known = models.Q(pk__in=self.rows.values("pk"))
            queryset = queryset.filter(known if stored is None else known | stored)
        return queryset if self.may_see is None else _seen_only(queryset, self.may_see)


def _seen_only(queryset: Any, may_see: Callable[[Any], bool]) -> Rows:
    """The queryset without instances that ``may_see`` refuses, whichever way they are fetched."""

    class SeenInstances(ModelIterable):  # type: ignore[type-arg]  # not subscriptable when it runs
        def __iter__(self) -> Iterator[Any]:
            for instance in super().__iter__():
                if getattr(instance, _IS_STORED, False) or may_see(instance):
                    yield instance

    return iterated_by(queryset, SeenInstances)  # type: ignore[no-any-return]


def stored(instance: Any, name: str) -> models.Q | None:
    """Rows that a relation of this name leads to from a stored row: ``Q(pk=7)``; None where there is no such relation."""
    if not isinstance(instance, models.Model) or instance.pk is None:
        return None
    try:
        relation: Any = instance._meta.get_field(query_name(type(instance), name))
    except FieldDoesNotExist:
        return None
    if isinstance(relation, models.ManyToManyField):
        return _stored_beside(instance, relation)
    if isinstance(relation, ForeignObjectRel):
        return _stored_elsewhere(instance, relation)
    if not isinstance(relation, models.ForeignKey):
        return None
    value = getattr(instance, relation.attname)
    return None if value is None else models.Q(**{relation.target_field.attname: value})


def _stored_beside(instance: models.Model, relation: Any) -> models.Q | None:
    through = relation.remote_field.through._base_manager.filter(**{relation.m2m_field_name(): instance})
    target = relation.m2m_reverse_target_field_name()
    if target is None:  # a ForeignObject, over several columns
        return None
    return models.Q(**{f"{target}__in": through.values(relation.m2m_reverse_field_name())})


def _stored_elsewhere(instance: models.Model, relation: Any) -> models.Q:
    pointing = relation.related_model._base_manager.filter(**{relation.field.name: instance})
    return models.Q(pk__in=pointing.values("pk"))


def written(serializer: Any) -> Iterator[tuple[Any, str]]:
    """Fields through which data names rows, those of nested serializers too, with what each is the relation of.

    ``(<PrimaryKeyRelatedField>, "customer")``; the name is empty where it is no relation that the serializer's own row shows.
    """
    for field in _members(serializer):
        yield from _written(
            field, "" if field.write_only else field.source or ""
        )  # what is not shown cannot be sent back


def _members(serializer: Any) -> Iterator[Any]:
    yield from getattr(getattr(serializer, "child", serializer), "fields", {}).values()


def _written(field: Any, source: str) -> Iterator[tuple[Any, str]]:
    if field.read_only:
        return
    if isinstance(field, serializers.RelatedField):
        yield field, source
    elif isinstance(field, serializers.ManyRelatedField):
        yield field.child_relation, source
    elif isinstance(field, serializers.BaseSerializer):
        for inner in _members(field):
            yield from _written(inner, "")
    elif isinstance(getattr(field, "child", None), serializers.Field):  # a ListField of keys
        yield from _written(field.child, "")


def filtered_by(filterset_class: Any, filters: Any) -> list[type[models.Model]]:
    """Models whose rows filters name by their keys: ``{"customer": 7, "status": "open"}`` → ``[Customer]``."""
    named = filters if isinstance(filters, Mapping) else {}
    declared = getattr(filterset_class, "base_filters", {})
    querysets = (declared[name].extra.get("queryset") for name in named if name in declared)
    return [queryset.model for queryset in querysets if isinstance(queryset, (models.QuerySet, models.Manager))]


def narrow_field(field: Any, narrow: Narrow) -> None:
    """Have REST framework's relation look keys up in what ``narrow`` leaves of its queryset. A second time changes nothing."""
    if "get_queryset" in vars(field):
        return
    get_queryset = field.get_queryset

    def narrowed() -> Any:
        queryset = get_queryset()
        if isinstance(queryset, models.Manager):
            queryset = queryset.all()
        return narrow(queryset) if isinstance(queryset, models.QuerySet) else queryset

    field.get_queryset = narrowed

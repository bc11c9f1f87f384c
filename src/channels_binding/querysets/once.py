"""A queryset that finds a row several times, once for each row that it was joined to → one that finds it once."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.sql import Query
from django.db.models.sql.datastructures import Join

_KEPT = ("order_by", "default_ordering", "standard_ordering", "select_related", "deferred_loading", "select_for_update")
"""What a query says besides which rows there are."""


def once(queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """``Note.objects.filter(Q(owner=ann) | Q(team__members=ann))`` → each note once, however many members there are.

    Its rows are those whose key the queryset finds: so its count, its pages and orders by columns of the row are right. Where
    it brings annotations, it is made ``distinct()``.
    """
    query = queryset.query
    if query.is_sliced or query.combinator or query.distinct or query.group_by or not repeats(query):
        return queryset
    if query.annotations or query.extra or query.extra_tables:
        return queryset.distinct()
    found = queryset.order_by().select_related(None).prefetch_related(None).values("pk")
    whole = Query(queryset.model)
    for name in _KEPT:
        setattr(whole, name, getattr(query, name))
    unique = queryset.all()
    unique.query = whole
    return unique.filter(pk__in=found)


def repeats(query: Any) -> bool:
    """Whether it joins what a row has several of."""
    joins = (join for alias, join in query.alias_map.items() if query.alias_refcount[alias] and isinstance(join, Join))
    return any(leads_to_many(join.join_field) for join in joins)


def leads_to_many(step: Any) -> bool:
    """Whether a step of a join leads to several rows: from the other side of a foreign key, or along a generic relation."""
    return isinstance(step, ForeignObjectRel) and not step.one_to_one


def is_path_to_many(model: Any, path: str) -> bool:
    """Whether a path leads to several rows of one: ``"lines__price"``. What is no field leads nowhere else."""
    for name in path.split("__"):
        try:
            step = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        if step.many_to_many or step.one_to_many or leads_to_many(step):
            return True
        model = step.related_model
        if not isinstance(model, type):
            return False
    return False

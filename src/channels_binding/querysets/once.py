"""A queryset that finds a row several times, once for each row that it was joined to → one that finds it once."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.sql import Query
from django.db.models.sql.datastructures import Join

from channels_binding.serializers.relations import prefetches_of

_KEPT = ("order_by", "default_ordering", "standard_ordering", "select_related", "deferred_loading", "select_for_update")
"""What a query says besides which rows there are."""


def once(queryset: models.QuerySet[Any], base: models.QuerySet[Any] | None = None) -> models.QuerySet[Any]:
    """``Note.objects.filter(Q(owner=ann) | Q(team__members=ann))`` → each note once, however many members there are.

    Its rows are those whose key the queryset finds: so its count, its pages and orders by columns of the row are right. Where
    it brings annotations, it is made ``distinct()``; but for window functions, by which equal rows differ, what was filtered
    (``base``) is asked for those keys.
    """
    query = queryset.query
    if query.is_sliced or query.combinator or query.distinct or query.group_by or not repeats(query):
        return queryset
    if query.annotations or query.extra or query.extra_tables:
        if base is not None and any(each.contains_over_clause for each in query.annotations.values()):
            return base.filter(pk__in=_keys(queryset))
        return queryset.distinct()
    whole = Query(queryset.model)
    for name in _KEPT:
        setattr(whole, name, getattr(query, name))
    unique = queryset.all()
    unique.query = whole
    return unique.filter(pk__in=_keys(queryset))


def whole(queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """A queryset that says who is in it by looking at all rows → one that can be filtered, and stays within it.

    ``Note.objects.order_by("-rank")[:100]`` → the notes that are among those. Django filters and counts no slice and no union;
    and of a condition on a window function, and of ``distinct("team")``, it would look at the rows that are left alone:
    whoever asks for one row by its key would have the first of one.
    """
    query = queryset.query
    if query.combinator:
        return _of_union(queryset)
    is_by_window = query.where.contains_over_clause
    if not (query.is_sliced or query.distinct_fields or is_by_window):
        return queryset
    rows = queryset.all()
    rows.query.clear_limits()
    if query.distinct_fields:
        rows.query.distinct, rows.query.distinct_fields = False, ()
    if is_by_window:
        _forget_conditions(rows.query)
    return rows.filter(pk__in=queryset.select_related(None).prefetch_related(None).values("pk"))


def settled(queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """``Note.objects.annotate(n=Count("labels")).filter(n__gte=2)``, about to be filtered by more → the notes among those.

    A filter joins tables to it, and then more is counted: a note of one label with two members had two.
    """
    if queryset.query.combinator or not queryset.query.where.contains_aggregate:
        return queryset
    rows = queryset.all()
    _forget_conditions(rows.query)
    return rows.filter(pk__in=_keys(queryset))


def _of_union(queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The rows of a union, by their keys; one that brings more than rows, or is cut off, is left as it is."""
    query = queryset.query
    parts = query.combined_queries
    brings_more = any(each.annotations or each.extra or each.values_select for each in parts)
    is_nested = any(each.combinator or each.is_sliced for each in parts)
    if query.is_sliced or brings_more or is_nested or not all(isinstance(term, str) for term in query.order_by):
        return queryset
    rows: models.QuerySet[Any] = models.QuerySet(queryset.model, using=queryset.db)
    rows = rows.filter(pk__in=queryset.order_by().values("pk")).order_by(*query.order_by)
    return rows.prefetch_related(*prefetches_of(queryset))


def _forget_conditions(query: Query) -> None:
    """They would mean something else for fewer rows."""
    query.where = type(query.where)()


def _keys(queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    return queryset.order_by().select_related(None).prefetch_related(None).values("pk")


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

"""Links: how rows of one model lead to rows of another, for many rows in one statement.

``link_of(Ticket, "comments")`` and the tickets 7 and 9 → ``[(7, 31), (7, 34), (9, 32)]``: of each its first comments.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import CompositePrimaryKey, F, ForeignKey, ManyToManyField, Model, QuerySet, Window
from django.db.models.expressions import OrderBy
from django.db.models.functions import RowNumber

from channels_binding.exceptions import Invalid
from channels_binding.querysets.keyset import Term, terms_of
from channels_binding.querysets.pages import ordered
from channels_binding.serializers.relations import query_name

Pairs = list[tuple[Any, Any]]
"""Keys of rows, each with the key of a row that it leads to."""
_PLACE = "_cb_place"


@dataclass(frozen=True)
class Link:
    """A relation, seen as a table of pairs: of comments by their ticket, ``zoo_comment`` with ``ticket__pk`` and ``pk``."""

    target: type[Model]
    through: type[Model]
    """The model whose rows are the pairs: that with the foreign key, or what stands between."""
    source_path: str
    """Where a pair has the key of the row that one comes from: ``pk``, ``ticket__pk``."""
    target_path: str
    is_many: bool
    is_own_column: bool = False
    """Whether it is a column of the row that one comes from."""

    def models(self) -> set[type[Model]]:
        """Models by whose changes a row may lead elsewhere, but for the one that one comes from where it says so itself."""
        return set() if self.is_own_column else {self.through}

    def rows(self, using: str | None = None) -> QuerySet[Any]:
        """All pairs, through no manager.

        Args:
            using: The database they are in; None lets the routers say so.
        """
        return QuerySet(self.through, using=using)

    def pairs(
        self,
        keys: Collection[Any],
        narrow: Callable[[QuerySet[Any], str], QuerySet[Any]],
        order: Sequence[str],
        places: tuple[int, int],
        using: str | None = None,
    ) -> Pairs:
        """The pairs of rows with these keys, in order: of each row those from a place on, up to another.

        Args:
            narrow: Leaves those pairs that lead to rows that may be shown; is told by which path they do.
            places: Counted from 1, both included.
        """
        rows = narrow(self.rows(using).filter(**{f"{self.source_path}__in": keys}), self.target_path)
        terms = [self._order_of(term) for term in order_terms(self.target, tuple(order))]
        place = Window(RowNumber(), partition_by=F(self.source_path), order_by=terms)
        first, last = places
        placed = rows.annotate(**{_PLACE: place}).filter(**{f"{_PLACE}__gte": first, f"{_PLACE}__lte": last})
        return [*placed.order_by(_PLACE).values_list(self.source_path, self.target_path)]

    def _order_of(self, term: Term) -> OrderBy:
        prefix = "" if self.target_path == "pk" else self.target_path.removesuffix("pk")
        nulls = {f"nulls_{term.nulls}": True} if term.nulls != "never" else {}
        return OrderBy(F(f"{prefix}{term.what}"), descending=term.is_descending, **nulls)


def order_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """``{"order": "-created,id"}`` → ``("-created", "id")``."""
    order = options.get("order") or ()
    return tuple(order.split(",") if isinstance(order, str) else order)


def ordered_rows(model: type[Model], names: tuple[str, ...]) -> QuerySet[Any]:
    """All rows of a model by these names; in its own order where there are none."""
    return ordered(QuerySet(model), names)


@lru_cache(maxsize=1024)
def order_terms(model: type[Model], names: tuple[str, ...]) -> Sequence[Term]:
    """The terms of an order of rows of a model, by their columns; its own where none is named.

    Raises:
        ImproperlyConfigured: It is by something else than columns.
    """
    try:
        terms = terms_of(ordered_rows(model, names))
    except Invalid:
        terms = []
    if not terms or not all(isinstance(term.what, str) for term in terms):
        raise ImproperlyConfigured(f"Related rows of {model.__name__} cannot be ordered by {names or 'its own order'}.")
    return terms


@lru_cache(maxsize=1024)
def link_of(model: type[Model], name: str) -> Link | None:
    """The relation of this name, forward or reverse; None where it is none to rows of one model with a key of one column."""
    try:
        relation: Any = model._meta.get_field(query_name(model, name))
    except FieldDoesNotExist:
        return None
    link = _link(model, relation)
    if link is None or any(isinstance(each._meta.pk, CompositePrimaryKey) for each in (model, link.target)):
        return None
    return link


def _link(model: type[Model], relation: Any) -> Link | None:
    if isinstance(relation, ForeignKey):
        return Link(relation.related_model, model, "pk", f"{relation.name}__pk", is_many=False, is_own_column=True)
    if isinstance(relation, ManyToManyField):
        return _beside(relation.related_model, relation, relation.m2m_field_name(), relation.m2m_reverse_field_name())
    column = getattr(relation, "field", None)
    if isinstance(column, ManyToManyField):
        return _beside(relation.related_model, column, column.m2m_reverse_field_name(), column.m2m_field_name())
    if isinstance(column, ForeignKey) and not getattr(relation, "parent_link", False):
        related: Any = relation.related_model
        return Link(related, related, f"{column.name}__pk", "pk", is_many=not relation.one_to_one)
    return None


def _beside(target: Any, relation: Any, source: str, other: str) -> Link:
    return Link(target, relation.remote_field.through, f"{source}__pk", f"{other}__pk", is_many=True)


def single_pairs(
    links: Sequence[Link], keys: Collection[Any], using: Callable[[Link], str | None] = lambda link: None
) -> Sequence[Pairs]:
    """Of links to one row each, the pairs of rows with these keys: one statement for all that are columns of the rows.

    Args:
        using: The database of each, as of ``Link.rows``.
    """
    own = [link for link in links if link.is_own_column]
    found: dict[int, Pairs] = {}
    if own:
        rows = [*own[0].rows(using(own[0])).filter(pk__in=keys).values_list("pk", *(link.target_path for link in own))]
        for place, link in enumerate(own, 1):
            found[id(link)] = [(row[0], row[place]) for row in rows if row[place] is not None]
    for link in links:
        if not link.is_own_column:
            pairs = link.rows(using(link)).filter(**{f"{link.source_path}__in": keys})
            found[id(link)] = [*pairs.values_list(link.source_path, link.target_path)]
    return [found[id(link)] for link in links]

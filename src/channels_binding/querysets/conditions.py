"""What every row of a queryset has in common, as far as Python can decide it as exactly as the database does.

``Ticket.objects.filter(status="open", team__in=[2, 3], title__contains="x")`` has only rows with
``status == "open"`` and ``team_id in {2, 3}``. So a changed row of another status cannot be among them.
"""

import math
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from django.db import connections, models
from django.db.models import lookups
from django.db.models.expressions import Col
from django.db.models.fields.related_lookups import RelatedExact, RelatedIn, RelatedIsNull
from django.db.models.sql.where import AND, WhereNode

from channels_binding.classes import is_written_in
from channels_binding.serializers.keys import may_be_collated

EXACT_KINDS = frozenset(
    {
        *("AutoField", "BigAutoField", "SmallAutoField", "BooleanField", "UUIDField"),
        *("IntegerField", "BigIntegerField", "SmallIntegerField"),
        *("PositiveIntegerField", "PositiveBigIntegerField", "PositiveSmallIntegerField"),
    }
)
"""Fields whose equality is the same to Python and to every database. No times: ``published__lte=now()`` changes with
the clock, and a row that it left out a minute ago would be left out for good."""
TEXT_KINDS = frozenset({"CharField", "TextField", "SlugField", "EmailField", "URLField"})
"""As well, where the database compares text byte by byte."""
ORDERED_KINDS = EXACT_KINDS - {"BooleanField", "UUIDField"}
"""Fields whose order is the same, too: whole numbers."""
BYTEWISE = frozenset({"sqlite", "postgresql"})


class Bounds(NamedTuple):
    """``Bounds(3, 7)``: from 3 to 7, both included."""

    low: float = -math.inf
    high: float = math.inf

    def admit(self, value: Any) -> bool:
        """Whether a value lies within. NULL does not."""
        return value is not None and self.low <= value <= self.high

    def narrowed(self, other: "Bounds") -> "Bounds":
        return Bounds(max(self.low, other.low), min(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a row must be to be in a queryset; it may fail to be there for other reasons still."""

    allowed: Mapping[str, frozenset[Any]] = field(default_factory=dict)
    """Column attribute → the values that it may have: ``{"status": {"open"}, "team_id": {2, 3}, "due": {None}}``."""
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    """Column attribute → between which values it must be: ``{"rank": (3, inf)}``."""

    def admit(self, values: Mapping[str, Any]) -> bool:
        """Whether a row with these values may be in the queryset. Columns that are not known exclude nothing."""
        return all(values[name] in allowed for name, allowed in self.allowed.items() if name in values) and all(
            bounds.admit(values[name]) for name, bounds in self.bounds.items() if name in values
        )

    def narrowest(self) -> str | None:
        """The column that leaves the fewest values, by which it pays to look a row up; None if none has such values."""
        return min(self.allowed, key=lambda name: (len(self.allowed[name]), name), default=None)

    def bounded(self) -> str | None:
        """The column with the narrowest bounds, where no values are known; None if it has none."""
        return min(self.bounds, key=lambda name: (self.bounds[name].high - self.bounds[name].low, name), default=None)


def conditions_of(queryset: models.QuerySet[Any]) -> Conditions:
    """Read them from the WHERE of a queryset; empty where it is more than a filter on plain columns."""
    query = queryset.query
    if query.combinator or query.is_empty() or query.annotations or query.extra or query.group_by:
        return Conditions()
    allowed: dict[str, frozenset[Any]] = {}
    bounds: dict[str, Bounds] = {}
    for lookup in _required(query.where):
        target = _exact_column(lookup, queryset)
        if target is None:
            continue
        name, values, limits = target.attname, _values(lookup), _limits(lookup, target)
        if values is not None:
            allowed[name] = allowed[name] & values if name in allowed else values
        if limits is not None:
            bounds[name] = limits.narrowed(bounds.get(name, Bounds()))
    return Conditions(allowed, bounds)


def _required(node: WhereNode) -> Iterable[Any]:
    """The lookups that all hold for every row."""
    if node.negated or (node.connector != AND and len(node.children) > 1):
        return
    for each in node.children:
        if isinstance(each, WhereNode):
            yield from _required(each)
        else:
            yield each


def _exact_column(lookup: Any, queryset: models.QuerySet[Any]) -> Any:
    """The column that a lookup of Django's own compares, if Python can compare it as well."""
    column = getattr(lookup, "lhs", None)
    if not isinstance(column, Col) or column.alias != queryset.query.base_table or not _compares_as_django(lookup):
        return None
    target: Any = column.target
    is_own = target.model._meta.concrete_model is queryset.model._meta.concrete_model
    return target if is_own and is_exact(target, queryset.db) else None


def is_exact(target: "models.Field[Any, Any]", alias: str) -> bool:
    """Whether Python's ``==`` on a column's values as they are loaded is the database's ``=``."""
    is_managed = target.model._meta.managed
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    kind = type(target).__name__
    is_bytewise = connections[alias].vendor in BYTEWISE and is_managed and not may_be_collated(target)
    return _compares_as_django(target) and (kind in EXACT_KINDS or (kind in TEXT_KINDS and is_bytewise))


def _compares_as_django(thing: Any) -> bool:
    """Whether a field or lookup is Django's own: one of a project, or of an extension, may compare as it likes."""
    return is_written_in(type(thing), "django.db.models")


def _values(lookup: Any) -> frozenset[Any] | None:
    right = lookup.rhs
    if isinstance(lookup, (lookups.IsNull, RelatedIsNull)):
        return frozenset({None}) if right is True else None
    if isinstance(lookup, (lookups.Exact, RelatedExact)):
        return _plain([right])
    if isinstance(lookup, (lookups.In, RelatedIn)):
        return _plain(right) if isinstance(right, (list, tuple, set, frozenset)) else None
    return None


def _limits(lookup: Any, target: Any) -> Bounds | None:
    """``rank__gt=3`` → from 4 on: of whole numbers, each bound is included."""
    if type(target).__name__ not in ORDERED_KINDS:
        return None
    right = lookup.rhs
    if isinstance(lookup, lookups.Range):
        return Bounds(*right) if isinstance(right, (list, tuple)) and all(type(each) is int for each in right) else None
    if type(right) is not int:
        return None
    made = next((make for kind, make in _BOUNDS.items() if isinstance(lookup, kind)), None)
    return None if made is None else made(right)


_BOUNDS: dict[type, Callable[[int], Bounds]] = {
    lookups.GreaterThanOrEqual: lambda value: Bounds(low=value),
    lookups.GreaterThan: lambda value: Bounds(low=value + 1),
    lookups.LessThanOrEqual: lambda value: Bounds(high=value),
    lookups.LessThan: lambda value: Bounds(high=value - 1),
}


def _plain(values: Iterable[Any]) -> frozenset[Any] | None:
    """The values as they are loaded; None if one is an expression, a subquery or the tuple of a composite key."""
    plain = [each.value if isinstance(each, Enum) else each for each in values if each is not None]
    return frozenset(plain) if all(isinstance(each, (str, int, uuid.UUID)) for each in plain) else None

"""How to read the rows of a stock serializer without instances: columns from the database, bytes as REST framework shows them.

A plan names the columns, the nested rows and the related rows that a serializer shows; ``compiled/compiler.py`` makes it. One
``values_list`` reads a page, and one more each to-many relation.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from django.core.exceptions import FieldDoesNotExist
from django.core.signals import setting_changed
from django.db import connections, models
from django.dispatch import receiver
from django.utils import timezone

from channels_binding.calls.call import Row
from channels_binding.compiled.columns import Bind, Request
from channels_binding.compiled.select import Selection, Values, Way, converted, selection_of
from channels_binding.protocol import codecs
from channels_binding.serializers.default import wanted_names
from channels_binding.serializers.keys import as_pk

GetRequest: TypeAlias = Callable[[], Request]

MOST_NARROWED = 64
"""So many choices of ``fields`` are kept of one plan."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field that shows one column: ``Column("customer", "customer_id", …)``."""

    name: str
    path: str
    """As ``values_list`` takes it, from the model of the plan."""
    bind: Bind


@dataclass(frozen=True, slots=True)
class NestedRow:
    """A field that shows a single related row by a serializer of its own."""

    name: str
    path: str
    plan: "Plan"


@dataclass(frozen=True, slots=True)
class RelatedRows:
    """A field that shows several related rows: by their keys, or each by a serializer."""

    name: str
    model: type[models.Model]
    query_name: str
    """From the related model back to the row: ``Label`` is filtered by ``note__in``."""
    plan: "Plan | None"
    """None shows keys."""

    def read(self, keys: Sequence[Any], using: str, get_request: GetRequest) -> dict[Any, list[Any]]:
        """Key of a row → what the field shows of it, in one statement for all."""
        queryset = self.model._default_manager.using(using).filter(**{f"{self.query_name}__in": keys})
        if not queryset.ordered:
            queryset = queryset.order_by("pk")  # any order is right; a stable one spares needless pushes
        found: dict[Any, list[Any]] = defaultdict(list)
        if self.plan is None:
            for key, shown in queryset.values_list(self.query_name, "pk"):
                found[key].append(shown)
        else:
            (owners, keys_found), columns = self.plan.fetch(queryset, [self.query_name, "pk"], get_request)
            for owner, row in zip(owners, self.plan.dicts(columns, len(keys_found)), strict=True):
                found[owner].append(row)
        return found


@dataclass(frozen=True)
class Plan:
    """How the rows of one serializer class over one model are read."""

    model: type[models.Model]
    members: tuple[Column | NestedRow | RelatedRows, ...]
    """In the order in which the serializer shows them."""
    related: frozenset[type[models.Model]]
    """Models whose rows it shows parts of."""
    sortable: tuple[str, ...]
    """Names of fields that are columns of the model and nothing else."""
    _narrower: dict[frozenset[str], "Plan"] = field(default_factory=dict)
    """Plans for some of its fields, by their names."""
    _kept_ways: dict[Any, Sequence[Way]] = field(default_factory=dict)
    """What is done with the columns of its selection, by database and time zone."""

    @cached_property
    def names(self) -> list[str]:
        return [member.name for member in self.members]

    @cached_property
    def shows_host(self) -> bool:
        """Whether it shows URLs of files, which begin with the host that was asked."""
        return any(
            _is_file(self.model, member.path)
            if isinstance(member, Column)
            else member.plan is not None and member.plan.shows_host
            for member in self.members
        )

    def only(self, names: Any) -> "Plan":
        """The plan narrowed to the ``fields`` of a call, and the key.

        Raises:
            Invalid: A name that the serializer does not show.
        """
        wanted = wanted_names(names, self.names)
        return self if wanted is None else self._narrowed(frozenset(wanted))

    def _narrowed(self, wanted: frozenset[str]) -> "Plan":
        if wanted not in self._narrower:
            if len(self._narrower) >= MOST_NARROWED:
                self._narrower.clear()
            kept = tuple(member for member in self.members if member.name in wanted)
            self._narrower[wanted] = replace(self, members=kept, _narrower={}, _kept_ways={})
        return self._narrower[wanted]

    def rows(self, queryset: models.QuerySet[Any], get_request: GetRequest) -> tuple[Row, ...]:
        """A queryset → its rows as sent: each begins with its key as ``id``, whatever the serializer calls so."""
        beside, selection = self._beside_id, self._selection
        if selection is None or not selection.takes(queryset):
            (keys,), columns = beside.fetch(queryset, ["pk"], get_request)
            return beside._rows(keys, columns)
        return self._selected(selection.fetch(queryset), queryset.db, get_request)

    def row(self, queryset: models.QuerySet[Any], key: Any, get_request: GetRequest) -> tuple[Row, ...]:
        """As ``rows``, of the row with a key: one or none."""
        selection = self._selection
        if selection is None or not selection.takes(queryset):
            return self.rows(queryset.filter(pk=key), get_request)
        return self._selected(selection.fetch_by_key(queryset, key), queryset.db, get_request)

    @property
    def own_paths(self) -> list[str] | None:
        """The columns that it selects beside the key, if all of them are of the model's own table."""
        return None if self._selection is None else [*self._beside_id.paths()]

    def shown(self, fetched: Sequence[Any], using: str) -> tuple[Row, ...]:
        """Rows that begin with the key and the ``own_paths``, as the database gives them → as sent.

        Of a plan that shows no host: no request is known.
        """
        return self._selected(fetched, using, lambda: None)

    @cached_property
    def _beside_id(self) -> "Plan":
        """What a row shows beside its key."""
        members = tuple(member for member in self.members if member.name != "id")
        return replace(self, members=members, _narrower={}, _kept_ways={})

    @cached_property
    def _selection(self) -> Selection | None:
        """What it selects, if that is of the model's own table alone."""
        if any(isinstance(member, NestedRow) for member in self._beside_id.members):
            return None
        return selection_of(self.model, [*self._beside_id.paths()])

    def _selected(self, fetched: Sequence[Any], using: str, get_request: GetRequest) -> tuple[Row, ...]:
        """Rows of the selection as the database gives them → as sent."""
        selection = self._selection
        if not fetched or selection is None:
            return ()
        columns_fetched = iter(zip(*fetched, strict=True))
        ways = iter(self._ways(selection, using, get_request))
        keys = next(ways)(next(columns_fetched))
        columns: list[Values] = []
        for member in self._beside_id.members:
            if isinstance(member, Column):
                columns.append(next(ways)(next(columns_fetched)))
            else:
                columns.append(self._branched(member, keys, using, get_request))
        return self._beside_id._rows(keys, columns)

    def _ways(self, selection: Selection, using: str, get_request: GetRequest) -> Sequence[Way]:
        """How each selected column becomes what is shown, the key's first: kept where it does not depend on the request."""
        if self.shows_host:
            return self._made_ways(selection, using, get_request)
        name = (using, timezone.get_current_timezone(), _settings_changed)
        if name not in self._kept_ways:
            if len(self._kept_ways) >= MOST_NARROWED:
                self._kept_ways.clear()
            self._kept_ways[name] = self._made_ways(selection, using, get_request)
        return self._kept_ways[name]

    def _made_ways(self, selection: Selection, using: str, get_request: GetRequest) -> Sequence[Way]:
        connection, sources = connections[using], iter(selection.sources)
        key = next(sources)
        members = [member for member in self._beside_id.members if isinstance(member, Column)]
        ways = (
            source.as_shown(connection, member.bind(get_request))
            for source, member in zip(sources, members, strict=True)
        )
        return [key.as_given(connection), *ways]

    def _rows(self, keys: Values, columns: Sequence[Values]) -> tuple[Row, ...]:
        names = ("id", *self.names)
        pks = [as_pk(key) for key in keys]
        rows = zip(pks, *columns, strict=True)
        bodies = codecs.encode_each([dict(zip(names, cells)) for cells in rows])  # noqa: B905  (one of each; it costs)
        return tuple(map(Row, pks, bodies))

    def fetch(
        self, queryset: models.QuerySet[Any], leads: Sequence[str], get_request: GetRequest
    ) -> tuple[list[Values], list[Values]]:
        """Read a queryset in one statement, and one more for each branch.

        Returns:
            The columns of ``leads`` as they are (the last one is ``pk``), and one column for each member as it is shown.
        """
        fetched = [*queryset.prefetch_related(None).values_list(*leads, *self.paths())]
        if not fetched:
            return [()] * len(leads), [()] * len(self.members)
        columns = iter(zip(*fetched, strict=True))
        led: list[Values] = [next(columns) for _ in leads]
        return led, self._shown(columns, led[-1], queryset.db, get_request)

    def paths(self, prefix: str = "") -> Iterator[str]:
        """What to select: columns, and of a nested row its key first, which is NULL where there is none."""
        for member in self.members:
            if isinstance(member, Column):
                yield prefix + member.path
            elif isinstance(member, NestedRow):
                yield f"{prefix}{member.path}__pk"
                yield from member.plan.paths(f"{prefix}{member.path}__")

    def _shown(self, columns: Iterator[Values], keys: Values, using: str, get_request: GetRequest) -> list[Values]:
        """Selected columns, in the order of ``paths`` → what each member shows, row by row."""
        shown: list[Values] = []
        for member in self.members:
            if isinstance(member, Column):
                shown.append(converted(next(columns), member.bind(get_request)))
            elif isinstance(member, NestedRow):
                there = next(columns)
                rows = member.plan.dicts(member.plan._shown(columns, there, using, get_request), len(there))
                shown.append([None if key is None else row for key, row in zip(there, rows, strict=True)])
            else:
                shown.append(self._branched(member, keys, using, get_request))
        return shown

    def _branched(self, member: Any, keys: Values, using: str, get_request: GetRequest) -> Values:
        found = member.read(keys, using, get_request)
        return [found.get(key, []) for key in keys]

    def dicts(self, columns: Sequence[Values], count: int) -> list[dict[str, Any]]:
        """Columns of the members → one representation a row."""
        names = self.names
        return (
            [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
            if columns
            else [{} for _ in range(count)]
        )


_settings_changed = 0
"""How often settings were, as in tests: Django's and REST framework's say how values are shown."""


@receiver(setting_changed)
def _note_change(**_: Any) -> None:
    global _settings_changed
    _settings_changed += 1


def _is_file(model: type[models.Model], path: str) -> bool:
    try:
        return isinstance(model._meta.get_field(path), models.FileField)
    except FieldDoesNotExist:  # a path through a parent link
        return False

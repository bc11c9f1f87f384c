"""Related rows in the rows of a read: ``expand``. Each is what its own stream shows the caller; a hidden one is a missing one.

The tickets 7 and 9 with ``["customer", "comments"]``: a statement each says to which customers and comments they lead, and one
more each reads them, however many tickets there are (docs/decisions/0039-expand.md).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Model, QuerySet

from channels_binding.bindings.reader import Reader
from channels_binding.bindings.relations import KnownRows
from channels_binding.calls.call import Row
from channels_binding.exceptions import Invalid, LimitExceeded
from channels_binding.protocol import codecs
from channels_binding.querysets.inspection import has_plain_rows, holds_own_sql
from channels_binding.querysets.links import Link, Pairs, link_of, order_of, ordered_rows, single_pairs
from channels_binding.querysets.tables import models_of, reads_again, row_models
from channels_binding.serializers.keys import as_pk, from_pk
from channels_binding.serializers.relations import query_name
from channels_binding.types import Pk

DEFAULT_LIMIT = 20
"""Related rows of one row, where a binding does not say how many."""
MAX_RELATED = 10_000
"""Related rows that one answer holds, each as often as it stands in it."""
MEMBER = "expand"
"""The member of a row that holds them."""

Options = Mapping[str, Any]
Paths = Mapping[str, Options]


def declared_paths(given: Any) -> Paths:
    """What ``expandable`` declares, by path: ``("assignee.team",)`` → ``{"assignee": {}, "assignee.team": {}}``."""
    named = given if isinstance(given, Mapping) else {path: {} for path in given}
    found: dict[str, Options] = {}
    for path, options in named.items():
        steps = path.split(".")
        for length in range(1, len(steps)):
            found.setdefault(".".join(steps[:length]), {})
        found[path] = options or {}
    return found


def asked_paths(data: Mapping[str, Any], declared: Paths) -> list[str]:
    """The paths that a call asks for, with those that they lead along; none where it asks for what it may not."""
    given = data.get(MEMBER)
    if not isinstance(given, list):
        return []
    known = (path for path in given if isinstance(path, str) and path in declared)
    return [*dict.fromkeys(step for path in known for step in declared_paths([path]))]


def read_paths(data: Mapping[str, Any], declared: Paths) -> list[str]:
    """As ``asked_paths``.

    Raises:
        Invalid: What is no list of paths that the binding declares.
    """
    given = data.get(MEMBER)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(path, str) for path in given):
        raise Invalid.field(MEMBER, "invalid", "'expand' is a list of names.")
    if not declared.keys() >= {*given}:
        possible = f". Possible: {', '.join(declared)}" if declared else "; the binding declares none as expandable"
        raise Invalid.field(MEMBER, "unknown", f"That cannot be expanded{possible}.")
    return asked_paths(data, declared)


@dataclass(frozen=True)
class Expandable:
    """A path that a binding declares."""

    path: str
    stream: str | None
    """Whose rows it leads to; None where no stream serves them, or it is no relation."""
    limit: int | None
    """How many of each row, at the most; None where it is one."""


def expandables(binding: Any, *, served_only: bool = True) -> list[Expandable]:
    """What a binding declares as expandable, of what a stream serves."""
    targets: dict[str, type[Model]] = {"": binding.get_model()}
    found = []
    for path, options in binding.get_expandable().items():
        above, _, name = path.rpartition(".")
        link = link_of(targets[above], name) if above in targets else None
        served = None if link is None else binding.stream_over(link.target)
        if link is not None:
            targets[path] = link.target
        limit = (options.get("limit") or DEFAULT_LIMIT) if link is not None and link.is_many else None
        found.append(Expandable(path, None if served is None else served.get_stream(), limit))
    return [each for each in found if each.stream is not None or not served_only]


class Shows(Protocol):
    """A binding, as what is related to its rows is shown by others."""

    def get_model(self) -> type[Model]: ...

    def shown_rows(self, model: type[Model]) -> "tuple[KnownRows, Any] | None":
        """Which rows of another model the caller may know of, and the binding that shows them."""


@dataclass
class Expansion:
    """One relation of the rows of one binding, and what is expanded below it."""

    name: str
    lookup: str
    """By which the rows of the read are found that lead here: ``comment__author``."""
    link: Link
    known: KnownRows
    reader: Reader | None
    """How the related rows are read; None where the caller may see none of them."""
    limit: int
    order: Sequence[str]
    below: "list[Expansion]" = field(default_factory=list)

    def every(self) -> "Iterator[Expansion]":
        """This one, and those below it."""
        yield self
        for each in self.below:
            yield from each.every()

    def models(self) -> set[type[Model]]:
        """Models by whose changes what is shown may become another."""
        return {*row_models(self.link.target), *self.models_beside()}

    def models_beside(self) -> set[type[Model]]:
        """Those among them that decide otherwise than as the related rows themselves, each by what it is."""
        shown = () if self.reader is None else self.reader.related(self.link.target)
        beside = {*models_of(self.known.rows), *self.link.models(), *shown, *self._models_of_order()}
        return beside - {*row_models(self.link.target)} if self.is_by_own_rows else beside

    def _models_of_order(self) -> set[type[Model]]:
        return models_of(ordered_rows(self.link.target, tuple(self.order))) if self.link.is_many else set()

    @property
    def is_by_plan(self) -> bool:
        """Whether nothing is read but what ``models`` names."""
        return self.known.may_see is None and (self.reader is None or self.reader.plan is not None)

    @property
    def is_by_own_rows(self) -> bool:
        """Whether a related row alone decides whether it is shown, how, and in which place: no other row of its model does."""
        target, rows = self.link.target, self.known.rows
        own = row_models(target)
        if self.reader is None or not self.is_by_plan or len(own) > 1:
            return False
        if not has_plain_rows(rows) or holds_own_sql(rows.query) or reads_again(rows, {target._meta.db_table}):
            return False
        return own[0] not in self.reader.related(target)

    def of_each(self, pairs: Pairs) -> Mapping[Pk, list[Row]]:
        """Key of a row → the rows that are shown there."""
        shown = self._shown({target for _, target in pairs})
        found: dict[Pk, list[Row]] = defaultdict(list)
        for source, target in dict.fromkeys(pairs):
            row = shown.get(as_pk(target))
            if row is not None:
                found[as_pk(source)].append(row)
        return {key: rows[: self.limit] for key, rows in found.items()} if self.link.is_many else found

    def member(self, rows: Sequence[Row]) -> Any:
        """What stands in a row: related rows, one or none, or several."""
        if self.link.is_many:
            return codecs.Fragment(codecs.joined(each.body for each in rows))
        return codecs.Fragment(rows[0].body) if rows else None

    def holds(self, rows: Sequence[Row]) -> Iterator[tuple[type[Model], Pk]]:
        """Model and key of each of these, and of those in them."""
        model = row_models(self.link.target)[0]
        for each in rows:
            yield model, each.pk
            yield from each.holds

    def _shown(self, targets: set[Any]) -> Mapping[Pk, Row]:
        if self.reader is None or not targets:
            return {}
        rows = self.known.rows.order_by().filter(pk__in=targets)
        if self.known.may_see is None:
            read = self.reader.rows(rows)
        else:
            read = self.reader.rows_of([each for each in self.reader.instances(rows) if self.known.may_see(each)])
        return {each.pk: each for each in expanded(read, self.known.rows.db, self.link.target, self.below)}

    def database(self, using: str | None) -> str | None:
        """Where it is told which rows lead to which: where the related rows are, if they tell it, else where the others are."""
        tells = self.link.through is self.link.target and not self.link.is_own_column
        return self.known.rows.db if tells else using

    def pairs(self, keys: Sequence[Any], using: str | None) -> Pairs:
        """To which rows these lead: as many of each as are declared, of those that the caller may see.

        Args:
            using: The database of the rows with these keys.
        """
        if self.reader is None:
            return []
        if self.known.may_see is None:
            return self.link.pairs(keys, self._narrowed, self.order, (1, self.limit), self.database(using))
        return self._pairs_seen(keys, self.known.may_see, self.database(using))

    def _narrowed(self, pairs: QuerySet[Any], path: str) -> QuerySet[Any]:
        return self.known.narrow_by(pairs, path)

    def _pairs_seen(self, keys: Sequence[Any], may_see: Any, using: str | None) -> Pairs:
        """As ``pairs``, where rows have to be looked at to know: twice as many each time, until each has enough."""
        found: Pairs = []
        waiting, first, size = {*keys}, 1, self.limit
        while waiting:
            pairs = self.link.pairs(waiting, self._narrowed, self.order, (first, first + size - 1), using)
            _check_number(len(found) + len(pairs))
            rows = self.known.rows.order_by().filter(pk__in={target for _, target in pairs})
            seen = {each.pk for each in rows if may_see(each)}
            found += [pair for pair in pairs if pair[1] in seen]
            had, has = _counted(pairs), _counted(found)
            waiting = {key for key in waiting if had.get(key, 0) == size and has.get(key, 0) < self.limit}
            first, size = first + size, size * 2
        return found


def _counted(pairs: Pairs) -> Mapping[Any, int]:
    found: dict[Any, int] = defaultdict(int)
    for source, _ in pairs:
        found[source] += 1
    return found


def _check_number(number: int) -> None:
    if number > MAX_RELATED:
        message = f"More than {MAX_RELATED} related rows: ask for fewer rows ('limit'), or for less in 'expand'."
        raise LimitExceeded(message, limit=MAX_RELATED)


def expansions_of(shows: Shows, paths: Sequence[str], declared: Paths) -> list[Expansion]:
    """What is expanded of the rows of a binding.

    Raises:
        Invalid: A path that leads nowhere, or to rows that no stream serves; a check of the project says so beforehand.
    """
    roots: list[Expansion] = []
    found: dict[str, Expansion] = {}
    for path in paths:
        above, _, name = path.rpartition(".")
        model = found[above].link.target if above else shows.get_model()
        link = link_of(model, name)
        served = None if link is None else shows.shown_rows(link.target)
        if link is None or served is None:
            raise Invalid.field(MEMBER, "unknown", f"{path!r} leads to no rows of a stream.")
        known, binding = served
        options = declared[path]
        made = Expansion(
            name,
            "__".join([*([found[above].lookup] if above else []), query_name(model, name)]),
            link,
            known,
            None if binding is None else binding.make_reader({}),
            options.get("limit") or DEFAULT_LIMIT,
            order_of(options),
        )
        found[path] = made
        (found[above].below if above else roots).append(made)
    return roots


def every(expansions: Sequence[Expansion]) -> list[Expansion]:
    """These, and those below them."""
    return [each for root in expansions for each in root.every()]


def are_by_plan(expansions: Sequence[Expansion]) -> bool:
    """Whether nothing is read for these, and those below them, but what their ``models`` name."""
    return all(each.is_by_plan for each in every(expansions))


def expanded(
    rows: Sequence[Row], using: str | None, model: type[Model], expansions: Sequence[Expansion]
) -> tuple[Row, ...]:
    """Rows as they are sent, with related rows in them: ``{"id": 7, "expand": {"customer": {"id": 3}, "comments": []}}``."""
    if not rows or not expansions:
        return tuple(rows)
    keys = [from_pk(model, row.pk) for row in rows]
    singles = [each for each in expansions if not each.link.is_many]
    databases = {each.link: each.database(using) for each in singles}
    of_singles = single_pairs([each.link for each in singles], keys, databases.__getitem__)
    pairs = dict(zip(map(id, singles), of_singles, strict=True))
    pairs |= {id(each): each.pairs(keys, using) for each in expansions if each.link.is_many}
    _check_number(sum(len(pairs[id(each)]) for each in expansions if each.link.is_many))
    found = [(each, each.of_each(pairs[id(each)])) for each in expansions]
    made = tuple(_with(row, [(each, shown.get(row.pk, [])) for each, shown in found]) for row in rows)
    check_held(made)
    return made


def check_held(rows: Sequence[Row]) -> None:
    """Refuse rows that hold more related ones than an answer may. One that many lead to is read once, and stands in each.

    Raises:
        LimitExceeded: There are more than ``MAX_RELATED``.
    """
    _check_number(sum(row.held for row in rows))


def _with(row: Row, related: Sequence[tuple[Expansion, Sequence[Row]]]) -> Row:
    """The row with one member more."""
    members = {each.name: each.member(rows) for each, rows in related}
    holds = frozenset(held for each, rows in related for held in each.holds(rows))
    number = sum(1 + held.held for _, rows in related for held in rows)
    return Row(row.pk, b"%s,%s:%s}" % (row.body[:-1], codecs.encode(MEMBER), codecs.encode(members)), holds, number)


Touched = Mapping[type[Model], Set[Pk]]
"""Model → keys of its rows that have changed."""


def untouched(
    known: Mapping[Pk, Row], touched: Touched, queryset: QuerySet[Any], expansions: Sequence[Expansion]
) -> Mapping[Pk, Row]:
    """Of rows as they were, those that no change of a related row can have altered: they neither held it nor lead to it now.

    A statement for each expansion whose rows have changed; it reads keys alone.

    Args:
        queryset: Of whose rows; it names their model and database.
        expansions: Every one, those below others too.
    """
    model = queryset.model
    gone = {(each, key) for each, keys in touched.items() for key in keys}
    left = {pk: row for pk, row in known.items() if row.holds.isdisjoint(gone)}
    for each in expansions:
        targets = touched.get(row_models(each.link.target)[0])
        if targets and left:
            wanted: dict[str, Any] = {"pk__in": [from_pk(model, pk) for pk in left]}
            wanted[f"{each.lookup}__pk__in"] = [from_pk(each.link.target, key) for key in targets]
            leading = {*map(as_pk, QuerySet(model, using=queryset.db).filter(**wanted).values_list("pk", flat=True))}
            left = {pk: row for pk, row in left.items() if pk not in leading}
    return left

"""Related rows in the rows of a read: ``expand``. Each is what its own stream shows the caller; a hidden one is a missing one.

The tickets 7 and 9 with ``["customer", "comments"]``: a statement each says to which customers and comments they lead, and one
more each reads them, however many tickets there are (docs/decisions/0039-expand.md).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from django.db import models
from django.db.models import QuerySet

from channels_binding.bindings.reader import Reader
from channels_binding.bindings.relations import KnownRows
from channels_binding.calls.call import Row
from channels_binding.exceptions import Invalid, LimitExceeded
from channels_binding.protocol import codecs
from channels_binding.querysets.links import Link, Pairs, link_of, order_of, single_pairs
from channels_binding.querysets.tables import models_of, row_models
from channels_binding.serializers.keys import as_pk, from_pk
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
    targets: dict[str, type[models.Model]] = {"": binding.get_model()}
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

    def get_model(self) -> type[models.Model]: ...

    def shown_rows(self, model: type[models.Model]) -> "tuple[KnownRows, Any] | None":
        """Which rows of another model the caller may know of, and the binding that shows them."""


@dataclass
class Expansion:
    """One relation of the rows of one binding, and what is expanded below it."""

    name: str
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

    def models(self) -> set[type[models.Model]]:
        """Models by whose changes what is shown may become another."""
        shown = () if self.reader is None else self.reader.related(self.link.target)
        return {*row_models(self.link.target), *models_of(self.known.rows), *self.link.models(), *shown}

    def of_each(self, pairs: Pairs) -> "Mapping[Pk, list[_Holding]]":
        """Key of a row → the rows that are shown there."""
        shown = self._shown({target for _, target in pairs})
        found: dict[Pk, list[_Holding]] = defaultdict(list)
        for source, target in dict.fromkeys(pairs):
            row = shown.get(as_pk(target))
            if row is not None:
                found[as_pk(source)].append(row)
        return {key: rows[: self.limit] for key, rows in found.items()} if self.link.is_many else found

    def member(self, rows: "Sequence[_Holding]") -> Any:
        """What stands in a row: related rows, one or none, or several."""
        if self.link.is_many:
            return codecs.Fragment(codecs.joined(each.row.body for each in rows))
        return codecs.Fragment(rows[0].row.body) if rows else None

    def _shown(self, targets: set[Any]) -> "Mapping[Pk, _Holding]":
        if self.reader is None or not targets:
            return {}
        rows = self.known.rows.order_by().filter(pk__in=targets)
        if self.known.may_see is None:
            read = self.reader.rows(rows)
        else:
            read = self.reader.rows_of([each for each in self.reader.instances(rows) if self.known.may_see(each)])
        return {each.row.pk: each for each in _holding(read, self.link.target, self.below)}

    def pairs(self, keys: Sequence[Any]) -> Pairs:
        """To which rows these lead: as many of each as are declared, of those that the caller may see."""
        if self.reader is None:
            return []
        if self.known.may_see is None:
            return self.link.pairs(keys, self._narrowed, self.order, (1, self.limit))
        return self._pairs_seen(keys, self.known.may_see)

    def _narrowed(self, pairs: QuerySet[Any], path: str) -> QuerySet[Any]:
        return self.known.narrow_by(pairs, path)

    def _pairs_seen(self, keys: Sequence[Any], may_see: Any) -> Pairs:
        """As ``pairs``, where rows have to be looked at to know: twice as many each time, until each has enough."""
        found: Pairs = []
        waiting, first, size = {*keys}, 1, self.limit
        while waiting:
            pairs = self.link.pairs(waiting, self._narrowed, self.order, (first, first + size - 1))
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
        raise LimitExceeded(f"More than {MAX_RELATED} related rows are asked for.", limit=MAX_RELATED)


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
            link,
            known,
            None if binding is None else binding.make_reader({}),
            options.get("limit") or DEFAULT_LIMIT,
            order_of(options),
        )
        found[path] = made
        (found[above].below if above else roots).append(made)
    return roots


def models_shown(expansions: Sequence[Expansion]) -> set[type[models.Model]]:
    """Models by whose changes what these show, and those below them, may become another."""
    return {model for root in expansions for each in root.every() for model in each.models()}


def expanded(rows: Sequence[Row], model: type[models.Model], expansions: Sequence[Expansion]) -> tuple[Row, ...]:
    """Rows as they are sent, with related rows in them: ``{"id": 7, "expand": {"customer": {"id": 3}, "comments": []}}``."""
    return tuple(each.row for each in _holding(rows, model, expansions))


class _Holding(NamedTuple):
    """A row as it is sent, and how many related rows it holds, those in them included."""

    row: Row
    number: int


def _holding(rows: Sequence[Row], model: type[models.Model], expansions: Sequence[Expansion]) -> list[_Holding]:
    if not rows or not expansions:
        return [_Holding(row, 0) for row in rows]
    keys = [from_pk(model, row.pk) for row in rows]
    singles = [each for each in expansions if not each.link.is_many]
    pairs = dict(zip(map(id, singles), single_pairs([each.link for each in singles], keys), strict=True))
    pairs |= {id(each): each.pairs(keys) for each in expansions if each.link.is_many}
    _check_number(sum(map(len, pairs.values())))
    found = [(each, each.of_each(pairs[id(each)])) for each in expansions]
    numbers = [sum(1 + held.number for _, shown in found for held in shown.get(row.pk, ())) for row in rows]
    _check_number(sum(numbers))  # a row that many lead to is read once, and stands in each of them
    return [
        _Holding(_with(row, {each.name: each.member(shown.get(row.pk, ())) for each, shown in found}), number)
        for row, number in zip(rows, numbers, strict=True)
    ]


def _with(row: Row, related: Mapping[str, Any]) -> Row:
    """The row with one member more."""
    return Row(row.pk, b"%s,%s:%s}" % (row.body[:-1], codecs.encode(MEMBER), codecs.encode(related)))

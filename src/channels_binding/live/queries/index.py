"""Which live queries can a change matter to? Found by key and by value, without looking at each of them.

Of a list that has a prefilter, the index knows the rows that it shows and the values that its rows must have.
A changed row matters to it if it shows the row, or if the row may be in it now. A row that it does not show and that is
not in it now can only have changed how many there are: such lists are *partial*, and are counted again now and then.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels_binding.live.capture.changes import Changes, Fact
from channels_binding.live.queries.group import Group

GroupsByKey = defaultdict[Any, set[Group]]
Place = tuple[GroupsByKey, Any]
"""Where a group is indexed: in ``place[0][place[1]]``."""


@dataclass(slots=True)
class ModelIndex:
    """The lists whose rows are rows of one model."""

    showing: GroupsByKey = field(default_factory=lambda: defaultdict(set))
    """Row → who shows it, or asked for it by its key."""
    by_value: dict[str, GroupsByKey] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """Column → value → whose rows all have one of the values by which it is indexed."""
    by_bounds: dict[str, GroupsByKey] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """Column → bounds → whose rows all lie within them."""
    by_kind: GroupsByKey = field(default_factory=lambda: defaultdict(set))
    """``unfiltered``: every change of a row matters. ``prefiltered``: of whose rows no value is known beforehand, so that the
    database is asked. ``partial``: shows a part of its rows (it is indexed by its value, or as prefiltered, as well)."""

    @property
    def columns(self) -> set[str]:
        """Columns whose values decide."""
        return {column for tables in (self.by_value, self.by_bounds) for column, groups in tables.items() if groups}

    def decided_by_value(self) -> set[Group]:
        """The groups that those values decide about."""
        tables = (*self.by_value.values(), *self.by_bounds.values())
        return {group for table in tables for groups in table.values() for group in groups}

    def found_by(self, values: Mapping[str, Any]) -> Iterator[Group]:
        """The groups that are indexed by a row's values. Bounds are gone through one by one: it takes 50 ns for each."""
        for column, by_value in self.by_value.items():
            if column in values:
                yield from by_value.get(values[column], ())
        for column, by_bounds in self.by_bounds.items():
            value = values.get(column)
            if value is not None:
                yield from (
                    each for (low, high), groups in by_bounds.items() if low <= value <= high for each in groups
                )

    def kind(self, name: str) -> set[Group]:
        return self.by_kind.get(name, set())


@dataclass(slots=True)
class Candidates:
    """Lists that changed rows may be in now: group → keys. The database is asked."""

    keys: dict[Group, set[Any]] = field(default_factory=lambda: defaultdict(set))
    unknown: dict[str, set[Any]] = field(default_factory=dict)
    """Label → keys of rows whose values have to be read first, to know the others."""

    def __bool__(self) -> bool:
        return bool(self.keys or self.unknown)


class Index:
    """Every evaluated live query of a hub. On the event loop only."""

    def __init__(self) -> None:
        self._by_model: dict[str, ModelIndex] = defaultdict(ModelIndex)
        self._by_label: GroupsByKey = defaultdict(set)
        """Model → queries to which any change of it matters: they read more of it than the rows they show."""
        self._places: dict[Group, list[Place]] = {}
        self._shown: dict[Group, frozenset[Any]] = {}

    def __contains__(self, group: Group) -> bool:
        return group in self._places

    def __len__(self) -> int:
        return len(self._places)

    @property
    def labels(self) -> set[str]:
        """Models whose changes matter to anything here."""
        return {label for label in self._by_model if self.heeds(label)} | self._by_label.keys()

    def heeds(self, label: str) -> bool:
        """Whether changes of a model matter to anything here."""
        model_index = self._by_model.get(label)
        is_read = model_index is not None and bool(model_index.showing or model_index.by_kind or model_index.columns)
        return is_read or label in self._by_label

    # Groups come and go

    def put(self, group: Group) -> None:
        """Index a group by what it last read, in place of what it read before."""
        self._remove_places(group)
        self._places[group] = [*self._places_of(group)]
        for table, place in self._places[group]:
            table[place].add(group)
        before, self._shown[group] = self._shown.get(group, frozenset()), group.shown()
        self._show(group, before, self._shown[group])

    def discard(self, group: Group) -> None:
        """Forget a group."""
        self._remove_places(group)
        self._show(group, self._shown.pop(group, frozenset()), frozenset())

    def _remove_places(self, group: Group) -> None:
        for table, place in self._places.pop(group, ()):
            _remove(table, place, group)

    def _show(self, group: Group, before: frozenset[Any], now: frozenset[Any]) -> None:
        for label in group.row_labels:
            showing = self._by_model[label].showing
            for key in before - now:
                _remove(showing, key, group)
            for key in now - before:
                showing[key].add(group)

    def _places_of(self, group: Group) -> Iterator[Place]:
        for label in (group.labels or set()) - group.row_labels:
            yield self._by_label, label
        for label in group.row_labels:
            if group.is_entangled:
                yield self._by_label, label
            elif group.keys is None:
                yield from self._places_on(self._by_model[label], group)

    def _places_on(self, model_index: ModelIndex, group: Group) -> Iterator[Place]:
        if group.prefilter is None:
            yield model_index.by_kind, "unfiltered"
            return
        if group.is_partial:
            yield model_index.by_kind, "partial"
        conditions = group.prefilter.conditions
        is_whole = len(group.row_labels) == 1  # else part of the columns is elsewhere
        column, bounded = conditions.narrowest(), conditions.bounded()
        if is_whole and column is not None:
            for value in conditions.allowed[column]:
                yield model_index.by_value[column], value
        elif is_whole and bounded is not None:
            yield model_index.by_bounds[bounded], conditions.bounds[bounded]
        else:
            yield model_index.by_kind, "prefiltered"

    # Finding

    def affected(self, changes: Changes) -> Iterator[tuple[Group, set[Any] | None]]:
        """Groups that a change matters to for sure, with the keys of the rows to read again; None for all rows."""
        for label, keys in changes.keys.items():
            yield from (
                (group, None)
                for group in self._by_label.get(label, ())
                if (keys != set() or group.looks_at(label, changes)) and not group.takes_as_related(label, changes)
            )
            model_index = self._by_model.get(label)
            if model_index is None:
                continue
            if keys is None or label in changes.joins:
                yield from ((group, None) for group in self._all_on(model_index))
                continue
            facts = changes.facts.get(label, {})
            yield from (
                (group, left) for group in model_index.kind("unfiltered") if (left := group.heeded(keys, facts))
            )
            yield from (
                (group, {key}) for key in keys if key in model_index.showing for group in model_index.showing[key]
            )

    def holding(self, changes: Changes) -> Iterator[tuple[Group, str, set[Any]]]:
        """Groups of which changed rows matter to those rows alone that show them or lead to them: with their label and keys."""
        for label, keys in changes.keys.items():
            for group in self._by_label.get(label, ()):
                if keys and group.takes_as_related(label, changes):
                    yield group, label, keys

    def lists_of(self, label: str) -> set[Group]:
        """Lists of the rows of a model: what a row of it may enter without being shown before."""
        model_index = self._by_model.get(label)
        return set() if model_index is None else {group for group in self._all_on(model_index) if group.keys is None}

    def _all_on(self, model_index: ModelIndex) -> set[Group]:
        shown = {group for groups in model_index.showing.values() for group in groups}
        return shown | model_index.decided_by_value() | model_index.kind("unfiltered") | model_index.kind("prefiltered")

    def declaring(self, changes: Changes) -> set[Group]:
        """Groups whose audience may be another one, by what their bindings declare."""
        labels = [label for label, keys in changes.keys.items() if keys != set() or label in changes.joins]
        return {group for label in labels for group in self._by_label.get(label, ()) if label in group.declared}

    def candidates(self, changes: Changes) -> Candidates:
        """Groups, beside the affected ones, that a changed row may be in now."""
        found = Candidates()
        for label, keys in changes.keys.items():
            model_index = self._by_model.get(label)
            if model_index is not None:
                for key in keys or ():
                    self._add_candidates(found, label, key, changes.facts.get(label, {}).get(key, Fact()).values)
        return found

    def _add_candidates(self, found: Candidates, label: str, key: Any, values: Mapping[str, Any]) -> None:
        model_index = self._by_model[label]
        for group in model_index.kind("prefiltered"):
            self._add(found, group, key)
        unknown = model_index.columns - values.keys()
        if unknown:
            found.unknown.setdefault(label, set()).add(key)
        self._add_by_value(found, model_index, key, values)

    def resolve(self, found: Candidates, label: str, values: Mapping[Any, Mapping[str, Any]]) -> None:
        """What ``unknown`` rows are, once they were read; those that are not there are in no list."""
        for key, row in values.items():
            self._add_by_value(found, self._by_model[label], key, row)

    def _add_by_value(self, found: Candidates, model_index: ModelIndex, key: Any, values: Mapping[str, Any]) -> None:
        for group in model_index.found_by(values):
            if group.prefilter is not None and group.prefilter.conditions.admit(values):
                self._add(found, group, key)

    def _add(self, found: Candidates, group: Group, key: Any) -> None:
        if key not in self._shown.get(group, ()):
            found.keys[group].add(key)

    def columns(self, label: str) -> set[str]:
        """Columns of a model whose values decide."""
        return self._by_model[label].columns

    def decided_by_value(self, label: str) -> set[Group]:
        """The groups that those values decide about."""
        return self._by_model[label].decided_by_value()

    def partial(self, labels: Iterable[str]) -> set[Group]:
        """Lists of rows of these models that show a part of their rows, and so can be wrong about the number."""
        return {group for label in labels if label in self._by_model for group in self._by_model[label].kind("partial")}


def _remove(table: GroupsByKey, place: Any, group: Group) -> None:
    groups = table.get(place)
    if groups is not None:
        groups.discard(group)
        if not groups:
            del table[place]

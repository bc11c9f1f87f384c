"""System checks of what ``aggregate`` is to measure and to group by."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error

from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.measures import ShownFields, shows_its_fields
from channels_binding.bindings.representation import Representation
from channels_binding.checks.serializers import serializer_of
from channels_binding.querysets.aggregates import COUNT, PARTS, TAKES, Group, Measure

_HINT = (
    f"aggregates = {{field: ({', '.join(map(repr, TAKES))})}} and group_by = (field, 'field:day'), of shown fields that are "
    f"columns of the model. Parts of dates and times are {', '.join(PARTS)}; floats, JSON and files make no groups."
)


def unmeasured(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E028: what cannot be measured or grouped by, so that every question for it is ``invalid``."""
    for attribute, name in _impossible(cls):
        yield Error(f"{cls.__name__}.{attribute} names {name}.", hint=_HINT, obj=cls, id="channels_binding.E028")


def _impossible(cls: type[BaseBinding]) -> Iterator[tuple[str, str]]:
    measures: list[Measure] = []
    for field, functions in cls.aggregates.items():
        if isinstance(functions, str) or not isinstance(functions, Sequence):
            yield "aggregates", f"{functions!r} for {field!r}, which is no list of functions"
        else:
            measures += [Measure.named(f"{function}:{field}") for function in functions]
    fields = _Fields(cls)
    for measure in measures:
        if measure.name == COUNT or not fields.has(measure):
            yield "aggregates", f"{measure.function!r} for {measure.field!r}, which {fields.reason(measure)}"
    for group in map(Group.named, cls.group_by):
        if not fields.has(group):
            yield "group_by", f"{group.name!r}, which {fields.reason(group)}"


class _Fields:
    """The fields of a binding's serializer; where it is chosen for each call, the columns alone can be checked."""

    def __init__(self, cls: type[BaseBinding]) -> None:
        is_chosen = (
            cls.get_serializer is not Representation.get_serializer
            or cls.get_serializer_class is not Representation.get_serializer_class
        )
        self.columns: dict[str, Any] = {column.name: column for column in cls.get_model()._meta.concrete_fields}
        serializer = serializer_of(cls)
        self.shown = None if is_chosen else ShownFields(cls.get_model(), serializer)
        self._not_shown = "is not shown" if shows_its_fields(serializer) else "to_representation() may leave out"

    def has(self, asked: Measure | Group) -> bool:
        if self.shown is not None:
            return self.shown.has(asked)
        return asked.field in self.columns and asked.takes(self.columns[asked.field])

    def reason(self, asked: Measure | Group) -> str:
        if asked.name in (COUNT, "id"):
            return "each row has by itself"
        if asked.field not in self.columns:
            return "is no column of the model"
        return self._not_shown if asked.takes(self.columns[asked.field]) else "is nothing for such a column"

"""What a caller may measure and group by, and how values of it are shown: as the rows that the same caller is shown."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias

from django.db import models
from rest_framework import serializers
from rest_framework.relations import PKOnlyObject

from channels_binding.bindings.base import BaseBinding
from channels_binding.calls.call import Row
from channels_binding.exceptions import Invalid
from channels_binding.protocol import codecs
from channels_binding.querysets.aggregates import COUNT, Group, Measure
from channels_binding.serializers.generated import held_by
from channels_binding.serializers.relations import child, shows_keys
from channels_binding.threads import settle

Asked: TypeAlias = Measure | Group

AVERAGE_PLACES = 4
"""Decimal places of an average beyond those of its column."""
FLOAT_DIGITS = 12
"""Significant digits of a sum or average of floats. Their last ones follow from the order in which the rows are added."""
_MOST_DIGITS = 400
"""More than a sum of decimals can have."""


class ShownFields:
    """The serializer fields of one caller that show a column of the model under its own name.

    Of a serializer with a ``to_representation()`` of its own there are none: it may leave out anything, of any row.
    """

    def __init__(self, model: type[models.Model], serializer: Any) -> None:
        self._columns = {column.name: column for column in model._meta.concrete_fields}
        self.fields: dict[str, Any] = {
            name: field
            for name, field in (child(serializer).fields.items() if shows_its_fields(serializer) else ())
            if name in self._columns and _shows_values(field, self._columns[name])
        }

    def has(self, asked: Asked) -> bool:
        """Whether the caller is shown what a measure or group is made of."""
        if isinstance(asked, Group) and asked.name in (COUNT, "id"):
            return False  # what rows have anyway
        return asked.name == COUNT or (asked.field in self.fields and asked.takes(self._columns[asked.field]))

    def names_of(self, each: Iterable[Asked]) -> list[str]:
        """Those of them that the caller may ask for."""
        return [asked.name for asked in each if self.has(asked)]

    def row(self, groups: Sequence[Group], measures: Sequence[Measure], values: Sequence[Any]) -> Row:
        """``("open", 7)`` → ``{"id": '["open"]', "status": "open", "count": 7}``."""
        asked: Sequence[Asked] = (*groups, *measures)
        shown = {each.name: self._shown(each, value) for each, value in zip(asked, values, strict=True)}
        key = codecs.encode([shown[each.name] for each in groups]).decode()
        return Row.of(key, {"id": key, **shown} | {"id": key})

    def _shown(self, asked: Asked, value: Any) -> Any:
        if value is None or (isinstance(value, (float, Decimal)) and not isfinite(value)):
            return None
        if isinstance(asked, Measure):
            return self._measure(asked, value)
        if asked.part:
            return _part(value)
        return self._as_in_rows(asked.field, value)

    def _measure(self, measure: Measure, value: Any) -> Any:
        if measure.function in ("min", "max"):
            return self._as_in_rows(measure.field, value)
        if isinstance(value, Decimal):
            return self._decimal(measure, value)
        if isinstance(value, float):
            return float(f"{value:.{FLOAT_DIGITS}g}")
        return value if isinstance(value, int) else _DURATION.to_representation(value)

    def _as_in_rows(self, name: str, value: Any) -> Any:
        field = self.fields[name]
        return field.to_representation(PKOnlyObject(pk=value) if shows_keys(field) else value)

    def _decimal(self, measure: Measure, value: Decimal) -> Any:
        """Text, or a number where rows show decimals so."""
        own = getattr(held_by(self._columns[measure.field]), "decimal_places", None) or 0
        places = own + AVERAGE_PLACES if measure.function == "avg" else own
        is_text = getattr(self.fields[measure.field], "coerce_to_string", None)
        shown = serializers.DecimalField(max_digits=_MOST_DIGITS, decimal_places=places, coerce_to_string=is_text)
        return shown.to_representation(value)


_DURATION = serializers.DurationField()
_INSTANT = serializers.DateTimeField()


def _part(value: Any) -> Any:
    """The first day of a month as a date, an hour as REST framework shows instants."""
    return _INSTANT.to_representation(value) if hasattr(value, "hour") else value.isoformat()


def shows_its_fields(serializer: Any) -> bool:
    """Whether rows have all fields of a serializer, as REST framework shows them."""
    cls: Any = type(child(serializer))
    return getattr(cls, "to_representation", None) is serializers.Serializer.to_representation


def _shows_values(field: Any, column: "models.Field[Any, Any]") -> bool:
    """Whether a serializer field shows the values of a column; of a relation, its key."""
    if field.write_only or field.source != column.name or isinstance(field, serializers.ModelField):
        return False
    is_many = isinstance(field, (serializers.BaseSerializer, serializers.ManyRelatedField))
    return shows_keys(field) if column.is_relation else not is_many


class Choice:
    """What one caller may ask a binding for: what is declared, of the fields that the caller's rows show."""

    def __init__(self, binding: BaseBinding) -> None:
        declared = settle(binding.get_aggregates())
        names = [COUNT, *(f"{function}:{name}" for name, functions in declared.items() for function in functions)]
        self._binding = binding
        self.measures = [*map(Measure.named, names)]
        self.groups = [*map(Group.named, settle(binding.get_group_by()))]

    def asked(self, data: Mapping[str, Any]) -> tuple[list[Measure], list[Group]]:
        """``{"measures": ["sum:price"], "by": ["status"]}`` → those. Without ``measures``, the number of rows.

        Raises:
            Invalid: No lists of names, a name that is not declared, or one twice.
        """
        measures = _read_names(data, "measures", self.measures) or [COUNT]
        return [*map(Measure.named, measures)], [*map(Group.named, _read_names(data, "by", self.groups))]

    def shown_fields(self, measures: Iterable[Measure] = (), groups: Iterable[Group] = ()) -> ShownFields:
        """The fields by which measures and groups are shown.

        Raises:
            Invalid: The caller is not shown a field of what is asked for.
        """
        fields = ShownFields(self._binding.get_model(), self._binding.get_serializer())
        of_both: tuple[tuple[str, Iterable[Asked], Iterable[Asked]], ...] = (
            ("measures", measures, self.measures),
            ("by", groups, self.groups),
        )
        for name, asked, declared in of_both:
            if not all(map(fields.has, asked)):
                raise _undeclared(name, fields.names_of(declared))
        return fields

    def described(self) -> dict[str, list[str]]:
        """``{"measures": ["count", "sum:price"], "by": ["status"]}``."""
        fields = self.shown_fields()
        return {"measures": fields.names_of(self.measures), "by": fields.names_of(self.groups)}


def _undeclared(name: str, possible: Iterable[str]) -> Invalid:
    names = ", ".join(possible)
    return Invalid.field(name, "unknown", f"Possible: {names}." if names else f"There are no '{name}' here.")


def _read_names(data: Mapping[str, Any], name: str, declared: Iterable[Asked]) -> list[str]:
    given, possible = data.get(name), [each.name for each in declared]
    names = [] if given is None else given
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise Invalid.field(name, "invalid", f"'{name}' is a list of names.")
    if not set(names) <= set(possible):
        raise _undeclared(name, possible)
    if len(names) > len(set(names)):
        raise Invalid.field(name, "invalid", f"'{name}' holds a name twice.")
    return names

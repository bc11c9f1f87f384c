"""JSON Schema of aggregates: each measure and group that a stream lets ask for, with the values that it is shown by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.measures import Choice
from channels_binding.bindings.reads import MAX_IDS
from channels_binding.contract import http_parts as parts
from channels_binding.contract.json_schema import FilterShape, JsonSchemas, Schema, closed, one_of, reference
from channels_binding.protocol.names import AGGREGATE
from channels_binding.querysets.aggregates import Group, Measure
from channels_binding.serializers.relations import child


@dataclass(frozen=True, slots=True)
class AggregateShapes:
    """``{"count": {"type": "integer"}, "sum:price": {"type": ["string", "null"]}}``, and the same of groups."""

    measures: Mapping[str, Schema]
    groups: Mapping[str, Schema]
    key: Schema
    """Of the rows that are measured."""

    @property
    def row(self) -> Schema:
        """A row: of measures and groups, those that were asked for."""
        members = {"id": {"type": "string"}, **self.groups, **self.measures}
        return {"type": "object", "properties": members, "required": ["id"]}

    @property
    def answer(self) -> Schema:
        """Rows, with what stands beside them."""
        members = {
            "limit": {"type": "integer", "minimum": 1},
            "count": {"type": "integer", "minimum": 0},
            "truncated": {"type": "boolean"},
            "order": reference("cb.order"),
            "rows": {"type": "array", "items": self.row},
            "labels": reference("cb.labels"),
        }
        return {"type": "object", "properties": members, "required": [*members][:-1]}

    def asked(self, filters: Iterable[FilterShape], params: Iterable[str]) -> Schema:
        """The data of the action, with the stream's filters and its own ``query_params``."""
        order, yes_or_no = one_of(self.orders), {"type": "boolean"}
        own = {name: {"type": "string"} for name in params}
        return closed(
            {
                "measures": {"type": "array", "items": one_of([*self.measures]), "uniqueItems": True},
                "by": {"type": "array", "items": one_of([*self.groups]), "uniqueItems": True},
                "order": {"anyOf": [order, {"type": "array", "items": order}]},
                "limit": {"type": "integer", "minimum": 1},
                "filters": closed({each.name: each.schema for each in filters}),
                "query": {"type": "string"},
                "exclude": {"type": "array", "items": self.key, "maxItems": MAX_IDS},
                "labels": yes_or_no,
                "live": yes_or_no,
                **({"params": closed(own)} if own else {}),
            }
        )

    @property
    def parameters(self) -> list[Schema]:
        """Measures, groups, order and limit in a query string."""
        found = (
            parts.names_parameter(
                "measures", [*self.measures], "Functions of fields, and `count`, which it is by itself."
            ),
            parts.names_parameter("by", [*self.groups], "What makes the groups; without it all rows are one."),
            parts.names_parameter("order", self.orders, "Of those asked for; -name for descending; NULLs last."),
            parts.query_parameter("limit", {"type": "integer", "minimum": 1}, "Groups at the most."),
        )
        return [each for each in found if each]

    @property
    def orders(self) -> list[str]:
        names = [*self.groups, *self.measures]
        return [*names, *(f"-{name}" for name in names)]


def shapes_of(cls: type[BaseBinding], shapes: JsonSchemas) -> AggregateShapes:
    """What one stream lets ask for."""
    binding = shapes.binding(cls, AGGREGATE)
    asked = Choice(binding).described()
    shown = shapes.of_serializer(child(binding.get_serializer()), "response").get("properties", {})
    columns = {column.name: column for column in cls.get_model()._meta.concrete_fields}
    measures = {name: _measure(Measure.named(name), columns, shown) for name in asked["measures"]}
    groups = {name: _group(Group.named(name), columns, shown) for name in asked["by"]}
    return AggregateShapes(measures, groups, shapes.key(cls))


def _measure(measure: Measure, columns: Mapping[str, Any], shown: Mapping[str, Schema]) -> Schema:
    if measure.function in ("count", "count_distinct"):
        return {"type": "integer", "minimum": 0}
    if measure.function in ("min", "max"):
        return _nullable(shown[measure.field])
    column = columns[measure.field]
    if isinstance(column, (models.DecimalField, models.DurationField)):
        return {"type": ["string", "null"]}
    is_whole = measure.function == "sum" and isinstance(column, models.IntegerField)
    return {"type": ["integer", "string", "null"]} if is_whole else {"type": ["number", "null"]}


def _group(group: Group, columns: Mapping[str, Any], shown: Mapping[str, Schema]) -> Schema:
    column = columns[group.field]
    own = (
        {"type": "string", "format": "date-time" if group.part == "hour" else "date"}
        if group.part
        else shown[group.field]
    )
    return _nullable(own) if column.null else own


def _nullable(schema: Schema) -> Schema:
    kind = schema.get("type")
    if "enum" in schema or not isinstance(kind, (str, list)):
        return {"anyOf": [schema, {"type": "null"}]}
    kinds = [kind] if isinstance(kind, str) else kind
    return {**schema, "type": [*kinds, *(["null"] if "null" not in kinds else [])]}

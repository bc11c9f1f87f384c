"""One binding for each model of plain values: all fields, what can be filtered and ordered by."""

from channels_binding.consumers import AsyncBinding
from tests.project.zoo.models import (
    Address,
    Computed,
    Digits,
    Document,
    Flag,
    Lapse,
    Legacy,
    Moment,
    Money,
    Options,
    Prose,
    Vault,
)


class DigitsBinding(AsyncBinding):
    model = Digits
    fields = ("id", "small", "positive_small", "plain", "positive", "big", "positive_big", "limited")
    filterset_fields = {
        "plain": ["exact", "gte", "lte", "in", "range"],
        "big": ["exact", "gt"],
        "positive_big": ["isnull"],
    }
    aggregates = {"plain": ("sum", "avg", "min", "max"), "big": ("sum",), "positive_big": ("count", "count_distinct")}
    group_by = ("small", "positive_big")


class MoneyBinding(AsyncBinding):
    model = Money
    fields = ("id", "amount", "rate", "factor", "estimate")
    filterset_fields = {"amount": ["exact", "gte", "lte"], "factor": ["lt"]}
    aggregates = {
        "amount": ("sum", "avg", "min", "max"),
        "rate": ("sum", "avg"),
        "factor": ("sum", "avg", "max"),
    }
    group_by = ("amount", "rate")


class ProseBinding(AsyncBinding):
    model = Prose
    fields = ("id", "title", "body", "limited", "slug", "email", "homepage", "postcode")
    filterset_fields = {"title": ["exact", "icontains", "startswith"], "email": ["exact", "isnull"]}
    search_fields = ("title", "^slug", "=email")
    aggregates = {"email": ("count", "count_distinct")}
    group_by = ("postcode", "body")


class MomentBinding(AsyncBinding):
    model = Moment
    fields = ("id", "day", "instant", "hour", "maybe_day", "maybe_instant", "maybe_hour", "created_at", "changed_on")
    filterset_fields = {"day": ["exact", "gte", "lte", "year"], "instant": ["gte", "lt", "date"], "hour": ["lt"]}
    aggregates = {"day": ("min", "max"), "maybe_instant": ("min", "max", "count"), "hour": ("min",)}
    group_by = (
        *("day", "day:week", "maybe_day:quarter", "hour", "instant:hour", "instant:day"),
        *("instant:week", "instant:month", "instant:quarter", "instant:year", "maybe_instant:month"),
    )


class LapseBinding(AsyncBinding):
    model = Lapse
    fields = ("id", "length", "pause")
    filterset_fields = {"length": ["gte", "lte"]}
    aggregates = {"length": ("sum", "avg", "min", "max"), "pause": ("sum",)}


class FlagBinding(AsyncBinding):
    model = Flag
    fields = ("id", "is_up", "is_known")
    filterset_fields = ("is_up", "is_known")
    group_by = ("is_up", "is_known")


class OptionsBinding(AsyncBinding):
    model = Options
    fields = ("id", "flat", "grouped", "colour", "size", "weekday", "ratio")
    filterset_fields = {"flat": ["exact", "in"], "colour": ["exact"], "size": ["exact"], "grouped": ["exact"]}
    group_by = ("colour", "size", "weekday", "ratio")


class DocumentBinding(AsyncBinding):
    model = Document
    fields = ("id", "content", "notes")


class AddressBinding(AsyncBinding):
    model = Address
    fields = ("id", "host", "v4", "v6", "card", "spare")
    filterset_fields = ("host", "card")


class VaultBinding(AsyncBinding):
    model = Vault
    fields = ("id", "name", "sealed", "thumb")


class ComputedBinding(AsyncBinding):
    model = Computed
    fields = ("id", "width", "height", "name", "area", "half", "key_name", "marked_on")
    filterset_fields = {"width": ["exact"], "name": ["icontains"]}


class LegacyBinding(AsyncBinding):
    model = Legacy
    fields = ("number", "caption", "value", "heir")
    filterset_fields = ("value", "heir")

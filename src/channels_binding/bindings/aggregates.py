"""The built-in action ``aggregate``: measures of the rows that a search would find, a row for each group (protocol.md §2.3)."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models

from channels_binding.bindings.actions import builtin
from channels_binding.bindings.measures import Choice
from channels_binding.bindings.options import Answer, Data
from channels_binding.bindings.reads import ReadMixin
from channels_binding.calls.call import Reading, Row
from channels_binding.exceptions import LimitExceeded
from channels_binding.querysets.aggregates import Group, measured
from channels_binding.querysets.filters import refuse_undeclared
from channels_binding.querysets.pages import read_order, read_page

MOST_JUDGED = 1000
"""Rows that permissions are asked about one by one, at the most."""
_NAMES = {"measures", "by", "order", "limit", "filters", "query", "exclude", "labels", "live"}


class AggregateMixin(ReadMixin):
    """aggregate."""

    @builtin(is_read=True, view_action="list")
    def aggregate(self, data: Data) -> Answer:
        """``{"measures": ["count"], "by": ["status"]}`` → ``{"status": "open", "count": 7}``, …: of the rows of a search."""
        self._refuse_unknown(data, _NAMES)
        choice = Choice(self)
        measures, groups = choice.asked(data)
        order = read_order(data, [*(each.name for each in groups), *(each.name for each in measures)])
        limit = read_page(data, default=self.get_max_page_size(), maximum=self.get_max_page_size()).limit
        refuse_undeclared(self.get_filterset_class(), self.get_search_fields(), data, self.get_model())
        fields = choice.shown_fields(measures, groups)
        found = measured(self._measured_rows(data), measures, groups, order, limit + 1)
        rows = tuple(fields.row(groups, measures, values) for values in found[:limit])
        self._refuse_doubles(rows)
        meta = {"limit": limit, "count": len(rows), "truncated": len(found) > limit, "order": data.get("order")}
        extra = {"labels": self._labels_of_groups(rows, groups)} if data.get("labels") is True else {}
        return Reading(rows, meta, extra)

    def _measured_rows(self, data: Data) -> models.QuerySet[Any]:
        """What a search would find, without the rows that the caller leaves out; where a permission judges single rows, of
        these what the caller may retrieve.

        Raises:
            LimitExceeded: More rows than can be judged one by one.
        """
        queryset = self.filter_queryset(self.reading_queryset(), data)
        if data.get("exclude") is not None:
            queryset = queryset.exclude(pk__in=self._parse_keys("exclude", data["exclude"]))
        if self.trace is not None:
            self.trace.on_matching(queryset)
            self.trace.note_rows(queryset, (), is_by_plan=False)
        if self.asked("retrieve", {}).sees_every_row():
            return queryset
        instances = [*queryset[: MOST_JUDGED + 1]]
        if len(instances) > MOST_JUDGED:
            message = f"More than {MOST_JUDGED} rows match, and a permission would have to judge each of them; filter."
            raise LimitExceeded(message, limit=MOST_JUDGED)
        seen = [each.pk for each in instances if self.may_retrieve(each)]
        return models.QuerySet(self.get_model(), using=queryset.db).filter(pk__in=seen)

    def _labels_of_groups(self, rows: Sequence[Row], groups: Sequence[Group]) -> dict[str, dict[str, str]]:
        serializer = self._narrowed([each.field for each in groups if not each.part])
        return self.labels_of(rows, serializer)

    def _refuse_doubles(self, rows: Sequence[Row]) -> None:
        if len({row.pk for row in rows}) < len(rows):
            raise ImproperlyConfigured(f"{type(self).__name__}.group_by names a field that shows two values alike.")

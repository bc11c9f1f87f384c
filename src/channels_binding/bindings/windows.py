"""How the rows of one window are read: by pages or by places, counted or not, and of a live query only what is new."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.expansions import check_held, untouched
from channels_binding.bindings.options import Data
from channels_binding.bindings.reader import Reader
from channels_binding.calls.call import Row
from channels_binding.querysets import keyset
from channels_binding.querysets.cursors import Place, Span
from channels_binding.querysets.inspection import count_of, estimate_of, has_plain_rows
from channels_binding.querysets.keyset import Term
from channels_binding.querysets.pages import Page, keys_and_count
from channels_binding.serializers.keys import as_pk, from_pk
from channels_binding.types import Pk

Rows = models.QuerySet[Any]
Window = tuple[tuple[Row, ...], Data]
"""Rows, and what is said of them: ``((Row(9, …), Row(4, …)), {"count": 57})``."""


class WindowMixin(BaseBinding):
    """The rows of one window of a list."""

    def _page(self, queryset: Rows, page: Page, count: Any, reader: Reader) -> Window:
        """The rows of a page, with ``count`` or ``has_next``."""
        if count is True:
            rows, number = self._counted(queryset, page.window, reader)
            return rows, {"count": number}
        rows, has_next = self._first(queryset, page.window.start, page.limit, reader)
        if count is False:
            return rows, {"has_next": has_next}
        estimate, kind = estimate_of(queryset)
        return rows, {"count": estimate, "count_is": kind, "has_next": has_next}

    def _counted(self, queryset: Rows, window: slice, reader: Reader) -> tuple[tuple[Row, ...], int]:
        """The rows of one page, and how many rows match. Of a live query only what changed is read anew, as in a list."""
        unchanged = self._unchanged(queryset)
        if unchanged is not None:
            keys, count = keys_and_count(queryset, window)
            return self._rows_of_keys(keys, unchanged, reader), count
        count = count_of(queryset)
        return (reader.rows(queryset[window]) if count > window.start else ()), count

    def _first(self, queryset: Rows, start: int, limit: int, reader: Reader) -> tuple[tuple[Row, ...], bool]:
        """``limit`` rows from a place on, and whether more follow."""
        unchanged = self._unchanged(queryset)
        if unchanged is None:
            return reader.window(queryset[start:], limit)
        asked = slice(start, start + limit + 1)
        keys = [as_pk(key) for key in queryset.values_list("pk", flat=True)[asked]]
        return self._rows_of_keys(keys[:limit], unchanged, reader), len(keys) > limit

    def _spanned(self, queryset: Rows, span: Span, limit: int, order: Sequence[str], reader: Reader) -> Window:
        """The rows between places, with ``has_next`` (or ``has_previous``), ``start`` and ``end``.

        Args:
            queryset: Ordered, and ``keyset.within`` the span.
            order: By which names.
        """
        terms = keyset.terms_of(queryset)
        chosen = queryset.reverse() if span.is_backward else queryset
        if has_plain_rows(queryset):
            rows, places, has_more = self._rows_with_places(chosen, terms, limit, reader)
        else:
            rows, has_more = reader.window(chosen, limit)
            places = self._edges(queryset, terms, rows)
        if span.is_backward:
            rows, places = rows[::-1], places[::-1]
        stream = self.get_stream()
        start, end = (place and Place(tuple(order), place).cursor(stream) for place in places)
        return rows, {"has_previous" if span.is_backward else "has_next": has_more, "start": start, "end": end}

    def _rows_with_places(self, queryset: Rows, terms: Sequence[Term], limit: int, reader: Reader) -> Any:
        """Keys and places in one statement; rows that are not known in another."""
        found = [*queryset.values_list("pk", *keyset.columns_of(terms))[: limit + 1]]
        shown = found[:limit]
        rows = self._rows_of_keys([as_pk(key) for key, *_ in shown], self._unchanged(queryset) or {}, reader)
        places = [tuple(values) for _, *values in (shown[0], shown[-1])] if shown else [None, None]
        return rows, places, len(found) > limit

    def _edges(self, queryset: Rows, terms: Sequence[Term], rows: Sequence[Row]) -> Sequence[Any]:
        """The places of the first and the last row."""
        if not rows:
            return [None, None]
        keys = [from_pk(self.get_model(), row.pk) for row in (rows[0], rows[-1])]
        found = {as_pk(key): place for key, place in keyset.places(queryset, terms, keys).items()}
        return [found.get(row.pk) for row in (rows[0], rows[-1])]

    def _rows(self, queryset: Rows, limit: int, reader: Reader) -> tuple[Row, ...]:
        """The first rows of a queryset. Of a live query that was read before, only what changed is read anew."""
        unchanged = self._unchanged(queryset)
        if unchanged is None:
            return reader.rows(queryset[:limit])
        keys = [as_pk(key) for key in queryset.values_list("pk", flat=True)[:limit]]
        return self._rows_of_keys(keys, unchanged, reader)

    def _unchanged(self, queryset: Rows) -> Mapping[Pk, Row] | None:
        """Rows of a live query's last evaluation that need not be read again; None where all are to be read."""
        trace = self.trace
        if trace is None or trace.unchanged is None or not has_plain_rows(queryset):
            return None
        if trace.touched:
            touched, trace.touched = trace.touched, {}
            with trace.expanding():
                trace.unchanged = untouched(trace.unchanged, touched, queryset, trace.expansions)
        return trace.unchanged

    def _rows_of_keys(self, keys: Sequence[Pk], known: Mapping[Pk, Row], reader: Reader) -> tuple[Row, ...]:
        """Rows in the order of ``keys``; those that are not known are read."""
        lacking = [key for key in keys if key not in known]
        if lacking:
            keys_lacking = [from_pk(self.get_model(), key) for key in lacking]
            fetched = reader.rows(self.reading_queryset().filter(pk__in=keys_lacking))
            known = {**known, **{row.pk: row for row in fetched}}
        rows = tuple(known[key] for key in keys if key in known)
        check_held(rows)
        return rows

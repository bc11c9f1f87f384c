"""The built-in actions that read: retrieve, search, list. Each is one unit of synchronous work, and knows no transport."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from channels_binding.bindings.actions import builtin
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.options import Answer, Data, refuse_unknown
from channels_binding.bindings.reader import Reader
from channels_binding.calls.call import Reading, Row
from channels_binding.exceptions import Invalid, LimitExceeded
from channels_binding.querysets.filters import apply_filters, apply_search, refuse_undeclared, refuse_undeclared_params
from channels_binding.querysets.inspection import count_of, has_plain_rows
from channels_binding.querysets.pages import keys_and_count, ordered, read_order, read_page
from channels_binding.serializers.keys import as_pk, from_pk
from channels_binding.serializers.relations import joined
from channels_binding.types import Pk

MAX_IDS = 1000
"""Most ids of one ``retrieve``."""

_READ_NAMES = {"live", "labels", "fields"}
_LIST_NAMES = _READ_NAMES | {"order", "filters", "query"}


class ReadMixin(BaseBinding):
    """retrieve, search, list."""

    @builtin(is_read=True, view_action="retrieve")
    def retrieve(self, data: Data) -> Answer:
        """``{"id": 7}`` → the row; ``{"ids": [7, 9]}`` → those rows, in that order."""
        self._refuse_unknown(data, _READ_NAMES | {"id", "ids"})
        reader = self.make_reader(data)
        if "ids" in data:
            return Reading(self._rows_by_id(data["ids"], reader))
        key = self.key_of(data)
        if self.trace is not None:
            self.trace_rows(self.reading_queryset(), reader)
        return Reading((self.get_row(key, reader),), is_single=True)

    def _refuse_unknown(self, data: Data, known: set[str]) -> None:
        declared = self.get_query_params()
        refuse_unknown(data, known | {"params"} if declared else known)
        refuse_undeclared_params(declared, data.get("params"))

    def _rows_by_id(self, ids: Any, reader: Reader) -> Any:
        if not isinstance(ids, list) or len(ids) > MAX_IDS:
            raise Invalid.field("ids", "invalid", f"'ids' is a list of at most {MAX_IDS} keys.")
        keys = [self.parse_key(value) for value in ids]
        queryset = self.reading_queryset().filter(pk__in=keys)
        self.trace_rows(queryset, reader)
        found = {row.pk: row for row in self.visible_rows(queryset, reader)}
        wanted = dict.fromkeys(as_pk(key) for key in keys)
        return tuple(found[key] for key in wanted if key in found)

    @builtin(is_read=True, view_action="list")
    def search(self, data: Data) -> Answer:
        """``{"page": 2, "filters": {"status": "open"}, "order": "-amount"}`` → one page of the matching rows."""
        self._refuse_unknown(data, _LIST_NAMES | {"page", "limit"})
        if self.call.takes_pages and self.get_pagination_class() is not None:
            return self._paginated(data)
        page = read_page(data, default=self.get_page_size(), maximum=self.get_max_page_size())
        queryset, reader = self._matching(data)
        rows, count = self._page(queryset, page.window, reader)
        meta = {"page": page.number, "limit": page.limit, "count": count, "order": data.get("order")}
        return self._reading(rows, reader, data, meta)

    @builtin(is_read=True, view_action="list")
    def list(self, data: Data) -> Answer:
        """As ``search``, without pages: every matching row, up to ``max_page_size``."""
        self._refuse_unknown(data, _LIST_NAMES)
        limit = self.get_max_page_size()
        queryset, reader = self._matching(data)
        rows = self._rows(queryset, limit + 1, reader)
        if len(rows) > limit:
            raise LimitExceeded(f"More than {limit} rows match; use 'search', or filter.", limit=limit)
        return self._reading(rows, reader, data, {"count": len(rows), "order": data.get("order")})

    def _paginated(self, data: Data) -> Answer:
        """A page as DRF's ``pagination_class`` makes it: a DRF Response, with its shape and headers."""
        queryset, reader = self._matching(data)
        paginator = self.get_pagination_class()()
        for limit in ("max_limit", "max_page_size"):  # DRF's pages are not limited unless the class says so
            if getattr(paginator, limit, 0) is None:
                setattr(paginator, limit, self.get_max_page_size())
        instances = paginator.paginate_queryset(joined(queryset, reader.serializer), self.request, view=self)
        if instances is None:  # a page size of None: the class does not paginate
            return [self.decoded(row) for row in reader.rows(queryset[: self.get_max_page_size()])]
        return paginator.get_paginated_response([self.decoded(row) for row in reader.rows_of(instances)])

    def _matching(self, data: Data) -> tuple[models.QuerySet[Any], Reader]:
        """Queryset (permitted, filtered, ordered) and reader of a list."""
        order = read_order(data, self.get_ordering_fields())
        reader = self.make_reader(data)
        refuse_undeclared(self.get_filterset_class(), self.get_search_fields(), data, self.get_model())
        queryset = self.filter_queryset(self.reading_queryset(), data)
        queryset = ordered(queryset, order or self.get_ordering())
        self.trace_rows(queryset, reader)
        return queryset, reader

    def filter_queryset(self, queryset: models.QuerySet[Any], data: Data) -> models.QuerySet[Any]:
        """Apply ``filters`` and ``query``. Override to filter by more than the caller asks for."""
        filters = self.get_filterset_class()
        request = None if filters is None else self.request  # making one of a socket's scope takes a while
        queryset = apply_filters(filters, data.get("filters"), queryset, request, self.scope_choices)
        return apply_search(self.get_search_fields(), data.get("query"), queryset, self)

    def _reading(self, rows: tuple[Row, ...], reader: Reader, data: Data, meta: Data) -> Reading:
        extra = {"labels": self.labels_of(rows, reader.serializer)} if data.get("labels") is True else {}
        return Reading(rows, meta, extra)

    def _page(self, queryset: models.QuerySet[Any], window: slice, reader: Reader) -> tuple[tuple[Row, ...], int]:
        """The rows of one page, and how many rows match. Of a live query only what changed is read anew, as in a list."""
        unchanged = self._unchanged(queryset)
        if unchanged is not None:
            keys, count = keys_and_count(queryset, window)
            return self._rows_of_keys(keys, unchanged, reader), count
        count = count_of(queryset)
        return (reader.rows(queryset[window]) if count > window.start else ()), count

    def _rows(self, queryset: models.QuerySet[Any], limit: int, reader: Reader) -> tuple[Row, ...]:
        """The first rows of a queryset. Of a live query that was read before, only what changed is read anew."""
        unchanged = self._unchanged(queryset)
        if unchanged is None:
            return reader.rows(queryset[:limit])
        keys = [as_pk(key) for key in queryset.values_list("pk", flat=True)[:limit]]
        return self._rows_of_keys(keys, unchanged, reader)

    def _unchanged(self, queryset: models.QuerySet[Any]) -> Mapping[Pk, Row] | None:
        """Rows of a live query's last evaluation that need not be read again; None where all are to be read."""
        return self.trace.unchanged if self.trace is not None and has_plain_rows(queryset) else None

    def _rows_of_keys(self, keys: Sequence[Pk], known: Mapping[Pk, Row], reader: Reader) -> tuple[Row, ...]:
        """Rows in the order of ``keys``; those that are not known are read."""
        lacking = [key for key in keys if key not in known]
        if lacking:
            keys_lacking = [from_pk(self.get_model(), key) for key in lacking]
            fetched = reader.rows(self.reading_queryset().filter(pk__in=keys_lacking))
            known = {**known, **{row.pk: row for row in fetched}}
        return tuple(known[key] for key in keys if key in known)

"""The built-in actions that read: retrieve, search, list. Each is one unit of synchronous work, and knows no transport."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import models

from channels_binding.bindings.actions import builtin
from channels_binding.bindings.options import Answer, Data, refuse_unknown
from channels_binding.bindings.reader import Reader
from channels_binding.bindings.windows import WindowMixin
from channels_binding.calls.call import Reading, Row
from channels_binding.exceptions import Invalid, LimitExceeded
from channels_binding.protocol.names import CURSORS
from channels_binding.querysets import fulltext, keyset
from channels_binding.querysets.cursors import Span, read_span
from channels_binding.querysets.filters import (
    PREFIXES,
    apply_filters,
    apply_search,
    read_query,
    refuse_undeclared,
    refuse_undeclared_params,
    terms_of,
)
from channels_binding.querysets.highlights import Parts, in_full_text, in_rows, in_words
from channels_binding.querysets.once import settled
from channels_binding.querysets.pages import ordered, read_count, read_order, read_page
from channels_binding.serializers.keys import as_pk
from channels_binding.serializers.relations import child, joined

MAX_IDS = 1000
"""Most ids of one ``retrieve``."""

_READ_NAMES = {"live", "labels", "fields", "expand"}
_LIST_NAMES = _READ_NAMES | {"order", "filters", "query"}
_HIGHLIGHTED_NAMES = _LIST_NAMES | {"highlight"}


class ReadMixin(WindowMixin):
    """retrieve, search, list."""

    @builtin(is_read=True, view_action="retrieve")
    def retrieve(self, data: Data) -> Answer:
        """``{"id": 7}`` → the row; ``{"ids": [7, 9]}`` → those rows, in that order."""
        self._refuse_unknown(data, _READ_NAMES | {"id", "ids"})
        reader = self.make_reader(data)
        if "ids" in data:
            rows = self._rows_by_id(data["ids"], reader)
            return Reading(rows, extra=self._labels(rows, reader, data))
        key = self.key_of(data)
        if self.trace is not None:
            self.trace_rows(self.reading_queryset(), reader)
        return Reading((self.get_row(key, reader),), is_single=True)

    def _refuse_unknown(self, data: Data, known: set[str]) -> None:
        declared = self.get_query_params()
        refuse_unknown(data, known | {"params"} if declared else known)
        refuse_undeclared_params(declared, data.get("params"))

    def _parse_keys(self, name: str, values: Any) -> Sequence[Any]:
        """``["7", 9]`` → ``[7, 9]``.

        Raises:
            Invalid: ``name`` holds no list, one that is too long, or what is no key.
        """
        if not isinstance(values, list) or len(values) > MAX_IDS:
            raise Invalid.field(name, "invalid", f"'{name}' is a list of at most {MAX_IDS} keys.")
        return [self.parse_key(value) for value in values]

    def _rows_by_id(self, ids: Any, reader: Reader) -> Any:
        keys = self._parse_keys("ids", ids)
        queryset = self.reading_queryset().filter(pk__in=keys)
        self.trace_rows(queryset, reader)
        found = {row.pk: row for row in self.visible_rows(queryset, reader)}
        wanted = dict.fromkeys(as_pk(key) for key in keys)
        return tuple(found[key] for key in wanted if key in found)

    @builtin(is_read=True, view_action="list")
    def search(self, data: Data) -> Answer:
        """``{"page": 2, "filters": {"status": "open"}, "order": "-amount"}`` → one page of the matching rows."""
        if self.call.takes_pages and self.get_pagination_class() is not None:
            self._refuse_unknown(data, _LIST_NAMES | {"page", "limit"})
            return self._paginated(data)
        self._refuse_unknown(data, _HIGHLIGHTED_NAMES | {"page", "limit", "count", *CURSORS})
        span = read_span(data, self.get_stream())
        page = read_page(data, default=self.get_page_size(), maximum=self.get_max_page_size())
        if span is not None:
            return self._window(span, page.limit, data)
        count = read_count(data)
        queryset, reader = self._matching(data)
        rows, about = self._page(queryset, page, count, reader)
        meta = {"page": page.number, "limit": page.limit, **about, "order": data.get("order")}
        return self._reading(queryset, rows, reader, data, meta)

    def _window(self, span: Span, limit: int, data: Data) -> Answer:
        """The rows between places in the order."""
        order = read_order(data, self.get_ordering_fields()) or [*map(str, self.get_ordering())]
        span.check(order)
        queryset, reader = self._matching(data, lambda rows: keyset.within(rows, span, keyset.terms_of(rows)))
        rows, about = self._spanned(queryset, span, limit, order, reader)
        return self._reading(queryset, rows, reader, data, {"limit": limit, **about, "order": data.get("order")})

    @builtin(is_read=True, view_action="list")
    def list(self, data: Data) -> Answer:
        """As ``search``, without pages: every matching row, up to ``max_page_size``."""
        self._refuse_unknown(data, _HIGHLIGHTED_NAMES)
        limit = self.get_max_page_size()
        queryset, reader = self._matching(data)
        rows = self._rows(queryset, limit + 1, reader)
        if len(rows) > limit:
            raise LimitExceeded(f"More than {limit} rows match; use 'search', or filter.", limit=limit)
        return self._reading(queryset, rows, reader, data, {"count": len(rows), "order": data.get("order")})

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

    def _matching(
        self, data: Data, narrow: Callable[[models.QuerySet[Any]], models.QuerySet[Any]] | None = None
    ) -> tuple[models.QuerySet[Any], Reader]:
        """Queryset (permitted, filtered, ordered, and then narrowed) and reader of a list."""
        order = read_order(data, self.get_ordering_fields())
        reader = self.make_reader(data)
        refuse_undeclared(self.get_filterset_class(), self.get_search_fields(), data, self.get_model())
        queryset = self.filter_queryset(self.reading_queryset(), data)
        is_ranked = fulltext.RANK in queryset.query.annotations and narrow is None
        queryset = ordered(queryset, order or ([f"-{fulltext.RANK}"] if is_ranked else self.get_ordering()))
        queryset = queryset if narrow is None else narrow(queryset)
        self.trace_rows(queryset, reader)
        return queryset, reader

    def filter_queryset(self, queryset: models.QuerySet[Any], data: Data) -> models.QuerySet[Any]:
        """Apply ``filters`` and ``query``. Override to filter by more than the caller asks for."""
        if data.get("filters") or data.get("query"):
            queryset = settled(queryset)
        filters = self.get_filterset_class()
        queryset = apply_filters(filters, data.get("filters"), queryset, lambda: self.request, self.scope_choices)
        fields, text = self.get_search_fields(), data.get("query")
        if fields and text and self._is_full_text(queryset) and (words := read_query(text)):
            return fulltext.matching(queryset, self.search_vector, self.search_config, words)
        return apply_search(fields, text, queryset, self)

    def _is_full_text(self, queryset: models.QuerySet[Any]) -> bool:
        return bool(self.search_vector) and fulltext.is_possible(queryset)

    def _reading(
        self, queryset: models.QuerySet[Any], rows: tuple[Row, ...], reader: Reader, data: Data, meta: Data
    ) -> Reading:
        extra = self._labels(rows, reader, data)
        if data.get("highlight") is True:
            extra["highlights"] = self._highlights(queryset, rows, reader, data)
        return Reading(rows, meta, extra)

    def _labels(self, rows: tuple[Row, ...], reader: Reader, data: Data) -> Data:
        return {"labels": self.labels_of(rows, reader.serializer)} if data.get("labels") is True else {}

    def _highlights(
        self, queryset: models.QuerySet[Any], rows: tuple[Row, ...], reader: Reader, data: Data
    ) -> Mapping[str, Mapping[str, Parts]]:
        """Where what is searched for stands in the texts that the rows show to the caller, and in no other."""
        text = data.get("query")
        words = read_query(text) if text else ""
        if not words:
            return {}
        searched = {path.lstrip(PREFIXES) for path in self.get_search_fields()}
        fields = getattr(child(reader.serializer), "fields", {})
        names = [name for name, field in fields.items() if field.source.replace(".", "__") in searched]
        shown = [(row.pk, self.decoded(row)) for row in rows]
        if self._is_full_text(queryset):
            config = self.search_config
            return in_rows(shown, names, lambda texts: in_full_text(texts, words, config, queryset.db))
        return in_rows(shown, names, lambda texts: in_words(texts, terms_of(words)))

"""The built-in actions of a model stream (spec/protocol.md §2), each a plain function from data to answer.

They know querysets, serializers and forms, and no transport. Each is one unit of synchronous work.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models

from channels_binding.actions import builtin
from channels_binding.calls.call import Reading, Row
from channels_binding.compiled.plan import Reader
from channels_binding.exceptions import Invalid, LimitExceeded
from channels_binding.forms import formset as formset_tools
from channels_binding.forms import multipart, uploads
from channels_binding.forms.form import bind_data, bind_files, describe_form, form_errors, unknown_names
from channels_binding.querysets.filters import apply_filters, apply_search, refuse_undeclared, refuse_undeclared_params
from channels_binding.querysets.inspection import count_of
from channels_binding.querysets.pages import is_plain, keys_and_count, ordered, read_order, read_page
from channels_binding.schema import describe_stream
from channels_binding.serializers.default import rows_of
from channels_binding.serializers.keys import as_pk, from_pk
from channels_binding.serializers.relations import joined
from channels_binding.threads import settle
from channels_binding.types import Pk
from channels_binding.writes import Answer, Data, WriteMixin, refuse_unknown

if TYPE_CHECKING:
    from channels_binding.bindings import BaseBinding as Base
else:
    Base = object

MAX_IDS = 1000
"""Most ids of one ``retrieve``."""

_READ_NAMES = {"live", "labels", "fields"}
_LIST_NAMES = _READ_NAMES | {"order", "filters", "query"}


class ReadMixin(Base):
    """retrieve, search, list."""

    @builtin(is_read=True, view_action="retrieve")
    def retrieve(self, data: Data) -> Answer:
        """``{"id": 7}`` → the row; ``{"ids": [7, 9]}`` → those rows, in that order."""
        self._refuse_unknown(data, _READ_NAMES | {"id", "ids"})
        reader = self.make_reader(data)
        if "ids" in data:
            return Reading(self._rows_by_id(data["ids"], reader))
        key = self.key_of(data)
        if self.dependencies is not None:
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
        queryset = ordered(queryset, order or self.get_ordering(), self.get_model())
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
        if self.unchanged is not None and is_plain(queryset):
            keys, count = keys_and_count(queryset, window)
            return self._rows_of_keys(keys, self.unchanged, reader), count
        count = count_of(queryset)
        return (reader.rows(queryset[window]) if count > window.start else ()), count

    def _rows(self, queryset: models.QuerySet[Any], limit: int, reader: Reader) -> tuple[Row, ...]:
        """The first rows of a queryset. Of a live query that was read before, only what changed is read anew."""
        if self.unchanged is None or not is_plain(queryset):
            return reader.rows(queryset[:limit])
        keys = [as_pk(key) for key in queryset.values_list("pk", flat=True)[:limit]]
        return self._rows_of_keys(keys, self.unchanged, reader)

    def _rows_of_keys(self, keys: Sequence[Pk], known: Mapping[Pk, Row], reader: Reader) -> tuple[Row, ...]:
        """Rows in the order of ``keys``; those that are not known are read."""
        lacking = [key for key in keys if key not in known]
        if lacking:
            keys_lacking = [from_pk(self.get_model(), key) for key in lacking]
            fetched = reader.rows(self.reading_queryset().filter(pk__in=keys_lacking))
            known = {**known, **{row.pk: row for row in fetched}}
        return tuple(known[key] for key in keys if key in known)


class FormMixin(WriteMixin):
    """form."""

    @builtin(method="POST", view_action="form")
    def form(self, data: Data) -> Answer:
        """``{"id": 7}`` → the form of that row; with ``submit: {…}`` it validates and saves."""
        refuse_unknown(data, {"id", "submit", "initial"})
        with self.transaction():
            instance = None if data.get("id") is None else self.get_object(self.key_of(data), lock="submit" in data)
            self.check_form_permission(instance)
            if "submit" not in data:
                form = self.get_form(instance=instance, initial=self._initial(data))
                return self._form_answer(form, instance, self.get_formsets(instance))
            return self._submit(instance, data["submit"])

    def _initial(self, data: Data) -> Data:
        initial = data.get("initial") or {}
        if not isinstance(initial, Mapping):
            raise Invalid.field("initial", "invalid", "'initial' is an object.")
        return dict(initial)

    def _submit(self, instance: Any, submitted: Any) -> Data:
        if not isinstance(submitted, Mapping):
            raise Invalid.field("submit", "invalid", "'submit' is an object.")
        given = self.with_files(multipart.as_json(submitted, self.call.files, self.formsets))
        own = {name: value for name, value in given.items() if name not in self.formsets}
        rows = {name: value for name, value in given.items() if name in self.formsets}
        unbound = self.get_form(instance=instance)
        unknown = unknown_names(unbound, own)
        if unknown:
            refuse_unknown(dict.fromkeys(unknown), {*unbound.fields, *self.formsets})
        if instance is not None:
            self.check_version(instance)
        data, files = bind_data(unbound, own), bind_files(unbound, {**own, **self.call.files})
        bound = self.get_form(instance=instance, data=data, files=files or None)
        answer = self._judged(bound, instance, rows)
        if answer["success"]:
            uploads.spend(given, self.write_alias())
        return answer

    def _judged(self, form: Any, instance: Any, rows: Data) -> Data:
        """Save a form and its formsets if all of them are valid."""
        verdicts = [form.is_valid()]
        form.formsets = self.get_formsets(getattr(form, "instance", instance), rows)
        verdicts += [formset.is_valid() for formset in form.formsets.values()]
        if not all(verdicts):
            return self._form_answer(form, instance, form.formsets)
        for formset in form.formsets.values():
            self.check_formset(formset)
        saved = settle(self.perform_form(form))
        for formset in form.formsets.values():
            formset_tools.save(formset, saved)
        return self._form_answer(form, saved, self.get_formsets(saved), success=True)

    def get_formsets(self, instance: Any, rows: Data | None = None) -> dict[str, Any]:
        """The formsets beside the form of a row: as they are, or with what was submitted to them."""
        found = {}
        for name, cls in self.formsets.items():
            queryset = self.rows_of_formset(cls)
            if rows is None:
                found[name] = formset_tools.unbound(cls, name, instance, queryset)
            else:
                found[name] = formset_tools.bound(cls, name, instance, queryset, rows.get(name, []))
            self.scope_formset(found[name])
        return found

    def check_formset(self, formset: Any) -> None:
        """Whether the caller may write each row that a formset is about to: the stream of those rows is asked.

        Raises:
            Unauthenticated, Forbidden: The caller may not.
        """
        other = self.neighbour(getattr(formset, "model", None))
        if other is None:
            return
        for method, row in formset_tools.changes(formset):
            # the row as it is stored: the form has laid its values over the one it holds
            other.check_method(method, None if row is None else other.get_object(row.pk))

    def perform_form(self, form: Any) -> Any:
        """Save a valid form; what it returns is shown as ``object``."""
        return form.save() if hasattr(form, "save") else None

    def check_form_permission(self, instance: Any) -> None:
        """A form is for those who may write, on a stream that offers it."""
        self.get_action("create" if instance is None else "update")
        submitted = self.call.data.get("submit")
        written = submitted if isinstance(submitted, Mapping) else None
        self.check_method("POST" if instance is None else "PATCH", instance, written)

    def _form_answer(self, form: Any, instance: Any, formsets: Mapping[str, Any], *, success: bool = False) -> Data:
        row = None
        if isinstance(instance, self.get_model()) and instance.pk is not None:
            (row,) = rows_of(self.get_serializer(), [instance])
        answer: Data = {
            "fields": describe_form(form, self.stream_of),
            "object": None if row is None else self.decoded(row),
            "errors": form_errors(form),
            "success": success,
        }
        if formsets:
            wrong = {name: formset_tools.errors(formset) for name, formset in formsets.items() if formset.is_bound}
            answer["errors"] |= {name: found for name, found in wrong.items() if found}
            answer["formsets"] = [formset_tools.describe(*item, self.stream_of) for item in formsets.items()]
        return answer


class DescribeMixin(Base):
    """describe."""

    @builtin(view_action="metadata")
    def describe(self, data: Data) -> Answer:
        """What a UI needs to know of the stream (spec/protocol.md §2.2)."""
        refuse_unknown(data, set())
        return describe_stream(self)


class SubscribeMixin(Base):
    """subscribe, unsubscribe: the door does what they say, once the permissions of the stream have let the caller in."""

    @builtin(view_action="list")
    def subscribe(self, data: Data) -> Answer:
        """Hear of the stream's rows and of what its handlers dispatch."""
        refuse_unknown(data, set())
        return {"success": True}

    @builtin(view_action="list")
    def unsubscribe(self, data: Data) -> Answer:
        """No longer."""
        refuse_unknown(data, set())
        return {"success": True}


class ModelActions(ReadMixin, FormMixin, DescribeMixin, SubscribeMixin):
    """Everything that a stream with a model answers."""

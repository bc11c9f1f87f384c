"""The routes of one stream for OpenAPI: its reads, writes, forms and events, with what they take and answer."""

from collections.abc import Callable, Mapping
from inspect import getdoc
from typing import Any, TypeAlias

from django.db.models import CompositePrimaryKey
from django.utils.encoding import force_str

from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.reads import MAX_IDS
from channels_binding.contract import http_parts as parts
from channels_binding.contract.aggregates import shapes_of
from channels_binding.contract.json_schema import JsonSchemas, Schema, bounded, closed, reference
from channels_binding.contract.spectacular_fixes import LARGEST
from channels_binding.protocol.names import AGGREGATE, AGGREGATE_NAMES
from channels_binding.querysets.filters import MAX_QUERY_LENGTH
from channels_binding.querysets.pages import MAX_PAGE
from channels_binding.security.permissions import decide_about_nobody

AddressOf: TypeAlias = Callable[..., str]
"""Route name and its arguments → path: ``address_of("row", "desk.Ticket", "{id}")`` → ``"/api/desk.Ticket/{id}/"``."""

NATURAL: Schema = {"type": "integer", "minimum": 1}
TEXT_KEY = (
    "A slash is %2F. A key that reads as a form's address ('form', 'x/form') is named in the body of POST retrieve/."
)


class StreamPaths:
    """The routes of one stream."""

    def __init__(self, cls: type[BaseBinding], shapes: JsonSchemas, address_of: AddressOf) -> None:
        self.cls = cls
        self.shapes = shapes
        self.name = cls.get_stream()
        self.actions = cls.get_actions()
        self._address_of = address_of

    def tag(self) -> Schema:
        model = self.cls.find_model()
        text = getdoc(self.cls) if self.cls.__doc__ else None
        named = "Events." if model is None else f"{force_str(model._meta.verbose_name_plural).capitalize()}."
        return {"name": self.name, "description": text or named}

    def paths(self) -> dict[str, dict[str, Schema]]:
        """Path → method → operation, of what the binding offers."""
        found = self._model_paths() if self.cls.find_model() is not None else {}
        for name, action in sorted(self.actions.items()):
            if not action.is_builtin:
                with self.shapes.omissions.leaving_out(f"{self.name}.{name}"):
                    found[self._address_of("row", self.name, name)] = {"post": self._event(action)}
        return {path: item for path, item in found.items() if item}

    def _model_paths(self) -> dict[str, dict[str, Schema]]:
        address, name = self._address_of, self.name
        return {
            address("stream", name): self._offered(
                {"get": ("search", self._search), "post": ("create", self._create), **self._bulk()}
            ),
            address("row", name, "{id}"): self._offered(
                {
                    "get": ("retrieve", self._retrieve),
                    "put": ("replace", self._replace),
                    "patch": ("update", self._update),
                    "delete": ("delete", self._delete),
                }
            ),
            **self._aggregate_path(),
            address("form", name): self._offered({"get": ("form", self._form), "post": ("form", self._submit)}),
            address("row-form", name, "{id}"): self._offered(
                {"get": ("form", self._row_form), "post": ("form", self._row_submit)}
            ),
        }

    def _offered(self, operations: Mapping[str, tuple[str, Callable[[], Schema]]]) -> dict[str, Schema]:
        return {method: make() for method, (action, make) in operations.items() if action in self.actions}

    # Reads

    def _search(self) -> Schema:
        paginator = self.cls.get_pagination_class()
        if paginator is not None:
            return self._pages(paginator())
        answer = self._page()
        parameters = [*self._filters(), *self._window(), *self._ids(), *self._reading(), parts.range_header()]
        answers = {200: parts.reading(answer, **parts.LIST_HEADERS), 304: parts.unchanged(), 414: parts.too_long()}
        return self._operation("search", answers, parts.ANY, parameters)

    def _page(self) -> Schema:
        """Rows, with which of them these are; those that were asked for by ``ids`` are one page."""
        page = {
            "page": {"type": "integer", "minimum": 1},
            "limit": {"type": "integer", "minimum": 1},
            "count": {"type": "integer", "minimum": 0},
            "count_is": {"enum": ["exact", "at_least", "estimate"]},
            "has_next": {"type": "boolean"},
            "has_previous": {"type": "boolean"},
            "start": reference("cb.cursor"),
            "end": reference("cb.cursor"),
            "order": reference("cb.order"),
            "rows": {"type": "array", "items": self.shapes.row(self.cls)},
            "labels": reference("cb.labels"),
            **({"highlights": reference("cb.highlights")} if self._has_words() else {}),
        }
        found = {"type": "object", "properties": page, "required": ["limit", "order", "rows"]}
        return self.shapes.named(f"{self.name}.page", found)

    def _ids(self) -> list[Schema]:
        if "retrieve" not in self.actions:
            return []
        ids: Schema = {"type": "array", "items": self._id_schema()}
        if not self._has_composite_key:  # of those Django's own limit of parameters is about as near
            ids["maxItems"] = MAX_IDS
        text = (
            "These rows, in this order, instead of a page; missing ones are left out. Not with pages, order or filters."
        )
        return [self._keys(ids, text)]

    def _keys(self, ids: Schema, description: str) -> Schema:
        """Keys joined by commas; of composite keys, which have commas themselves, each on its own."""
        return parts.query_parameter("ids", ids, description, is_joined=not self._has_composite_key)

    @property
    def _has_composite_key(self) -> bool:
        return isinstance(self.cls.get_model()._meta.pk, CompositePrimaryKey)

    def _pages(self, paginator: Any) -> Schema:
        """DRF's own pages, where the binding asks for them."""
        rows = {"type": "array", "items": self.shapes.row(self.cls)}
        found = parts.as_json_schema(paginator.get_paginated_response_schema(rows))
        either = {"anyOf": [found, self._page()]} if "retrieve" in self.actions else found
        answer = {"description": "The answer.", "content": parts.in_json(either)}
        own = [
            parts.of_paginator(paginator, each) for each in paginator.get_schema_operation_parameters(self.shapes.view)
        ]
        taken = {"page", "limit", *(each["name"] for each in own)}
        further = (*self._filters(), *self._window(), *self._ids(), *self._reading())
        others = (each for each in further if each["name"] not in taken)
        return self._operation("search", {200: answer, 414: parts.too_long()}, (*parts.ANY, 404), [*own, *others])

    def _retrieve(self) -> Schema:
        answers = {200: parts.reading(self.shapes.row(self.cls)), 304: parts.unchanged()}
        return self._operation("retrieve", answers, (*parts.ANY, 404), [self._id(), *self._reading()])

    def _aggregate_path(self) -> dict[str, dict[str, Schema]]:
        """Its address is one of the streams alone that offer it."""
        if AGGREGATE not in self.actions:
            return {}
        found = shapes_of(self.cls, self.shapes)
        answer = parts.reading(self.shapes.named(f"{self.name}.aggregate", found.answer), **parts.GROUP_HEADERS)
        filters = self.shapes.filters(self.cls)
        named = [parts.filter_parameter(each, AGGREGATE_NAMES) for each in filters]
        parameters = [*named, *found.parameters, *self._searched(), *self._reading(are_rows=False)]
        answers = {200: answer, 304: parts.unchanged(), 414: parts.too_long()}
        body = parts.body(found.asked(filters, self.cls.get_query_params()))
        return {
            self._address_of(AGGREGATE, self.name): {
                "get": self._operation(AGGREGATE, answers, parts.ANY, parameters),
                "post": self._operation(AGGREGATE, {200: answer}, (*parts.ANY, 413, 415), [], body, of="body"),
            }
        }

    def _filters(self) -> list[Schema]:
        return [parts.filter_parameter(each) for each in self.shapes.filters(self.cls)]

    def _window(self) -> list[Schema]:
        binding = self.shapes.binding(self.cls, "search")
        names = [*binding.get_ordering_fields()]
        found = [
            parts.query_parameter("page", {**NATURAL, "maximum": MAX_PAGE, "default": 1}),
            parts.query_parameter("limit", {**NATURAL, "default": binding.get_page_size()}, "Rows of a page."),
            *(() if self.cls.get_pagination_class() else parts.counts_and_cursors()),
        ]
        if self._has_words() and not self.cls.get_pagination_class():
            found.append(
                parts.query_parameter("highlight", {"type": "boolean"}, "Whether to say where the words stand.")
            )
        if names:
            either = [*names, *(f"-{name}" for name in names)]
            order = {"type": "array", "items": {"type": "string", "enum": either}, "maxItems": len(names)}
            found.append(parts.query_parameter("order", order, "-name for descending; NULLs last."))
        return [*found, *self._searched()]

    def _searched(self) -> list[Schema]:
        words = {"type": "string", "maxLength": MAX_QUERY_LENGTH}
        return [parts.query_parameter("query", words, "Words to find.")] if self._has_words() else []

    def _has_words(self) -> bool:
        return bool(self.shapes.binding(self.cls, "search").get_search_fields())

    def _reading(self, *, are_rows: bool = True) -> list[Schema]:
        """What every read takes."""
        names = self.shapes.readable(self.cls)
        fields = {"type": "array", "items": {"type": "string", "enum": names}}
        text = "Only these fields; the key always stays, the others are missing."
        narrowed = [parts.query_parameter("fields", fields, text)] if names and are_rows else []
        return [
            *narrowed,
            *(self._expand() if are_rows else ()),
            parts.query_parameter("labels", {"type": "boolean"}, "Whether to add the texts of related rows."),
            *(parts.query_parameter(name, {"type": "string"}) for name in self.cls.get_query_params()),
            parts.header_parameter(
                "If-None-Match", {"type": "string"}, "The ETag of an earlier answer; unchanged: 304."
            ),
        ]

    def _expand(self) -> list[Schema]:
        paths = self.shapes.expandable(self.cls)
        found = parts.names_parameter(
            "expand", paths, "Related rows to put into each row, as their own streams show them."
        )
        return [found] if found else []

    # Writes

    def _create(self) -> Schema:
        location = {"schema": {"type": "string"}, "description": "The row."}
        written = self._written()
        headers = {**written["headers"], "Location": location if self._has_text_key else {**location, "required": True}}
        created = {**written, "headers": headers}
        return self._operation("create", {201: created}, (*parts.ANY, *parts.BODY), [parts.key()], self._body("create"))

    def _replace(self) -> Schema:
        return self._write("replace", self._written(), self._body("replace"))

    def _update(self) -> Schema:
        return self._write("update", self._written(), self._body("update"))

    def _delete(self) -> Schema:
        return self._write("delete", {"description": "Done.", "content": parts.in_json(self._done())})

    def _written(self) -> Schema:
        """The row, as ``retrieve`` would show it; to who may not retrieve it, its key."""
        row = {"anyOf": [self.shapes.row(self.cls), self._done()]} if "retrieve" in self.actions else self._done()
        return {"description": parts.WRITTEN, "headers": {"ETag": parts.ETAG}, "content": parts.in_json(row)}

    def _done(self) -> Schema:
        return closed({"success": {"const": True}, "id": self.shapes.key(self.cls)}, "success", "id")

    def _write(self, action: str, saved: Schema, body: Schema | None = None) -> Schema:
        codes = (*parts.ANY, 404, 412, *(parts.BODY if body else (409,)))
        return self._operation(action, {200: saved}, codes, [self._id(), parts.if_match(), parts.key()], body)

    def _bulk(self) -> dict[str, tuple[str, Callable[[], Schema]]]:
        """Writes of several rows, where the binding has ``bulk``."""
        several = {"patch": ("update", self._update_several), "delete": ("delete", self._delete_several)}
        return several if self.cls.bulk is not None else {}

    def _update_several(self) -> Schema:
        self.shapes.input(self.cls, "update")
        changes = self.shapes.resolved(f"{self.name}.update")
        ids = {"type": "array", "items": bounded(self.shapes.key(self.cls), LARGEST), "minItems": 1}
        body = {**changes, "properties": {"ids": ids, **changes.get("properties", {})}, "required": ["ids"]}
        codes = (*parts.ANY, 404, *parts.BODY)
        return self._operation(
            "update", {200: parts.several()}, codes, [parts.key()], parts.body(body, is_required=True), of="several"
        )

    def _delete_several(self) -> Schema:
        ids = self._keys({"type": "array", "items": self._id_schema(), "minItems": 1}, "Keys.")
        answers = {200: parts.several(), 414: parts.too_long()}
        parameters = [{**ids, "required": True}, parts.key()]
        return self._operation("delete", answers, (*parts.ANY, 404, 409), parameters, of="several")

    def _body(self, action: str) -> Schema:
        return parts.body(self.shapes.input(self.cls, action), is_required=self.shapes.requires(self.cls, action))

    # Forms

    def _form(self) -> Schema:
        return self._operation("form", {200: parts.form_reply("The form.")}, parts.ANY, [])

    def _row_form(self) -> Schema:
        return self._operation(
            "form", {200: parts.form_reply("The form of a row.")}, (*parts.ANY, 404), [self._id()], of="row"
        )

    def _submit(self) -> Schema:
        answers = {200: parts.form_reply("Saved."), 400: parts.refused_form()}
        codes = (*parts.ANY, *parts.BODY)
        return self._operation("form", answers, codes, [parts.key()], self._form_body(), of="submit")

    def _row_submit(self) -> Schema:
        answers = {200: parts.form_reply("Saved."), 400: parts.refused_form()}
        parameters = [self._id(), parts.if_match(), parts.key()]
        codes = (*parts.ANY, 404, 412, *parts.BODY)
        return self._operation("form", answers, codes, parameters, self._form_body(), of="row_submit")

    def _form_body(self) -> Schema:
        body = parts.body(self.shapes.form(self.cls))
        body["content"]["multipart/form-data"] = {"schema": self.shapes.posted_form(self.cls)}
        return body

    # Events

    def _event(self, action: Action) -> Schema:
        answer = {
            "description": "What the handler answers.",
            "content": parts.in_json(self.shapes.answered(self.cls, action)),
        }
        operation = self._operation(
            action.name, {200: answer}, (*parts.ANY, 404, *parts.BODY), [parts.key()], self._taken(action)
        )
        text = getdoc(action.handler)
        return {**operation, "description": text} if text else operation

    def _taken(self, action: Action) -> Schema:
        taken = self.shapes.taken(action)
        return parts.body(taken, is_required=bool(taken.get("required")))

    # Parts

    def _id(self) -> Schema:
        schema = self._id_schema()
        if self._has_text_key:  # one that ends in a slash would be read as another's address with its final slash
            schema = {**schema, "pattern": "[^/]$"}
        found: Schema = {"name": "id", "in": "path", "required": True, "schema": schema}
        return {**found, "description": TEXT_KEY} if self._has_text_key else found

    @property
    def _has_text_key(self) -> bool:
        return self.shapes.key(self.cls) == {"type": "string"}

    def _id_schema(self) -> Schema:
        """A key in a URL."""
        schema = bounded(self.shapes.key(self.cls))
        return {**schema, "minLength": 1} if self._has_text_key else schema

    def _operation(
        self,
        action: str,
        answers: Mapping[int, Schema],
        codes: tuple[int, ...],
        parameters: list[Schema],
        body: Schema | None = None,
        *,
        of: str | None = None,
    ) -> Schema:
        refusals = {code: parts.refusal(code) for code in codes if code not in answers}
        responses = {str(code): answer for code, answer in sorted({**refusals, **answers}.items())}
        summary = f"{force_str(self.cls.get_model()._meta.verbose_name)}: {action}" if self.cls.find_model() else action
        return {
            "operationId": ".".join(filter(None, (self.name, action, of))),
            "summary": summary,
            "description": parts.DESCRIPTIONS.get(action, f"The event {action!r}."),
            "tags": [self.name],
            "parameters": parameters,
            **({"requestBody": body} if body else {}),
            **({"security": [{}]} if self._is_open(action) else {}),
            "responses": responses,
        }

    def _is_open(self, name: str) -> bool:
        """Whether an event decides itself about who is not signed in, to sign somebody in for instance."""
        action = self.actions.get(name)
        return decide_about_nobody((action and action.permission_classes) or ())

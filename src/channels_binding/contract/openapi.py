"""OpenAPI 3.1 of the HTTP API: the routes of every stream, with what they take and the answers that occur."""

from collections.abc import Callable, Mapping
from inspect import getdoc
from typing import Any, TypeAlias

from django.db.models import CompositePrimaryKey
from django.utils.encoding import force_str

from channels_binding import __version__
from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.reads import MAX_IDS
from channels_binding.conf import get_settings
from channels_binding.contract import components as messages
from channels_binding.contract.json_schema import FilterShape, JsonSchemas, Schema, bounded, closed, reference
from channels_binding.contract.spectacular_fixes import LARGEST
from channels_binding.contract.spectacular_settings import inspecting
from channels_binding.protocol.names import FILTER_PREFIX, RESERVED_NAMES
from channels_binding.querysets.filters import MAX_QUERY_LENGTH
from channels_binding.querysets.pages import MAX_PAGE
from channels_binding.security.permissions import decide_about_nobody

AddressOf: TypeAlias = Callable[..., str]
"""Route name and its arguments → path: ``address_of("row", "desk.Ticket", "{id}")`` → ``"/api/desk.Ticket/{id}/"``."""
Authenticators: TypeAlias = Callable[[str], list[Any]]
"""Stream → DRF's authenticators of it."""

JSON = "application/json"
DESCRIPTION = "The streams of this project over HTTP: rows, forms and events."
ERRORS = {
    400: "The data is not valid, or is no JSON object.",
    401: "Nobody is signed in.",
    403: "The caller may not do this.",
    405: "The stream has no such action.",
    404: "There is no such row, or none that the caller may know of.",
    406: "None of the accepted media types can be served.",
    409: "The write collides with what is stored.",
    412: "The row has changed since the version of If-Match.",
    413: "The body is too large.",
    414: "The address is longer than the server in front takes; POST search/, retrieve/ and delete/ take the same in a body.",
    415: "The media type of the body is not understood.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "The database does not answer; try again.",
}
_ANY = (400, 401, 403, 406, 429, 503)
_BODY = (409, 413, 415)
_HEADERS: Mapping[int, Schema] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
}
ETAG: Schema = {"schema": {"type": "string"}, "description": "Version of the row, for If-Match; of what may be read."}
LIST_HEADERS: Schema = {
    "X-Total-Count": {"schema": {"type": "integer"}, "description": "Rows that match, on whichever page."},
    "Content-Range": {
        "schema": {"type": "string"},
        "description": "Which rows these are, where Range asks: items 0-24/57.",
    },
    "Link": {"schema": {"type": "string"}, "description": "The pages beside this one (RFC 8288): rel next and prev."},
}
WRITTEN = "The row, as GET of its address shows it; to who may not see it, its key."

TEXT_KEY = (
    "A slash is %2F. A key that reads as a form's address ('form', 'x/form') is named in the body of POST retrieve/."
)


def document(request: Any, address_of: AddressOf, authenticators: Authenticators) -> dict[str, Any]:
    """The whole document, as the user of ``request`` may see it."""
    with inspecting():
        shapes = JsonSchemas(request)
        paths: dict[str, Any] = {}
        tags: list[Schema] = []

        def describe(cls: type[BaseBinding]) -> None:
            stream = _Stream(cls, shapes, address_of)
            security = shapes.security(authenticators(stream.name))
            paths.update({path: _secured(item, security) for path, item in stream.paths().items()})
            tags.append(stream.tag())

        shapes.each_stream(describe)
        paths[address_of("upload")] = _secured({"post": _upload()}, shapes.security(authenticators("")))
        paths[address_of("batch")] = _secured({"post": _batch()}, shapes.security(authenticators("")))
        components = {**messages.closure(*_SHARED), **shapes.components}
        left_out = shapes.omissions.sentence()
        return {
            "openapi": "3.1.0",
            "info": {"title": "Channels Binding", "version": __version__, "description": DESCRIPTION + left_out},
            "paths": paths,
            "components": {"schemas": components, "securitySchemes": shapes.security_schemes},
            "tags": tags,
        }


_SHARED = ("error", "form", "description", "labels", "order", "severalAnswer", "batchAnswer")


def _batch() -> Schema:
    """Several operations in one request."""
    taken = messages.definitions()["cb.batch"]["properties"]["data"]["properties"]
    name = taken["ops"]["items"]["properties"]["as"]
    operation = closed({"event": {"type": "string"}, "data": {"type": "object"}, "as": name}, "event")
    ops = {"type": "array", "items": operation, "minItems": 1, "maxItems": get_settings().MAX_BATCH_OPS}
    answer = {"description": "Of each operation, its answer.", "content": _json(reference("cb.batchAnswer"))}
    refusals = {str(code): _refusal(code) for code in (*_ANY, 404, 405, 409, 412, 413, 415)}
    return {
        "operationId": "batch",
        "summary": "Several operations in one request, all or each for itself.",
        "parameters": [_key()],
        "requestBody": _body(closed({"atomic": taken["atomic"], "ops": ops}, "ops"), is_required=True),
        "responses": {"200": answer, **refusals},
    }


def _upload() -> Schema:
    """A file for a socket, or for a JSON body."""
    file = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
    kinds = {"token": "string", "name": "string", "size": "integer", "seconds": "integer"}
    kept = closed({name: {"type": kind} for name, kind in kinds.items()}, *kinds)
    refusals = {str(code): _refusal(code) for code in (400, 401, 403, 406, 413, 415, 429, 503)}
    return {
        "operationId": "upload",
        "summary": 'Keep a file; {"$file": token} stands for it, on the socket and in JSON.',
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": file}}},
        "responses": {"201": {"description": "Kept.", "content": _json(kept)}, **refusals},
    }


def _secured(item: Mapping[str, Schema], security: list[Schema]) -> dict[str, Schema]:
    """With how one signs in; an operation may say itself that one need not (``{}``)."""
    if not security:
        return dict(item)
    return {
        method: {**operation, "security": [*security, *operation.get("security", ())]}
        for method, operation in item.items()
    }


class _Stream:
    """The routes of one stream."""

    def __init__(self, cls: type[BaseBinding], shapes: JsonSchemas, address_of: AddressOf) -> None:
        self.cls = cls
        self.shapes = shapes
        self.name = cls.get_stream()
        self.actions = cls.get_actions()
        self._address_of = address_of

    def tag(self) -> Schema:
        text = getdoc(self.cls) if self.cls.__doc__ else None
        return {"name": self.name, **({"description": text} if text else {})}

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
        page = {
            "page": {"type": "integer", "minimum": 1},
            "limit": {"type": "integer", "minimum": 1},
            "count": {"type": "integer", "minimum": 0},
            "order": reference("cb.order"),
            "rows": {"type": "array", "items": self.shapes.row(self.cls)},
            "labels": reference("cb.labels"),
        }
        found = {"type": "object", "properties": page, "required": ["page", "limit", "count", "order", "rows"]}
        answer = {"anyOf": [found, self._several_rows()]} if "retrieve" in self.actions else found
        parameters = [*self._filters(), *self._window(), *self._ids(), *self._reading(), _range()]
        found_rows = _read(answer)
        found_rows["headers"] = {**found_rows["headers"], **LIST_HEADERS}
        return self._operation("search", {200: found_rows, 304: _unchanged(), 414: _too_long()}, _ANY, parameters)

    def _several_rows(self) -> Schema:
        """What ``ids`` are answered with."""
        rows = {"type": "array", "items": self.shapes.row(self.cls)}
        properties = {"rows": rows, "labels": reference("cb.labels")}
        return {"type": "object", "properties": properties, "required": ["rows"], "additionalProperties": False}

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
        return _query("ids", ids, description, is_joined=not self._has_composite_key)

    @property
    def _has_composite_key(self) -> bool:
        return isinstance(self.cls.get_model()._meta.pk, CompositePrimaryKey)

    def _pages(self, paginator: Any) -> Schema:
        """DRF's own pages, where the binding asks for them."""
        rows = {"type": "array", "items": self.shapes.row(self.cls)}
        found = paginator.get_paginated_response_schema(rows)
        either = {"anyOf": [found, self._several_rows()]} if "retrieve" in self.actions else found
        answer = {"description": "The answer.", "content": _json(either)}
        own = [_of_paginator(paginator, each) for each in paginator.get_schema_operation_parameters(self.shapes.view)]
        taken = {"page", "limit", *(each["name"] for each in own)}
        further = (*self._filters(), *self._window(), *self._ids(), *self._reading())
        others = (each for each in further if each["name"] not in taken)
        return self._operation("search", {200: answer, 414: _too_long()}, (*_ANY, 404), [*own, *others])

    def _retrieve(self) -> Schema:
        answers = {200: _read(self.shapes.row(self.cls)), 304: _unchanged()}
        return self._operation("retrieve", answers, (*_ANY, 404), [self._id(), *self._reading()])

    def _filters(self) -> list[Schema]:
        return [_filter(each) for each in self.shapes.filters(self.cls)]

    def _window(self) -> list[Schema]:
        binding = self.shapes.binding(self.cls, "search")
        names = [*binding.get_ordering_fields()]
        found = [
            _query("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}),
            _query("limit", {"type": "integer", "minimum": 1, "default": binding.get_page_size()}, "Rows of a page."),
        ]
        if names:
            either = [*names, *(f"-{name}" for name in names)]
            order = {"type": "array", "items": {"type": "string", "enum": either}, "maxItems": len(names)}
            found.append(_query("order", order, "-name for descending; NULLs last."))
        if binding.get_search_fields():
            found.append(_query("query", {"type": "string", "maxLength": MAX_QUERY_LENGTH}, "Words to find."))
        return found

    def _reading(self) -> list[Schema]:
        """What every read takes."""
        names = self.shapes.readable(self.cls)
        fields = {"type": "array", "items": {"type": "string", "enum": names}}
        narrowed = [_query("fields", fields, "Only these fields; the key always stays.")] if names else []
        return [
            *narrowed,
            _query("labels", {"type": "boolean"}, "Whether to add the texts of related rows."),
            *(_query(name, {"type": "string"}) for name in self.cls.get_query_params()),
            _header("If-None-Match", {"type": "string"}, "The ETag of an earlier answer; unchanged: 304."),
        ]

    # Writes

    def _create(self) -> Schema:
        location = {"schema": {"type": "string"}, "description": "The row."}
        written = self._written()
        headers = {**written["headers"], "Location": location if self._has_text_key else {**location, "required": True}}
        created = {**written, "headers": headers}
        return self._operation("create", {201: created}, (*_ANY, *_BODY), [_key()], self._body("create"))

    def _replace(self) -> Schema:
        return self._write("replace", self._written(), self._body("replace"))

    def _update(self) -> Schema:
        return self._write("update", self._written(), self._body("update"))

    def _delete(self) -> Schema:
        return self._write("delete", {"description": "Done.", "content": _json(self._done())})

    def _written(self) -> Schema:
        """The row, as ``retrieve`` would show it; to who may not retrieve it, its key."""
        row = {"anyOf": [self.shapes.row(self.cls), self._done()]} if "retrieve" in self.actions else self._done()
        return {"description": WRITTEN, "headers": {"ETag": ETAG}, "content": _json(row)}

    def _done(self) -> Schema:
        return closed({"success": {"const": True}, "id": self.shapes.key(self.cls)}, "success", "id")

    def _write(self, action: str, saved: Schema, body: Schema | None = None) -> Schema:
        codes = (*_ANY, 404, 412, *(_BODY if body else (409,)))
        return self._operation(action, {200: saved}, codes, [self._id(), _if_match(), _key()], body)

    def _bulk(self) -> dict[str, tuple[str, Callable[[], Schema]]]:
        """Writes of several rows, where the binding has ``bulk``."""
        several = {"patch": ("update", self._update_several), "delete": ("delete", self._delete_several)}
        return several if self.cls.bulk is not None else {}

    def _update_several(self) -> Schema:
        self.shapes.input(self.cls, "update")
        changes = self.shapes.resolved(f"{self.name}.update")
        ids = {"type": "array", "items": bounded(self.shapes.key(self.cls), LARGEST), "minItems": 1}
        body = {**changes, "properties": {"ids": ids, **changes.get("properties", {})}, "required": ["ids"]}
        codes = (*_ANY, 404, *_BODY)
        return self._operation(
            "update", {200: _several()}, codes, [_key()], _body(body, is_required=True), of="several"
        )

    def _delete_several(self) -> Schema:
        ids = self._keys({"type": "array", "items": self._id_schema(), "minItems": 1}, "Keys.")
        answers = {200: _several(), 414: _too_long()}
        parameters = [{**ids, "required": True}, _key()]
        return self._operation("delete", answers, (*_ANY, 404, 409), parameters, of="several")

    def _body(self, action: str) -> Schema:
        return _body(self.shapes.input(self.cls, action), is_required=self.shapes.requires(self.cls, action))

    # Forms

    def _form(self) -> Schema:
        return self._operation("form", {200: _form_reply("The form.")}, _ANY, [])

    def _row_form(self) -> Schema:
        return self._operation("form", {200: _form_reply("The form of a row.")}, (*_ANY, 404), [self._id()], of="row")

    def _submit(self) -> Schema:
        answers = {200: _form_reply("Saved."), 400: _refused_form()}
        codes = (*_ANY, *_BODY)
        return self._operation("form", answers, codes, [_key()], self._form_body(), of="submit")

    def _row_submit(self) -> Schema:
        answers = {200: _form_reply("Saved."), 400: _refused_form()}
        parameters = [self._id(), _if_match(), _key()]
        codes = (*_ANY, 404, 412, *_BODY)
        return self._operation("form", answers, codes, parameters, self._form_body(), of="row_submit")

    def _form_body(self) -> Schema:
        body = _body(self.shapes.form(self.cls))
        body["content"]["multipart/form-data"] = {"schema": self.shapes.posted_form(self.cls)}
        return body

    # Events

    def _event(self, action: Action) -> Schema:
        answer = {"description": "What the handler answers.", "content": _json(self.shapes.answered(self.cls, action))}
        operation = self._operation(action.name, {200: answer}, (*_ANY, 404, *_BODY), [_key()], self._taken(action))
        text = getdoc(action.handler)
        return {**operation, "description": text} if text else operation

    def _taken(self, action: Action) -> Schema:
        taken = self.shapes.taken(action)
        return _body(taken, is_required=bool(taken.get("required")))

    # Parts

    def _id(self) -> Schema:
        found: Schema = {"name": "id", "in": "path", "required": True, "schema": self._id_schema()}
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
        refusals = {code: _refusal(code) for code in codes if code not in answers}
        responses = {str(code): answer for code, answer in sorted({**refusals, **answers}.items())}
        summary = f"{force_str(self.cls.get_model()._meta.verbose_name)}: {action}" if self.cls.find_model() else action
        return {
            "operationId": ".".join(filter(None, (self.name, action, of))),
            "summary": summary,
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


def _several() -> Schema:
    return {"description": "Of each row, what became of it.", "content": _json(reference("cb.severalAnswer"))}


def _of_paginator(paginator: Any, parameter: Schema) -> Schema:
    """A query parameter of DRF's; but for the page itself, what is wrong is ignored."""
    is_page = parameter["name"] in (
        getattr(paginator, "page_query_param", None),
        getattr(paginator, "cursor_query_param", None),
    )
    return parameter if is_page else {**parameter, "schema": {}}


def _json(schema: Schema) -> Schema:
    return {JSON: {"schema": schema}}


def _body(schema: Schema, *others: str, is_required: bool = False) -> Schema:
    """No body is an empty object, which is enough where nothing is required."""
    return {"required": is_required, "content": {media: {"schema": schema} for media in (JSON, *others)}}


def _read(schema: Schema) -> Schema:
    etag = {"schema": {"type": "string"}, "description": "Version of the answer."}
    live = {"text/event-stream": {"schema": {"type": "string"}}}
    text = "The answer; with Accept: text/event-stream the same read, and whatever changes it."
    return {"description": text, "headers": {"ETag": etag}, "content": {**_json(schema), **live}}


def _unchanged() -> Schema:
    return {"description": "As the client has it."}


def _too_long() -> Schema:
    """Of the server in front, in words of its own."""
    return {"description": ERRORS[414]}


def _form_reply(description: str) -> Schema:
    return {"description": description, "content": _json(reference("cb.form"))}


def _refused_form() -> Schema:
    """A form with its errors, or what is wrong with the request."""
    return {"description": ERRORS[400], "content": _json({"anyOf": [reference("cb.form"), reference("cb.error")]})}


def _refusal(code: int) -> Schema:
    headers = _HEADERS.get(code)
    return {
        "description": ERRORS[code],
        **({"headers": headers} if headers else {}),
        "content": _json(reference("cb.error")),
    }


def _query(name: str, schema: Schema, description: str = "", *, is_joined: bool = True) -> Schema:
    found: Schema = {"name": name, "in": "query", "schema": schema}
    if schema.get("type") == "array":
        found |= {"style": "form", "explode": not is_joined}
    return {**found, "description": description} if description else found


def _filter(shape: FilterShape) -> Schema:
    name = f"{FILTER_PREFIX}{shape.name}" if shape.name in RESERVED_NAMES else shape.name
    return _query(name, shape.schema, is_joined=shape.is_joined)


def _header(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "header", "schema": schema, "description": description}


def _key() -> Schema:
    text = "Same key and data within 24 h: the stored answer, and no second write."
    return _header("Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255}, text)


def _range() -> Schema:
    text = "Rows from 0, of a page and under any name, in place of page and limit: items=25-49."
    return _header("Range", {"type": "string"}, text)


def _if_match() -> Schema:
    return _header("If-Match", {"type": "string"}, "The ETag of the row that the writer last saw; changed since: 412.")

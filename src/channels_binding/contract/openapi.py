"""OpenAPI 3.1 of the HTTP API: the routes of every stream, with what they take and the answers that occur."""

from collections.abc import Callable, Mapping
from inspect import getdoc
from typing import Any, TypeAlias

from django.db.models import CompositePrimaryKey
from django.utils.encoding import force_str
from drf_spectacular.settings import spectacular_settings

from channels_binding import __version__
from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.reads import MAX_IDS
from channels_binding.conf import get_settings
from channels_binding.contract import components as messages
from channels_binding.contract import http_parts as parts
from channels_binding.contract.json_schema import JsonSchemas, Schema, bounded, closed, reference
from channels_binding.contract.spectacular_fixes import LARGEST
from channels_binding.contract.spectacular_settings import inspecting
from channels_binding.querysets.filters import MAX_QUERY_LENGTH
from channels_binding.querysets.pages import MAX_PAGE
from channels_binding.security.permissions import decide_about_nobody

AddressOf: TypeAlias = Callable[..., str]
"""Route name and its arguments → path: ``address_of("row", "desk.Ticket", "{id}")`` → ``"/api/desk.Ticket/{id}/"``."""
Authenticators: TypeAlias = Callable[[str], list[Any]]
"""Stream → DRF's authenticators of it."""

NATURAL: Schema = {"type": "integer", "minimum": 1}
TEXT_KEY = (
    "A slash is %2F. A key that reads as a form's address ('form', 'x/form') is named in the body of POST retrieve/."
)


def document(request: Any, address_of: AddressOf, authenticators: Authenticators) -> dict[str, Any]:
    """The whole document, as the user of ``request`` may see it."""
    with inspecting():
        shapes = JsonSchemas(request)
        paths: dict[str, Any] = {}
        tags: list[Schema] = [OF_ALL]

        def path_of(*args: str) -> str:
            """Both spellings are served; documents have the one without the slash, as tools for them want it."""
            return address_of(*args).removesuffix("/")

        def describe(cls: type[BaseBinding]) -> None:
            stream = _Stream(cls, shapes, path_of)
            security = shapes.security(authenticators(stream.name))
            paths.update({path: _secured(item, security) for path, item in stream.paths().items()})
            tags.append(stream.tag())

        shapes.each_stream(describe)
        paths[path_of("upload")] = _secured({"post": _upload()}, shapes.security(authenticators("")))
        paths[path_of("batch")] = _secured({"post": _batch()}, shapes.security(authenticators("")))
        components = {**shapes.components, **messages.closure(*messages.referred([paths, shapes.components]))}
        own = spectacular_settings.SERVERS or [{"url": request.build_absolute_uri("/").removesuffix("/")}]
        return {
            "openapi": "3.1.0",
            "info": _info(shapes.omissions.sentence()),
            "servers": own,
            "paths": paths,
            "components": {"schemas": components, "securitySchemes": shapes.security_schemes},
            "tags": tags,
        }


OF_ALL: Schema = {"name": "cb", "description": "What belongs to no stream: several operations at once, and files."}


def _info(left_out: str) -> Schema:
    """What the project says of its API to drf-spectacular (``SPECTACULAR_SETTINGS``), else our own words."""
    said = spectacular_settings
    version = __version__ if said.VERSION == "0.0.0" else said.VERSION  # drf-spectacular's default
    others = {"termsOfService": said.TOS, "contact": said.CONTACT, "license": said.LICENSE}
    return {
        "title": said.TITLE or "Channels Binding",
        "version": version,
        "description": (said.DESCRIPTION or parts.DESCRIPTION) + left_out,
        **{name: value for name, value in others.items() if value},
    }


def _batch() -> Schema:
    """Several operations in one request."""
    taken = messages.definitions()["cb.batch"]["properties"]["data"]["properties"]
    name = taken["ops"]["items"]["properties"]["as"]
    operation = closed({"event": {"type": "string"}, "data": {"type": "object"}, "as": name}, "event")
    ops = {"type": "array", "items": operation, "minItems": 1, "maxItems": get_settings().MAX_BATCH_OPS}
    answer = {"description": "Of each operation, its answer.", "content": parts.in_json(reference("cb.batchAnswer"))}
    refusals = {str(code): parts.refusal(code) for code in (*parts.ANY, 404, 405, 409, 412, 413, 415)}
    return {
        "operationId": "batch",
        "summary": "Several operations in one request, all or each for itself.",
        "description": parts.BATCH,
        "tags": [OF_ALL["name"]],
        "parameters": [parts.key()],
        "requestBody": parts.body(closed({"atomic": taken["atomic"], "ops": ops}, "ops"), is_required=True),
        "responses": {"200": answer, **refusals},
    }


def _upload() -> Schema:
    """A file for a socket, or for a JSON body."""
    file = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
    kinds = {"token": "string", "name": "string", "size": "integer", "seconds": "integer"}
    kept = closed({name: {"type": kind} for name, kind in kinds.items()}, *kinds)
    refusals = {str(code): parts.refusal(code) for code in (400, 401, 403, 406, 413, 415, 429, 503)}
    return {
        "operationId": "upload",
        "summary": "Keep a file",
        "description": 'Keep a file; {"$file": token} stands for it, on the socket and in JSON.',
        "tags": [OF_ALL["name"]],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": file}}},
        "responses": {"201": {"description": "Kept.", "content": parts.in_json(kept)}, **refusals},
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
            "order": reference("cb.order"),
            "rows": {"type": "array", "items": self.shapes.row(self.cls)},
            "labels": reference("cb.labels"),
        }
        found = {"type": "object", "properties": page, "required": ["page", "limit", "count", "order", "rows"]}
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

    def _filters(self) -> list[Schema]:
        return [parts.filter_parameter(each) for each in self.shapes.filters(self.cls)]

    def _window(self) -> list[Schema]:
        binding = self.shapes.binding(self.cls, "search")
        names = [*binding.get_ordering_fields()]
        found = [
            parts.query_parameter("page", {**NATURAL, "maximum": MAX_PAGE, "default": 1}),
            parts.query_parameter("limit", {**NATURAL, "default": binding.get_page_size()}, "Rows of a page."),
        ]
        if names:
            either = [*names, *(f"-{name}" for name in names)]
            order = {"type": "array", "items": {"type": "string", "enum": either}, "maxItems": len(names)}
            found.append(parts.query_parameter("order", order, "-name for descending; NULLs last."))
        if binding.get_search_fields():
            found.append(
                parts.query_parameter("query", {"type": "string", "maxLength": MAX_QUERY_LENGTH}, "Words to find.")
            )
        return found

    def _reading(self) -> list[Schema]:
        """What every read takes."""
        names = self.shapes.readable(self.cls)
        fields = {"type": "array", "items": {"type": "string", "enum": names}}
        text = "Only these fields; the key always stays, the others are missing."
        narrowed = [parts.query_parameter("fields", fields, text)] if names else []
        return [
            *narrowed,
            parts.query_parameter("labels", {"type": "boolean"}, "Whether to add the texts of related rows."),
            *(parts.query_parameter(name, {"type": "string"}) for name in self.cls.get_query_params()),
            parts.header_parameter(
                "If-None-Match", {"type": "string"}, "The ETag of an earlier answer; unchanged: 304."
            ),
        ]

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

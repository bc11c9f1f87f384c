"""OpenAPI 3.1 of the HTTP API: the routes of every stream, with what they take and the answers that occur."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from drf_spectacular.settings import spectacular_settings

from channels_binding import __version__
from channels_binding.bindings.base import BaseBinding
from channels_binding.conf import get_settings
from channels_binding.contract import components as messages
from channels_binding.contract import http_parts as parts
from channels_binding.contract.json_schema import JsonSchemas, Schema, closed, reference
from channels_binding.contract.spectacular_settings import inspecting
from channels_binding.contract.stream_paths import AddressOf, StreamPaths

Authenticators: TypeAlias = Callable[[str], list[Any]]
"""Stream → DRF's authenticators of it."""


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
            stream = StreamPaths(cls, shapes, path_of)
            security = shapes.security(authenticators(stream.name))
            paths.update({path: _secured(item, security) for path, item in stream.paths().items()})
            tags.append(stream.tag())

        shapes.each_stream(describe)
        paths[path_of("hello")] = _secured({"get": _hello()}, shapes.security(authenticators("")))
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


def _hello() -> Schema:
    """Who the caller is."""
    user: Schema = {"type": ["string", "null"]}
    members = {"proto": {"const": "cb.1"}, "user": user, "expires_in": {"type": "integer"}, "csrf": {"type": "string"}}
    answer = {"description": "Who the caller is.", "content": parts.in_json(closed(members, "proto", "user"))}
    refusals = {str(code): parts.refusal(code) for code in (401, 403, 406, 429, 503)}
    return {
        "operationId": "hello",
        "summary": "Who the caller is",
        "description": "What `cb.hello` says on a socket; `csrf` is what a page sends as `X-CSRFToken`.",
        "tags": [OF_ALL["name"]],
        "responses": {"200": answer, **refusals},
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

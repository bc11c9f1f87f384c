"""The tools over streamable HTTP: ``path("mcp/", include("channels_binding.contrib.mcp.urls"))``.

Each request is answered by itself, with JSON: there is no session to take over, and no stream that stays open.
Who asks is said by a token alone, never by a cookie, so that no page can ask in its visitor's name.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from channels_binding.conf import get_settings
from channels_binding.contrib.mcp.identification import SCOPE, by_token
from channels_binding.exceptions import BadRequest, BindingError, Forbidden, MethodNotAllowed, TooLarge, Unauthenticated
from channels_binding.protocol import codecs
from channels_binding.security import origins
from channels_binding.security.authentication import Identity


@login_not_required  # a token says who it is
@csrf_exempt  # a cookie says nothing here
async def endpoint(request: HttpRequest) -> HttpResponse:
    """One message of an MCP client."""
    try:
        _check(request)
        body = _body(request)
        identify = by_token(_token(request), _scope(request))
        identity = await identify()
    except BindingError as error:
        return _refused(error)
    answer = await asyncio.to_thread(_answer_of_the_sdk)
    return await answer(_scope(request), body, identity)


def _answer_of_the_sdk() -> Callable[[dict[str, Any], bytes, Identity], Awaitable[HttpResponse]]:
    """The SDK takes a second of processor time to import: in a thread, and only where somebody asks."""
    from channels_binding.contrib.mcp.exchange import answer

    return answer


def _check(request: HttpRequest) -> None:
    """Neither a foreign page nor a host that is not ours (DNS rebinding); and nothing but POST, so that no stream is opened."""
    try:
        request.get_host()
    except DisallowedHost:
        raise BadRequest("ALLOWED_HOSTS does not name this host.") from None
    if not origins.is_allowed(_scope(request)):
        raise Forbidden("A page of this origin may not ask.")
    if request.method != "POST":
        raise MethodNotAllowed("MCP clients POST here; no stream is opened, and there is no session to end.")


def _body(request: HttpRequest) -> bytes:
    limits = get_settings()
    try:
        body = request.body
    except RequestDataTooBig:
        raise TooLarge() from None
    codecs.decode(body, max_bytes=limits.MAX_FRAME_BYTES, max_depth=limits.MAX_DEPTH)
    return body


def _token(request: HttpRequest) -> str:
    """``Authorization: Bearer abc`` → ``"abc"``, under whatever keyword."""
    keyword, _, token = request.headers.get("Authorization", "").partition(" ")
    if keyword.lower() not in ("bearer", "token") or not token.strip():
        raise Unauthenticated("Send a token: Authorization: Bearer …")
    return token.strip()


def _scope(request: HttpRequest) -> dict[str, Any]:
    """What the SDK is told of a request: no cookie, and no token."""
    left_out = ("cookie", "authorization")
    headers = [(name.lower(), value) for name, value in request.headers.items() if name.lower() not in left_out]
    pairs = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    return {
        **SCOPE,
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "headers": pairs,
        "client": (request.META.get("REMOTE_ADDR", ""), 0),
    }


def _refused(error: BindingError) -> HttpResponse:
    response = HttpResponse(
        json.dumps(error.to_json(), default=str), status=error.status, content_type="application/json"
    )
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if error.status == 405:
        response["Allow"] = "POST"
    return response

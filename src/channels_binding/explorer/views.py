"""``explorer/`` and what its page asks for beside the streams: Django's views, without staticfiles."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from channels_binding.exception_handler import as_error
from channels_binding.exceptions import BindingError, Forbidden, Invalid, NotFound, Unauthenticated
from channels_binding.explorer import access, build, offers, page
from channels_binding.live import process_figures
from channels_binding.live.queries import explain as explanations
from channels_binding.protocol import codecs
from channels_binding.rest.asgi import ThreadedView

ONE_YEAR_SECONDS = 31_536_000


def _show(request: HttpRequest) -> HttpResponse:
    """The page; who is nobody yet is sent where one signs in."""
    found = access.verdict(request)
    if found == "closed":
        raise Http404
    if found == "nobody" and (login := access.login_link(request)) is not None:
        return HttpResponseRedirect(login, headers={"Cache-Control": "private, no-store"})
    if found != "welcome":
        return page.refused(request, found)
    try:
        built = build.current()
    except build.NotBuilt:
        return page.not_built(request)
    get_token(request)  # a form that brings files is sent with the cookie's
    return page.respond(request, built)


def _send_file(request: HttpRequest, name: str) -> HttpResponse:
    """A file of the page. It is the same for everybody, and under its name for good."""
    try:
        is_known = access.opened_by() is not False and name in build.current().names
    except build.NotBuilt:
        is_known = False
    if not is_known:
        raise Http404
    compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(build.content(name, compressed=compressed), content_type=_type(name))
    response["Cache-Control"] = f"public, max-age={ONE_YEAR_SECONDS}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    if compressed:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


def _type(name: str) -> str:
    return build.TYPES.get(f".{name.rpartition('.')[2]}", "application/octet-stream")


def _json(answer: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """What a function returns, as JSON, for those who may have the page; errors in the contract's words."""

    @wraps(answer)
    def answered(request: HttpRequest, **names: str) -> HttpResponse:
        try:
            _check(access.verdict(request))
            body, status = answer(request, **names), 200
        except Exception as exception:
            error = as_error(exception)
            body, status = error.to_json(), error.status
        response = HttpResponse(codecs.encode(body), content_type="application/json", status=status)
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return answered


def _check(found: access.Verdict) -> None:
    """
    Raises:
        BindingError: The caller may not have the page.
    """
    refusals: dict[str, type[BindingError]] = {
        "closed": NotFound,
        "nobody": Unauthenticated,
        "somebody else": Forbidden,
    }
    if found in refusals:
        raise refusals[found]()


def _check_staff(request: HttpRequest) -> None:
    if not access.is_staff(request):
        raise Forbidden("This is for the staff (is_staff).")


def _streams(request: HttpRequest) -> dict[str, Any]:
    return {"streams": offers.streams(request)}


def _stream(request: HttpRequest, stream: str) -> dict[str, Any]:
    return offers.stream(request, stream)


def _explain(request: HttpRequest) -> dict[str, Any]:
    """How the caller's own list is read: ``?stream=shop.Order&data={"filters": {"status": "open"}}``."""
    _check_staff(request)
    try:
        data = codecs.parse((request.GET.get("data") or "{}").encode())
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise Invalid.field("data", "invalid", "'data' is an object, as JSON.")
    cls = offers.find(request, request.GET.get("stream", ""))
    return explanations.explain(cls, offers.question(request, cls.get_stream(), "search", data))


def _figures(request: HttpRequest) -> dict[str, Any]:
    _check_staff(request)
    return process_figures()


show = ThreadedView(require_safe(_show))
send_file = ThreadedView(require_safe(_send_file))
streams = ThreadedView(require_safe(_json(_streams)))
stream = ThreadedView(require_safe(_json(_stream)))
explain = ThreadedView(require_safe(_json(_explain)))
figures = ThreadedView(require_safe(_json(_figures)))

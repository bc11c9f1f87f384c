"""Projects that differ in Django's settings and in their middleware."""

import re
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib import auth
from django.core.exceptions import MiddlewareNotUsed, PermissionDenied
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import get_script_prefix, include, path
from django.utils.functional import lazy
from django.utils.translation import get_language

from tests.project.settings import MIDDLEWARE
from tests.project.zoo.models import Label

JSON = (b"accept", b"application/json")
SECRET = b"k" * 32
SEEN: list[Any] = []


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    """The application behind, which only notes that it was asked."""
    SEEN.append(scope["type"])
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"elsewhere"})


def named(*own: Any) -> dict[str, Any]:
    return {"MIDDLEWARE": [*MIDDLEWARE, *(f"{each.__module__}.{each.__name__}" for each in own)]}


class Stranger:
    """A middleware of a project's own, which signs people out."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        if "HTTP_X_OUT" in request.META:
            auth.logout(request)
        response = self.get_response(request)
        response["X-Stranger"] = f"{request.user} {request.resolver_match} {get_script_prefix()}"
        return response


class Refusing:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        if request.method == "GET":
            raise PermissionDenied
        if request.method == "POST":
            return JsonResponse({"closed": True}, status=503)
        raise ValueError("in a middleware")


class Unused:
    def __init__(self, get_response: Any) -> None:
        raise MiddlewareNotUsed


class Streaming:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        async def twice() -> AsyncIterator[bytes]:
            yield response.content
            yield response.content

        response = self.get_response(request)
        return StreamingHttpResponse(twice(), status=response.status_code)


class Asynchronous:
    """A middleware that is a coroutine alone."""

    sync_capable, async_capable = False, True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: Any) -> Any:
        assert iscoroutinefunction(self.get_response)
        labels = await Label.objects.acount()
        response = await self.get_response(request)
        response["X-Labels"] = str(labels)
        return response


class Rerouting:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        request.urlconf = Rerouted
        return self.get_response(request)


class Renaming:
    """A middleware that has addresses lead elsewhere."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        request.path_info = request.path_info.replace("/zoo.Note/", "/zoo.Label/")
        return self.get_response(request)


class Rerouted:
    urlpatterns = [path("api/zoo.Note/", lambda request: HttpResponse("rerouted"))]


class Translated:
    """Addresses that are others in another language: ``/api-en/``, ``/api-de/``."""

    route: Any = lazy(lambda: f"api-{(get_language() or 'en')[:2]}/", str)()
    urlpatterns = [path(route, include("channels_binding.urls"))]


def first(*names: str) -> dict[str, Any]:
    return {"MIDDLEWARE": [*names, *MIDDLEWARE]}


SECURITY = first(
    "django.middleware.security.SecurityMiddleware", "django.middleware.clickjacking.XFrameOptionsMiddleware"
)
PROJECTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "none": {"MIDDLEWARE": []},
    "security": SECURITY,
    "https": {**SECURITY, "SECURE_SSL_REDIRECT": True, "SECURE_HSTS_SECONDS": 60},
    "proxied": {
        **SECURITY,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "USE_X_FORWARDED_HOST": True,
    },
    "www": {"PREPEND_WWW": True, "ALLOWED_HOSTS": ["*"]},
    "languages": first("django.middleware.locale.LocaleMiddleware"),
    "translated": {**first("django.middleware.locale.LocaleMiddleware"), "ROOT_URLCONF": Translated},
    "conditional": first("django.middleware.http.ConditionalGetMiddleware"),
    "sessions saved": {"SESSION_SAVE_EVERY_REQUEST": True},
    "csrf in sessions": {"CSRF_USE_SESSIONS": True},
    "a stranger": named(Stranger),
    "refusing": named(Refusing),
    "unused": named(Unused),
    "asynchronous": named(Asynchronous),
    "streaming": named(Streaming),
    "debug": {"DEBUG": True, "ALLOWED_HOSTS": ["*"]},
    "below a path": {"FORCE_SCRIPT_NAME": "/site"},
    "agents": {"DISALLOWED_USER_AGENTS": [re.compile("bad")]},
    "rerouted": named(Rerouting),
    "renamed": named(Renaming),
    "below a path that ends with a slash": {"FORCE_SCRIPT_NAME": "/site/"},
}

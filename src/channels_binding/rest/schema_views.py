"""``schema/``, ``asyncapi/`` and ``docs/``: the contract of this project's streams, for programs and for people.

Like any other request they need somebody to be signed in, unless anonymous connections are allowed.

drf-spectacular and what it needs (DRF's and Django's test clients) are loaded when a document is first asked for: a server
that answers rows starts without them.
"""

from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from django.apps import apps
from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.html import format_html
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from channels_binding.calls.requests import django_request
from channels_binding.conf import get_settings
from channels_binding.exceptions import NotFound, Unauthenticated
from channels_binding.rest.base_view import BindingView
from channels_binding.rest.callers import authenticators_of
from channels_binding.rest.http import WireRenderer

ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "favicon-32x32.png": "image/png"}
"""Files of Swagger UI, out of drf-spectacular-sidecar: no other host is asked."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="icon" href="favicon-32x32.png">
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js" data-schema="{}" data-token="{}" data-header="{}"></script>
</body>
</html>"""

START = """
const { schema, token, header } = document.currentScript.dataset
SwaggerUIBundle({
  url: schema,
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null, // asks another host
  requestInterceptor: request => {
    const isOurs = new URL(request.url, location.href).origin === location.origin
    if (isOurs) request.headers[header] = token
    return request
  },
})
"""


class DocumentView(BindingView):
    """What the documents share: who may read them."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not get_settings().ANONYMOUS_CONNECTION_ALLOWED and not request.user.is_authenticated:
            raise Unauthenticated()

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    def address(self, name: str, *args: str) -> str:
        """The path of one of our routes where the project has put them, with ``{id}`` left as it is."""
        match = self.request.resolver_match
        namespace = match.namespace if match else "channels_binding"
        return unquote(reverse(f"{namespace}:{name}", args=args))


class SchemaView(DocumentView):
    """``/api/schema/``: OpenAPI 3.1, as JSON or (``?format=yaml``) YAML."""

    def get_renderers(self) -> list[BaseRenderer]:
        from drf_spectacular.renderers import OpenApiJsonRenderer

        return [WireRenderer(), OpenApiJsonRenderer(), _yaml()]

    def get(self, request: Request) -> HttpResponseBase:
        from channels_binding.contract import openapi

        return self.respond(openapi.document(request, self.address, authenticators_of))


class AsyncSchemaView(DocumentView):
    """``/api/asyncapi/``: AsyncAPI 3 of the socket."""

    def get_renderers(self) -> list[BaseRenderer]:
        return [WireRenderer(), _yaml()]

    def get(self, request: Request) -> HttpResponseBase:
        from channels_binding.contract import asyncapi

        return self.respond(asyncapi.document(request))


def _yaml() -> BaseRenderer:
    from drf_spectacular.renderers import OpenApiYamlRenderer

    made: BaseRenderer = OpenApiYamlRenderer()
    made.format = "yaml"
    return made


class DocsView(DocumentView):
    """``/api/docs/``: Swagger UI over ``/api/schema/``."""

    def get(self, request: Request) -> HttpResponseBase:
        header = settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")
        page = format_html(PAGE, self.address("schema"), get_token(django_request(request)), header)
        return HttpResponse(page)


class DocsFileView(DocumentView):
    """A file of the page."""

    def get(self, request: Request, name: str) -> HttpResponseBase:
        if name == "start.js":
            return _cached(HttpResponse(START, content_type="text/javascript"))
        if name not in ASSETS:
            raise NotFound()
        try:
            content = files("drf_spectacular_sidecar").joinpath("static/drf_spectacular_sidecar/swagger-ui-dist", name)
        except ModuleNotFoundError:
            raise Http404("pip install drf-spectacular-sidecar") from None
        return _cached(HttpResponse(content.read_bytes(), content_type=ASSETS[name]))


def _cached(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, max_age=86_400)
    return response


if apps.is_installed("drf_spectacular"):  # the project's own documents show our fields alike, whichever is made first
    from channels_binding.contract import spectacular_fixes  # noqa: F401

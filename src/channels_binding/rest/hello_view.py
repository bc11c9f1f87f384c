"""``GET /api/hello/``: what ``cb.hello`` says on a socket. A page without one learns from it who it is."""

import time
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseBase
from django.middleware.csrf import get_token
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from channels_binding.bindings.access import default_permission_classes
from channels_binding.calls.requests import django_request
from channels_binding.conf import get_settings
from channels_binding.exceptions import Unauthenticated
from channels_binding.rest.base_view import BindingView
from channels_binding.rest.callers import identity_of


class HelloView(BindingView):
    """Whom the server takes the caller for: ``{"proto": "cb.1", "user": "7", "csrf": "x1…"}``."""

    throttle_classes: Sequence[Any] = api_settings.DEFAULT_THROTTLE_CLASSES
    _ignore_model_permissions = True  # DRF's word for a view without a model

    def get_permissions(self) -> list[Any]:
        """No binding asks its own here."""
        return [cls() for cls in default_permission_classes()]

    def get(self, request: Request) -> HttpResponseBase:
        identity = identity_of(request)
        if not get_settings().ANONYMOUS_CONNECTION_ALLOWED and not identity.user.is_authenticated:
            raise Unauthenticated()
        key, moment = getattr(identity.user, "pk", None), identity.expires_at
        members = {"proto": "cb.1", "user": None if key is None else str(key)}
        lasts = {} if moment is None else {"expires_in": max(0, int(moment - time.time()))}
        return self.respond({**members, **lasts, **self._csrf(request)})

    def _csrf(self, request: Request) -> dict[str, str]:
        """What a page sends as ``X-CSRFToken``, where it is known by its cookie. Only pages that CORS lets can read it."""
        if isinstance(request.successful_authenticator, SessionAuthentication):
            return {"csrf": get_token(django_request(request))}
        return {}

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

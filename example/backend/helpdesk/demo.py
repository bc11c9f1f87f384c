"""What only the demo has: tokens for two of its users, so that one page can be both, and a button that kills the server.

``DEMO`` and ``DEBUG`` turn it on (tools/demo.py does), and then it answers this machine only. Elsewhere nothing here exists.
"""

import os
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from threading import Timer
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

SIDES = ("manager", "agent")
"""Whom a token is given for. Their passwords are no secret either: the login page says them."""
TOKEN_SECONDS = 3600
RESTART = 75
"""The exit code that asks tools/demo.py for a new server (EX_TEMPFAIL)."""
SECONDS_TO_ANSWER = 0.2

signer = signing.TimestampSigner(salt="helpdesk.demo", sep=".")

View = Callable[[HttpRequest], HttpResponse]


def is_demo(request: HttpRequest) -> bool:
    """Whether the demo's own doors are open to this request."""
    try:
        return bool(settings.DEMO) and ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def demo_only(view: View) -> View:
    """Outside the demo, and to other machines, the view does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not is_demo(request):
            raise Http404
        return view(request)

    return guarded


@demo_only
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """``user=manager`` → ``{"token": "manager.1x2y3z.…"}``, for an hour."""
    username = request.POST.get("user", "")
    if username not in SIDES:
        return JsonResponse({"error": f"One of {', '.join(SIDES)}."}, status=400)
    return JsonResponse({"token": signer.sign(username)})


@demo_only
@require_POST
def restart(request: HttpRequest) -> HttpResponse:
    """Ends this process at once, as a crash would: no socket is closed properly. tools/demo.py starts the next one."""
    Timer(SECONDS_TO_ANSWER, os._exit, [RESTART]).start()
    return JsonResponse({"restarting": True}, status=202)


class DemoTokens(BaseAuthentication):
    """``Authorization: Bearer manager.1x2y3z.…``, over HTTP and on sockets."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        scheme, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme != "Bearer" or not settings.DEMO:
            return None
        try:
            username = signer.unsign(given, max_age=TOKEN_SECONDS)
        except signing.BadSignature:
            raise AuthenticationFailed("The token is not one of the demo's, or it is over.") from None
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise AuthenticationFailed("There is no such user.")
        return user, given

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


urlpatterns = [path("token/", token, name="demo-token"), path("restart/", restart, name="demo-restart")]

"""Who a page is told that it is, where it has no socket."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token

from channels_binding.conf import get_settings
from tests.security.test_authentication.sockets import jwt

pytestmark = pytest.mark.django_db


def test_a_page_learns_whose_its_cookie_is_and_what_to_send_with_it(user: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    answer = client.get("/api/hello/")
    said = answer.json()
    assert said == {"proto": "cb.1", "user": str(user.pk), "csrf": said["csrf"]}
    assert (answer["Cache-Control"], "Cookie" in answer["Vary"]) == ("private, no-cache", True)
    for headers, status in (({}, 403), ({"X-CSRFToken": said["csrf"]}, 200)):
        answer = client.post("/api/zoo.Note/search/", {}, "application/json", headers=headers)
        assert answer.status_code == status


def test_who_brings_a_token_needs_no_other(user: Any, settings: Any) -> None:
    classes = [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework_simplejwt.authentication.JWTAuthentication",
    ]
    settings.CHANNELS_BINDING = {**settings.CHANNELS_BINDING, "DEFAULT_AUTHENTICATION_CLASSES": classes}
    token = Token.objects.create(user=user)
    said = Client().get("/api/hello/", headers={"Authorization": f"Token {token.key}"}).json()
    assert said == {"proto": "cb.1", "user": str(user.pk)}
    said = Client().get("/api/hello/", headers={"Authorization": f"Bearer {jwt(user)}"}).json()
    assert (said["user"], 0 < said["expires_in"] <= 300) == (str(user.pk), True)


def test_nobody_in_particular_is_told_so(settings: Any) -> None:
    refused = Client().get("/api/hello/")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    settings.CHANNELS_BINDING = {**settings.CHANNELS_BINDING, "ANONYMOUS_CONNECTION_ALLOWED": True}
    assert get_settings().ANONYMOUS_CONNECTION_ALLOWED
    assert Client().get("/api/hello/").json() == {"proto": "cb.1", "user": None}
    assert Client().options("/api/hello/").status_code == 204

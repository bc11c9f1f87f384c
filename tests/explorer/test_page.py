"""The page itself, and what it lets in."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from channels_binding.explorer import build, page


def shown(user: Any = None, **headers: str) -> HttpResponse:
    request = RequestFactory().get("/api/explorer/", **headers)  # type: ignore[arg-type]
    request.user = user or User(username="sam", is_staff=True)
    return page.respond(request, build.current())


def policy(response: HttpResponse) -> dict[str, list[str]]:
    parts = (each.split() for each in response["Content-Security-Policy"].split("; "))
    return {name: allowed for name, *allowed in parts}


def test_the_page_holds_no_script_or_style_of_its_own(built: Path) -> None:
    text = shown().content.decode()
    assert re.findall(r"<script[^>]*>", text) == ['<script type="module" src="assets/main-a1.js">']
    assert 'href="assets/part-b2.js"' in text
    assert "<style" not in text
    assert not re.search(r"\son\w+=", text)
    assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_nothing_but_the_site_s_own_files_and_socket_is_let_in(built: Path) -> None:
    allowed = policy(shown())
    assert allowed["default-src"] == ["'none'"]
    assert allowed["script-src"] == ["'self'"]
    assert allowed["connect-src"] == ["'self'", "ws://testserver", "wss://testserver"]
    assert allowed["frame-ancestors"] == allowed["base-uri"] == allowed["form-action"] == ["'none'"]
    assert "unsafe" not in str(allowed)


def test_styles_need_the_nonce_which_is_another_each_time(built: Path) -> None:
    nonces = set()
    for _ in range(3):
        response = shown()
        (allowed,) = policy(response)["style-src"]
        nonce = re.fullmatch(r"'nonce-([\w-]{20,})'", allowed)
        assert nonce
        assert f'<meta property="csp-nonce" nonce="{nonce[1]}">' in response.content.decode()
        nonces.add(nonce[1])
    assert len(nonces) == 3
    assert shown()["Cache-Control"] == "private, no-store"


def configured(response: HttpResponse) -> dict[str, Any]:
    found = re.search(r'data-config="([^"]*)"', response.content.decode())
    assert found
    return dict(json.loads(unescape(found[1])))


def test_the_script_is_told_where_it_is_and_who_looks(built: Path) -> None:
    told = configured(shown())
    assert (told["api"], told["sockets"][0]) == ("/api/", "/ws/")
    assert (told["user"], told["isStaff"], told["signIn"], told["admin"]) == ("sam", True, None, None)
    with override_settings(ROOT_URLCONF="tests.explorer.urls"):
        told = configured(shown(AnonymousUser()))
    assert (told["api"], told["user"], told["isStaff"]) == ("/v1/live/", None, False)
    assert (told["admin"], told["signIn"]) == ("/admin/", "/admin/login/?next=/api/explorer/")


def test_a_name_that_is_html_stays_text(built: Path) -> None:
    name = '"><script>alert(1)</script>'
    response = shown(User(username=name, is_staff=True))
    assert b"<script>alert" not in response.content
    assert configured(response)["user"] == name


def test_pages_in_its_place_are_guarded_as_well() -> None:
    request = RequestFactory().get("/api/explorer/")
    request.user = User(username="<b>ann</b>")
    refused = page.refused(request, "somebody else")
    assert refused.status_code == 403
    assert "&lt;b&gt;ann&lt;/b&gt; is signed in" in refused.content.decode()
    assert policy(refused)["default-src"] == ["'none'"]
    missing = page.not_built(request)
    assert missing.status_code == 503
    assert "make explorer" in missing.content.decode()
    assert missing["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("name", ["X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"])
def test_other_headers_are_there_without_a_middleware_for_them(built: Path, name: str) -> None:
    assert shown().has_header(name)

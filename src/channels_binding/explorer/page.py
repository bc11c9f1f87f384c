"""The page itself: HTML without a script or style of its own, and the headers that let nothing else in."""

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join

from channels_binding import __version__
from channels_binding.explorer import access, sockets
from channels_binding.explorer.build import COMMAND, Build
from channels_binding.protocol import codecs

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' "
    "rx='7' fill='%230b5d4b'/%3E%3Cpath d='M7 10h18M7 16h12M7 22h15' stroke='%23fff' stroke-width='3' "
    "stroke-linecap='round'/%3E%3C/svg%3E"
)
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta property="csp-nonce" nonce="{nonce}">
<title>Explorer · Channels Binding</title>
<link rel="icon" href="{icon}">
{preloads}
</head>
<body>
<noscript>The explorer needs JavaScript.</noscript>
<div id="root" data-config="{config}"></div>
<script type="module" src="assets/{entry}"></script>
</body>
</html>"""
PLAIN = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style nonce="{nonce}">
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 15vh auto 0; padding: 0 1.5rem }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
{link}
</main>
</body>
</html>"""


def respond(request: HttpRequest, build: Build) -> HttpResponse:
    """The page, for whoever may have it."""
    nonce = secrets.token_urlsafe(16)
    preloads = format_html_join(
        "\n", '<link rel="modulepreload" href="assets/{}">', ((name,) for name in build.preloaded)
    )
    config = codecs.encode(configuration(request)).decode()
    text = format_html(PAGE, nonce=nonce, icon=ICON, preloads=preloads, config=config, entry=build.entry)
    return _guarded(request, HttpResponse(text), nonce)


def configuration(request: HttpRequest) -> dict[str, Any]:
    """What the script has to know of where it is: ``{"api": "/api/", "sockets": ["/ws/", "/"], "user": "ann", …}``."""
    namespace = request.resolver_match.namespace if request.resolver_match else "channels_binding"
    user = access.user_of(request)
    return {
        "api": reverse(f"{namespace}:hello").removesuffix("hello/"),
        "sockets": sockets.paths(),
        "user": user.get_username() if user.is_authenticated else None,
        "isStaff": access.is_staff(request),
        "signIn": access.login_link(request),
        "docs": _address(f"{namespace}:docs"),
        "admin": _address("admin:index"),
        "version": __version__,
    }


def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def refused(request: HttpRequest, found: access.Verdict) -> HttpResponse:
    """What stands in place of the page for somebody who may not have it."""
    login = access.login_link(request)
    link = "" if login is None else format_html('<p><a href="{}">Sign in</a></p>', login)
    return _plain(request, "The explorer is not for you", access.advice(request, found), 403, link)


def not_built(request: HttpRequest) -> HttpResponse:
    """What stands in place of the page in a checkout that has none."""
    text = f"This is a checkout, and its script is made by a command there: {COMMAND}. A wheel has it."
    return _plain(request, "The explorer is not built", text, 503)


def _plain(request: HttpRequest, title: str, text: str, status: int, link: str = "") -> HttpResponse:
    nonce = secrets.token_urlsafe(16)
    page = format_html(PLAIN, title=title, text=text, nonce=nonce, link=link)
    return _guarded(request, HttpResponse(page, status=status), nonce)


def _guarded(request: HttpRequest, response: HttpResponse, nonce: str) -> HttpResponse:
    """Nothing but our own files and our own server. Material UI makes its styles while it runs, which the nonce lets it do."""
    host = request.get_host()
    response["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'nonce-{nonce}'",
            "img-src 'self' data: blob:",  # of a picture that was chosen and is not sent yet
            f"connect-src 'self' ws://{host} wss://{host}",  # older browsers do not count sockets as 'self'
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "DENY"
    response["Referrer-Policy"] = "same-origin"
    return response

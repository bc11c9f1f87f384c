"""Which web pages may open a socket: a table of origins, and what a setting changes."""

from typing import Any

import pytest
from django.test import override_settings

from channels_binding.security.origins import is_allowed


def scope(*origins: str | bytes, host: str | None = "example.com") -> dict[str, Any]:
    headers = [(b"host", host.encode())] if host is not None else []
    headers += [(b"origin", origin if isinstance(origin, bytes) else origin.encode()) for origin in origins]
    return {"type": "websocket", "headers": headers}


OWN = [
    "https://example.com",
    "http://example.com",
    "https://EXAMPLE.com",
    "https://example.com/",
    "https://example.com:443",
    "https://sub.wild.org",
    "https://deep.sub.wild.org",
    "https://wild.org",
    "http://127.0.0.1",
    "http://[::1]",
]
FOREIGN: list[str | bytes] = [
    "",
    "null",
    "*",
    "https://evil.com",
    "https://example.com.evil.com",
    "https://evil-example.com",
    "https://evilexample.com",
    "https://sub.example.com",
    "https://example.co",
    "https://example.com.",
    "https://example.com@evil.com",
    "https://user@example.com",
    "https://user:password@example.com",
    "https://@example.com",
    "https://example.com%2eevil.com",
    "https://example.com\\.evil.com",
    "https://example.com#.evil.com",
    "https://example.com?.evil.com",
    "https://example.com/path",
    "https://wild.org.evil.com",
    "https://notwild.org",
    "https://example.com:bad",
    "https://example.com:99999",
    "https://[::1",
    "http://[",
    "https://",
    "https:example.com",
    "//example.com",
    "example.com",
    "ftp://example.com",
    "ws://example.com",
    "wss://example.com",
    "file://",
    "file://example.com",
    "data:text/html,x",
    "javascript:alert(1)",
    "chrome-extension://abcdef",
    "about:blank",
    "https://еxample.com",  # a Cyrillic letter
    "https://xn--xample-2of.com",
    b"\xff\xfe",
    b"https://example.com\xff",
    "https://127.0.0.2",
    "https://2130706433",
    "https://0x7f.1",
    "https://[::ffff:127.0.0.1]",
]
HOSTS = ["example.com", ".wild.org", "127.0.0.1", "[::1]"]


def test_the_table_holds_at_least_eighteen_origins() -> None:
    assert len(OWN) + len(FOREIGN) >= 18


@override_settings(ALLOWED_HOSTS=HOSTS)
@pytest.mark.parametrize("origin", OWN)
def test_a_page_of_an_allowed_host_may_connect(origin: str) -> None:
    host = "example.com:443" if origin.endswith(":443") else "example.com"
    assert is_allowed(scope(origin, host=host))


@override_settings(ALLOWED_HOSTS=HOSTS)
@pytest.mark.parametrize("origin", FOREIGN, ids=ascii)
def test_any_other_page_may_not(origin: str | bytes) -> None:
    assert not is_allowed(scope(origin))


@override_settings(ALLOWED_HOSTS=HOSTS)
def test_who_sends_no_origin_is_no_browser() -> None:
    assert is_allowed(scope())
    assert is_allowed({"type": "websocket"})


@override_settings(ALLOWED_HOSTS=["*"])
def test_two_origins_are_a_trick() -> None:
    assert is_allowed(scope("https://example.com"))
    assert not is_allowed(scope("https://example.com", "https://example.com"))


@override_settings(ALLOWED_HOSTS=["example.com"])
@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("http://example.com:8000", "example.com:8000", True),
        ("http://example.com:8001", "example.com:8000", False),
        ("http://example.com:8000", "example.com:bad", False),
        ("http://example.com", "example.com:8000", True),
        ("http://example.com", None, True),
        ("http://example.com:8000", "example.com", False),
        ("https://example.com:443", "example.com", True),
        ("http://example.com:8000", "backend.internal:9000", True),  # a proxy put its own name there
    ],
)
def test_a_page_on_another_port_is_another_site(origin: str, host: str | None, is_own: bool) -> None:
    assert is_allowed(scope(origin, host=host)) is is_own


@override_settings(ALLOWED_HOSTS=[], DEBUG=True)
@pytest.mark.parametrize(
    ("origin", "is_own"),
    [
        ("http://localhost", True),
        ("http://app.localhost", True),
        ("http://127.0.0.1", True),
        ("http://evil.com", False),
    ],
)
def test_under_debug_this_machine_is_allowed_as_django_allows_it(origin: str, is_own: bool) -> None:
    assert is_allowed(scope(origin)) is is_own


@override_settings(ALLOWED_HOSTS=[], DEBUG=False)
def test_without_allowed_hosts_no_page_is_allowed() -> None:
    assert not is_allowed(scope("http://localhost"))


@override_settings(ALLOWED_HOSTS=[], DEBUG=True)
@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("http://localhost:9999", "127.0.0.1:8120", False),
        ("http://localhost:9999", "[::1]:8120", False),
        ("http://127.0.0.1:9999", "localhost:8120", False),
        ("http://app.localhost:9999", "localhost:8120", False),
        ("http://localhost:8120", "127.0.0.1:8120", True),
    ],
)
def test_another_name_of_this_machine_does_not_make_another_port_its_own(origin: str, host: str, is_own: bool) -> None:
    assert is_allowed(scope(origin, host=host)) is is_own


LISTED = ["https://app.example.com", "http://localhost:5173/", "HTTPS://Upper.example.com"]


@override_settings(ALLOWED_HOSTS=["*"], CHANNELS_BINDING={"ALLOWED_ORIGINS": LISTED})
@pytest.mark.parametrize(
    ("origin", "is_listed"),
    [
        ("https://app.example.com", True),
        ("https://app.example.com/", True),
        ("https://upper.example.com", True),
        ("http://localhost:5173", True),
        ("http://app.example.com", False),
        ("https://app.example.com:8443", False),
        ("https://other.example.com", False),
        ("http://localhost", False),
        ("null", False),
    ],
)
def test_listed_origins_are_the_only_other_ones_scheme_and_port_included(origin: str, is_listed: bool) -> None:
    assert is_allowed(scope(origin)) is is_listed


@override_settings(
    ALLOWED_HOSTS=[".example.com"],
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    CHANNELS_BINDING={"ALLOWED_ORIGINS": LISTED},
)
@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("https://api.example.com", "api.example.com", True),
        ("https://api.example.com", "API.example.com:443", True),
        ("http://api.example.com:8000", "api.example.com:8000", True),
        ("http://api.example.com:8000", "api.example.com:9000", False),
        ("http://api.example.com:8000", "api.example.com", False),
        ("https://other.example.com", "api.example.com", False),  # allowed as a host, and not this one
        ("https://evil.com", "evil.com", False),
        ("https://api.example.com", None, False),
    ],
)
def test_beside_listed_origins_the_server_s_own_may_connect(origin: str, host: str | None, is_own: bool) -> None:
    """As with ``CSRF_TRUSTED_ORIGINS``: what is named is added to it."""
    assert is_allowed(scope(origin, host=host)) is is_own


@override_settings(
    ALLOWED_HOSTS=["example.com"],
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    CHANNELS_BINDING={"ALLOWED_ORIGINS": []},
)
def test_a_page_without_tls_is_none_of_a_server_with() -> None:
    secure = scope("http://example.com")
    secure["headers"].append((b"x-forwarded-proto", b"https"))
    assert not is_allowed(secure)
    assert is_allowed(scope("http://example.com"))
    assert not is_allowed({**scope("http://example.com"), "scheme": "wss"})
    assert is_allowed({**scope("https://example.com"), "scheme": "wss"})


@override_settings(CHANNELS_BINDING={"ALLOWED_ORIGINS": ["*"]})
def test_a_star_lets_in_every_page_but_nothing_that_is_none() -> None:
    assert is_allowed(scope("https://anywhere.example"))
    assert not is_allowed(scope("null"))
    assert not is_allowed(scope("file://"))


@override_settings(ALLOWED_HOSTS=["*"], CHANNELS_BINDING={"ALLOWED_ORIGINS": []})
def test_an_empty_list_lets_in_the_server_s_own_pages_alone() -> None:
    assert is_allowed(scope("https://example.com"))
    assert not is_allowed(scope("https://sub.example.com"))

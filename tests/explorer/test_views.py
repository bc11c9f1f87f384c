"""``explorer/`` as a browser asks for it."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import set_script_prefix
from rest_framework.permissions import BasePermission

from channels_binding.explorer import build
from channels_binding.registry import registry
from tests.throwaway import throwaway

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_backend("pages, and who sees them")]
OPEN = {"EXPLORER": True}
JSON = ("streams/", "streams/zoo.Note/", "explain/?stream=zoo.Note", "figures/")


@pytest.fixture(autouse=True)
def _two_streams() -> Iterator[None]:
    with throwaway("zoo.Note", "zoo.OwnNote"):
        yield


def test_the_staff_is_shown_the_page_and_its_cookie_for_forms(staff: Client, built: Path) -> None:
    shown = staff.get("/api/explorer/")
    assert (shown.status_code, shown["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "csrftoken" in shown.cookies
    assert "Cookie" in shown["Vary"]
    assert staff.head("/api/explorer/").status_code == 200
    assert staff.post("/api/explorer/").status_code == 405


def test_who_is_signed_out_is_sent_where_one_signs_in(built: Path) -> None:
    with override_settings(ROOT_URLCONF="tests.explorer.urls"):
        sent = Client().get("/v1/live/explorer/")
    assert (sent.status_code, sent["Location"]) == (302, "/admin/login/?next=/v1/live/explorer/")
    assert sent["Cache-Control"] == "private, no-store"


def test_where_there_is_no_such_place_a_line_says_what_to_do(built: Path) -> None:
    with override_settings(DEBUG=True):
        refused = Client().get("/api/explorer/")
    assert refused.status_code == 403
    assert "admin.site.urls" in refused.content.decode()
    assert "EXPLORER" in refused.content.decode()


def test_who_is_not_of_the_staff_is_told_so_and_not_sent_round_in_circles(somebody: Client, built: Path) -> None:
    with override_settings(ROOT_URLCONF="tests.explorer.urls"):
        refused = somebody.get("/v1/live/explorer/")
    assert refused.status_code == 403
    assert "ann is signed in; the explorer is for the staff" in refused.content.decode()
    assert 'href="/admin/login/?next=/v1/live/explorer/"' in refused.content.decode()


def test_a_closed_explorer_is_not_there(staff: Client, built: Path) -> None:
    with override_settings(CHANNELS_BINDING={"EXPLORER": False}):
        for path in ("", "assets/main-a1.js", *JSON):
            assert staff.get(f"/api/explorer/{path}").status_code == 404, path


def test_an_open_one_shows_the_page_to_whoever_may_connect(somebody: Client, built: Path) -> None:
    with override_settings(CHANNELS_BINDING=OPEN):
        assert somebody.get("/api/explorer/").status_code == 200
        assert Client().get("/api/explorer/").status_code == 403
    with override_settings(CHANNELS_BINDING={**OPEN, "ANONYMOUS_CONNECTION_ALLOWED": True}):
        assert Client().get("/api/explorer/").status_code == 200


def test_a_checkout_without_a_build_answers_with_the_command(
    staff: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    shown = staff.get("/api/explorer/")
    assert (shown.status_code, "make explorer" in shown.content.decode()) == (503, True)
    assert staff.get("/api/explorer/assets/main-a1.js").status_code == 404


def test_files_are_kept_for_good_and_compressed(built: Path) -> None:
    plain = Client().get("/api/explorer/assets/part-b2.js")
    assert (plain.status_code, plain["Content-Type"]) == (200, "text/javascript")
    assert plain["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain["Vary"] == "Accept-Encoding"
    packed = Client().get("/api/explorer/assets/part-b2.js", headers={"Accept-Encoding": "br, gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content


@pytest.mark.parametrize(
    "name", ["manifest.json", "..%2Fmanifest.json", "..", "nothing.js", "%2Fetc%2Fpasswd", "main-a1.js%00"]
)
def test_only_the_page_s_own_files_are_served(built: Path, name: str) -> None:
    assert Client().get(f"/api/explorer/assets/{name}").status_code == 404


@pytest.mark.parametrize("path", JSON)
def test_what_the_page_asks_for_is_refused_in_the_contract_s_words(path: str, somebody: Client) -> None:
    nobody = Client().get(f"/api/explorer/{path}")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated")
    other = somebody.get(f"/api/explorer/{path}")
    assert (other.status_code, other.json()["code"]) == (403, "forbidden")


def test_figures_and_reasons_are_for_the_staff_even_where_the_page_is_open(somebody: Client) -> None:
    with override_settings(CHANNELS_BINDING=OPEN):
        statuses = [somebody.get(f"/api/explorer/{path}").status_code for path in JSON]
    assert statuses == [200, 200, 403, 403]


@pytest.mark.parametrize("path", JSON)
def test_nothing_of_it_is_kept_by_anybody(path: str, staff: Client) -> None:
    answer = staff.get(f"/api/explorer/{path}")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Type"] == "application/json"


def test_streams_are_listed_and_one_is_shown_in_full(staff: Client) -> None:
    assert [each["stream"] for each in staff.get("/api/explorer/streams/").json()["streams"]] == [
        "zoo.Note",
        "zoo.OwnNote",
    ]
    assert staff.get("/api/explorer/streams/zoo.Note/").json()["label"] == "notes"
    assert staff.get("/api/explorer/streams/no.Such/").status_code == 404


def test_a_stream_that_is_hidden_from_the_staff_is_explained_as_one_that_is_not_there(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nobody(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return False

    monkeypatch.setattr(registry.get("zoo.Note"), "permission_classes", (Nobody,))
    answers = [staff.get("/api/explorer/explain/", {"stream": name}) for name in ("zoo.Note", "zoo.Nowhere")]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].content == answers[1].content


def test_a_list_is_explained_as_its_reader_would_read_it(staff: Client, user: Any) -> None:
    told = staff.get("/api/explorer/explain/", {"stream": "zoo.OwnNote"}).json()
    assert told["a row"].endswith(f"by value (owner_id in ['{user.pk}'])")
    filtered = staff.get("/api/explorer/explain/", {"stream": "zoo.Note", "data": '{"filters": {"done": true}}'}).json()
    assert "done in ['True']" in filtered["a row"]


@pytest.mark.parametrize(
    ("data", "code"),
    [("{", "invalid"), ("[]", "invalid"), ('{"filters": {"nope": 1}}', "invalid"), ('{"what": 1}', "invalid")],
)
def test_what_is_no_list_is_refused(staff: Client, data: str, code: str) -> None:
    refused = staff.get("/api/explorer/explain/", {"stream": "zoo.Note", "data": data})
    assert (refused.status_code, refused.json()["code"]) == (400, code)


def test_below_a_prefix_all_addresses_have_it(staff: Client, built: Path) -> None:
    set_script_prefix("/shop/")  # as the handlers do it for FORCE_SCRIPT_NAME; the browser test has a server that does
    try:
        shown = staff.get("/api/explorer/").content.decode()
    finally:
        set_script_prefix("/")
    assert "&quot;api&quot;:&quot;/shop/api/&quot;" in shown
    assert "&quot;/shop/ws/&quot;" in shown
    assert 'src="assets/main-a1.js"' in shown

"""Rows whose keys hold a slash have addresses that lead to them, and take nobody else's."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.client import AsyncClient
from django.urls import NoReverseMatch, Resolver404, include, path, resolve, reverse
from django.urls.converters import get_converters

from channels_binding.registry import registry
from channels_binding.rest.converters import address_of, may_hold_slash
from channels_binding.rest.routers import BindingRouter
from channels_binding.rest.views import FormView, RowView, StreamView
from tests.project.zoo.models import Country


@pytest.fixture
def client(transactional_db: None, user: Any) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


@pytest.mark.parametrize(
    ("key", "address"),
    [
        (7, "/api/x/7/"),
        ("a/b", "/api/x/a%2Fb/"),
        ("50% é", "/api/x/50%25%20%C3%A9/"),
        ("form", None),
        ("a/form", None),
        ("aggregate", None),
        ("a/forms", "/api/x/a%2Fforms/"),
        ("..", None),
    ],
)
def test_an_address_says_the_key_or_there_is_none(key: Any, address: str | None) -> None:
    assert address_of("/api/x/", key) == address


@pytest.mark.parametrize(
    ("stream", "answer"),
    [("zoo.Country", True), ("zoo.Seat", True), ("zoo.Note", False), ("zoo.Device", False), ("zoo.census", False)],
)
def test_keys_of_text_may_hold_a_slash(stream: str, answer: bool) -> None:
    assert may_hold_slash(registry.get(stream)) is answer


@pytest.mark.parametrize("key", ["a/b", "/", "a/", "//", "/?#"])
def test_a_row_with_a_slash_in_its_key_is_made_read_written_and_deleted_at_its_location(
    client: Client, key: str
) -> None:
    made = client.post("/api/zoo.Country/", json.dumps({"code": key, "name": "old"}), "application/json")
    location = made["Location"]
    assert "%2F" in location
    assert client.get(location).json()["id"] == key
    assert client.patch(location, json.dumps({"name": "new"}), "application/json").json()["name"] == "new"
    assert Country.objects.get(pk=key).name == "new"
    assert client.get(f"{location}form/").json()["object"]["code"] == key
    assert client.delete(location).status_code == 200
    assert client.get(location).status_code == 404
    assert not Country.objects.exists()


@pytest.mark.django_db(transaction=True)
async def test_over_asgi_it_is_the_same(user: Any) -> None:
    client = AsyncClient()
    await client.aforce_login(user)
    await Country.objects.acreate(code="a/b", name="x")
    assert (await client.get("/api/zoo.Country/a%2Fb/")).json()["name"] == "x"


def test_where_an_address_would_be_another_ones_there_is_no_location(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, has_location in (("form", False), ("a/form", False), ("a/b", True)):
        monkeypatch.setattr(StreamView, "answer", lambda view, call, key=key: {"success": True, "id": key})
        made = client.post("/api/zoo.Country/", json.dumps({"code": "x"}), "application/json")
        assert (made.status_code, "Location" in made) == (201, has_location)


def test_the_body_of_a_builtin_action_names_any_row(client: Client) -> None:
    Country.objects.create(code="a/b", name="x")
    assert post(client, "retrieve", {"id": "a/b"}).json()["name"] == "x"
    assert post(client, "update", {"id": "a/b", "name": "y"}).status_code == 200
    assert Country.objects.get().name == "y"


def post(client: Client, action: str, data: dict[str, Any]) -> Any:
    return client.post(f"/api/zoo.Country/{action}/", json.dumps(data), "application/json")


@pytest.mark.parametrize(
    "path", ["/api/zoo.Note/7/close/", "/api/zoo.Device/a/b/", "/api/nothing/a/b/", "/api/zoo.census/a/b/"]
)
def test_of_other_streams_nothing_is_taken(path: str) -> None:
    with pytest.raises(Resolver404):
        resolve(path)


def test_a_name_leads_there_only_for_keys_of_text() -> None:
    assert reverse("channels_binding:row", args=("zoo.Country", "a/b")) == "/api/zoo.Country/a/b/"
    assert reverse("channels_binding:row-form", args=("zoo.Country", "a/b")) == "/api/zoo.Country/a/b/form/"
    with pytest.raises(NoReverseMatch):
        reverse("channels_binding:row", args=("zoo.Note", "a/b"))


def elsewhere(request: Any) -> HttpResponse:
    return HttpResponse()


router = BindingRouter()
router.register("countries", registry.get("zoo.Country"))
router.register("countries/of", registry.get("zoo.Note"))
router.register("notes", registry.get("zoo.Note"))
urlpatterns = [path("api/", include(router.urls)), path("api/notes/7/close/", elsewhere)]


@override_settings(ROOT_URLCONF=__name__)
def test_in_a_router_they_come_after_everything_else() -> None:
    views = {
        "/api/countries/a/b/": ("zoo.Country", "a/b", RowView),
        "/api/countries/a/b/form/": ("zoo.Country", "a/b", FormView),
        "/api/countries/of/7/": ("zoo.Note", "7", RowView),
    }
    for address, (stream, name, view) in views.items():
        match = resolve(address)
        found: Any = match.func
        assert (match.kwargs, found.view_class) == ({"stream": stream, "name": name}, view)
    assert resolve("/api/notes/7/close/").func is elsewhere
    assert reverse("countries-detail", args=("a/b",)) == "/api/countries/a/b/"


def test_the_names_of_our_converters_leave_those_that_a_project_may_want() -> None:
    ours = {name for name, made in get_converters().items() if type(made).__module__.startswith("channels_binding")}
    assert ours == {"cb_stream", "cb_known_stream", "cb_text_keyed_stream", "cb_aggregating_stream", "cb_key"}


# With the final slash and without


@pytest.mark.parametrize("slash", ["/", ""])
def test_both_spellings_of_an_address_are_served_by_every_method_without_a_redirect(client: Client, slash: str) -> None:
    def ask(method: str, path: str, body: Any = None) -> Any:
        return client.generic(method, f"/api/{path}{slash}", json.dumps(body or {}), "application/json")

    made = ask("POST", "zoo.Country", {"code": "a/b", "name": "x"})
    assert (made.status_code, made["Location"]) == (201, "http://testserver/api/zoo.Country/a%2Fb/")
    for method, address, body in (
        ("GET", "zoo.Country", None),
        ("HEAD", "zoo.Country", None),
        ("OPTIONS", "zoo.Country", None),
        ("GET", "zoo.Country/form", None),
        ("POST", "zoo.Country/retrieve", {"id": "a/b"}),
        ("GET", "zoo.Country/a%2Fb", None),
        ("PUT", "zoo.Country/a%2Fb", {"code": "a/b", "name": "y"}),
        ("PATCH", "zoo.Country/a%2Fb", {"name": "z"}),
        ("GET", "zoo.Country/a%2Fb/form", None),
        ("POST", "zoo.Country/a%2Fb/form", {"name": "w"}),
        ("POST", "batch", {"ops": [{"event": "zoo.Country.search"}]}),
        ("GET", "schema", None),
        ("GET", "asyncapi", None),
        ("DELETE", "zoo.Country/a%2Fb", None),
    ):
        assert ask(method, address, body).status_code == 200, (method, address)
    assert not Country.objects.exists()
    assert ask("POST", "upload").status_code == 415
    assert ask("GET", "zoo.Note/424242").status_code == 404


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("slash", ["/", ""])
def test_so_it_is_in_a_router(client: Client, slash: str) -> None:
    made = client.post(f"/api/countries{slash}", json.dumps({"code": "a", "name": "x"}), "application/json")
    assert (made.status_code, made["Location"]) == (201, "http://testserver/api/countries/a/")
    for address in ("countries", "countries/a", "countries/form", "countries/a/form"):
        assert client.get(f"/api/{address}{slash}").status_code == 200


def test_without_the_slash_nothing_is_taken_that_is_no_stream(client: Client) -> None:
    for address in ("/api/robots.txt", "/api/health", "/api/no.Such/7", "/api/zoo.Note/7/close"):
        with pytest.raises(Resolver404):
            resolve(address)


def test_aggregate_is_an_address_of_the_streams_that_offer_it_and_a_key_of_others(client: Client) -> None:
    assert client.get("/api/zoo.Note/aggregate/").json()["rows"] == [{"id": "[]", "count": 0}]
    assert client.get("/api/zoo.Note/aggregate").status_code == 200
    assert client.get("/api/zoo.Country/aggregate/").json()["code"] == "not_found", "a row that is not there, no method"

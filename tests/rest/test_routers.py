"""Bindings and viewsets side by side in one of DRF's routers."""

import json
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import include, path, reverse
from rest_framework import serializers, viewsets

from channels_binding.registry import registry
from channels_binding.rest.routers import BindingRouter
from tests.project.zoo.models import Country, Label, Note

pytestmark = pytest.mark.django_db(transaction=True)


class LabelSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Label
        fields = ("id", "name")


class LabelViewSet(viewsets.ModelViewSet):  # type: ignore[type-arg]
    queryset = Label.objects.all()
    serializer_class = LabelSerializer


router = BindingRouter()
router.register("labels", LabelViewSet)
router.register("notes", registry.get("zoo.Note"))
router.register("geo/countries", registry.get("zoo.Country"))
urlpatterns = [path("mixed/", include(router.urls))]


@pytest.fixture(autouse=True)
def routed() -> Any:
    with override_settings(ROOT_URLCONF=__name__):
        yield


def test_the_root_lists_both(client: Client) -> None:
    root = client.get("/mixed/", headers={"Accept": "application/json"}).json()
    assert {name: url.partition("testserver")[2] for name, url in root.items()} == {
        "labels": "/mixed/labels/",
        "notes": "/mixed/notes/",
        "geo/countries": "/mixed/geo/countries/",
    }


def test_a_binding_has_all_its_routes(client: Client) -> None:
    made = client.post("/mixed/notes/", json.dumps({"title": "x"}), "application/json")
    assert made.status_code == 201
    assert made["Location"].endswith(f"/mixed/notes/{made.json()['id']}/")
    assert client.get(made["Location"]).json()["title"] == "x"
    assert client.get("/mixed/notes/", {"rank__gte": 0}).json()["count"] == 1
    assert client.patch(made["Location"], json.dumps({"rank": 3}), "application/json").status_code == 200
    assert client.get("/mixed/notes/form/").json()["fields"]
    assert client.get(f"{made['Location']}form/").json()["object"]["rank"] == 3
    burst = client.post("/mixed/notes/burst/", json.dumps({"id": made.json()["id"], "count": 2}), "application/json")
    assert burst.json() == {"rank": 1}
    assert client.delete(made["Location"]).status_code == 200
    assert Note.objects.count() == 0


def test_what_a_binding_may_measure_has_a_route(client: Client) -> None:
    assert client.get("/mixed/notes/aggregate/?by=done").json()["rows"] == []
    assert client.get("/mixed/geo/countries/aggregate/").status_code == 404, "the row of that key"


def test_a_viewset_is_as_ever(client: Client) -> None:
    made = client.post("/mixed/labels/", {"name": "x"})
    assert made.status_code == 201
    assert client.get(f"/mixed/labels/{made.json()['id']}/").json()["name"] == "x"


def test_routes_have_the_names_that_drf_gives(client: Client) -> None:
    Country.objects.create(code="a/b", name="slash")
    assert reverse("notes-list") == "/mixed/notes/"
    assert reverse("notes-detail", args=["7"]) == "/mixed/notes/7/"
    assert reverse("geo-countries-form") == "/mixed/geo/countries/form/"


def test_what_is_registered_later_is_served_as_well() -> None:
    late = BindingRouter()
    assert late.urls
    late.register("notes", registry.get("zoo.Note"))
    assert [str(url.pattern) for url in late.urls if getattr(url, "name", "") == "notes-list"] == ["notes/"]


def test_refusals_are_in_the_contract_s_words() -> None:
    assert Client().get("/mixed/notes/").json()["code"] == "unauthenticated"

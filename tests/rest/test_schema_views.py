"""The documents of a project, to those who may read them; and the page needs no other host."""

import re
from collections.abc import Iterator

import pytest
import yaml
from django.test import Client, override_settings

from tests.throwaway import throwaway

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.one_backend("documents are the same on every database"),
]


@pytest.fixture(autouse=True)
def _two_streams() -> Iterator[None]:
    with throwaway("zoo.Note", "zoo.Label"):
        yield


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/", "/api/docs/start.js"])
def test_somebody_must_be_signed_in_unless_anyone_may_connect(path: str) -> None:
    assert Client().get(path).status_code == 401
    with override_settings(CHANNELS_BINDING={"ANONYMOUS_CONNECTION_ALLOWED": True}):
        assert Client().get(path).status_code == 200


def test_the_schema_is_json_or_yaml_and_names_the_paths_as_they_are(client: Client) -> None:
    as_json = client.get("/api/schema/")
    assert as_json["Content-Type"] == "application/json"
    assert "/api/zoo.Note/{id}" in as_json.json()["paths"]
    as_yaml = client.get("/api/schema/?format=yaml")
    assert yaml.load(as_yaml.content, yaml.CSafeLoader)["paths"].keys() == as_json.json()["paths"].keys()


def test_the_page_asks_nobody_else(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page["Content-Type"].startswith("text/html")
    text = page.content.decode() + client.get("/api/docs/start.js").content.decode()
    assert re.findall(r"(?:https?:)?//[a-z]", text) == []
    assert "csrftoken" in page.cookies
    for name in re.findall(r'(?:src|href)="([^"]+)"', page.content.decode()):
        assert client.get(f"/api/docs/{name}").status_code == 200, name


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fsettings.py", "index.html"])
def test_only_the_page_s_own_files_are_served(name: str, client: Client) -> None:
    assert client.get(f"/api/docs/{name}").status_code == 404


def test_a_preflight_is_answered_without_a_description(client: Client) -> None:
    assert client.options("/api/schema/").status_code == 204

"""docs/howto/history.md: what was, is kept by packages for that; their models are bound like any other, and live.

Run by ``test_foreign.py``, in a process of its own.
"""

import ast
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import connection

from channels_binding.exceptions import NotFound
from channels_binding.testing import BindingClient, BindingCommunicator
from tests.foreign.project.recipes import bindings
from tests.foreign.project.recipes.models import Task

pytestmark = [pytest.mark.backends, pytest.mark.django_db(transaction=True)]
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="django-pghistory is for PostgreSQL alone")
PAGE = Path(__file__).parents[2] / "docs" / "howto" / "history.md"


@pytest.fixture
def ann() -> Any:
    return get_user_model().objects.create_user("ann of tasks")


@pytest.fixture
async def socket(ann: Any) -> AsyncIterator[BindingCommunicator]:
    opened = BindingCommunicator("/ws/", user=ann)
    assert await opened.open()
    yield opened
    await opened.close()


async def test_the_versions_of_a_task_grow_while_one_looks_at_them(socket: BindingCommunicator) -> None:
    task = await socket.call("recipes.Task.create", {"title": "tidy"})
    key = task["data"]["id"]
    shown = await socket.live("recipes.TaskVersion.search#v", {"filters": {"task": key}})
    assert [row["history_type"] for row in shown.rows] == ["+"]
    await socket.call("recipes.Task.update", {"id": key, "title": "tidy up"})
    await socket.assert_live(shown)
    assert [(row["history_type"], row["title"]) for row in shown.rows] == [("~", "tidy up"), ("+", "tidy")]
    assert shown.rows[0]["history_user"] is None or shown.rows[0]["task"] == key


async def test_what_was_deleted_is_restored_into_every_list(socket: BindingCommunicator) -> None:
    key = (await socket.call("recipes.Task.create", {"title": "gone"}))["data"]["id"]
    shown = await socket.live("recipes.Task.search#t", {})
    assert [row["id"] for row in shown.rows] == [key]
    await socket.call("recipes.Task.delete", {"id": key})
    await socket.assert_live(shown)
    assert shown.rows == []
    assert await Task._base_manager.filter(pk=key).aexists()
    assert (await socket.call("recipes.Task.restore", {"id": key}))["data"] == {"success": True, "id": key}
    await socket.assert_live(shown)
    assert [row["id"] for row in shown.rows] == [key]


async def test_nobody_reads_or_restores_what_is_anothers(socket: BindingCommunicator, ann: Any) -> None:
    key = (await socket.call("recipes.Task.create", {"title": "hers"}))["data"]["id"]
    await socket.call("recipes.Task.delete", {"id": key})
    other = await sync_to_async(get_user_model().objects.create_user)("bob of tasks")

    def asked() -> None:
        client = BindingClient(other)
        with pytest.raises(NotFound):
            client.call("recipes.Task.restore", {"id": key})
        assert client.call("recipes.TaskVersion.search", {"filters": {"task": key}})["rows"] == []
        other.delete()

    await sync_to_async(asked)()


@on_postgres
async def test_what_postgresql_writes_of_a_letter_is_shown_live(socket: BindingCommunicator) -> None:
    key = (await socket.call("recipes.Letter.create", {"text": "Dear"}))["data"]["id"]
    shown = await socket.live("recipes.LetterEvent.search#e", {"filters": {"pgh_obj": key}})
    assert [row["pgh_label"] for row in shown.rows] == ["insert"]
    await socket.call("recipes.Letter.update", {"id": key, "text": "Dear Bob"})
    await socket.assert_live(shown)
    assert [(row["pgh_label"], row["text"]) for row in shown.rows] == [("update", "Dear Bob"), ("insert", "Dear")]


def test_the_page_shows_what_is_tested() -> None:
    tested = classes(Path(str(bindings.__file__)).read_text())
    shown: dict[str, str] = {}
    for block in PAGE.read_text().split("```python\n")[1:]:
        shown |= classes(block.partition("```")[0])
    assert {"TaskBinding", "TaskVersionBinding", "LetterEventBinding"} <= shown.keys()
    assert shown == {name: tested[name] for name in shown}


def classes(source: str) -> dict[str, str]:
    """Each class by its name, as the parser sees it, without types: a page has no room for them."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for argument in node.args.args:
                argument.annotation = None
    return {
        node.name: ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name != "Meta"
    }

"""The form action, as a client sees it."""

from typing import Any

from tests.bindings.test_reads import make
from tests.conftest import Connect
from tests.project.zoo.models import Label, Note


async def test_the_form_of_a_row_submitted_as_it_came_changes_nothing(connect: Connect, user: Any) -> None:
    label = await Label.objects.acreate(name="red")
    (note,) = await make(3, owner=user, done=True, weight=5)
    await note.labels.aadd(label)
    socket = await connect(user)
    form = (await socket.call("zoo.Note.form", {"id": note.pk}))["data"]
    values = {field["name"]: field["value"] for field in form["fields"]}
    assert values["owner"] == user.pk
    saved = (await socket.call("zoo.Note.form", {"id": note.pk, "submit": values}))["data"]
    assert (saved["success"], saved["object"]) == (True, form["object"])
    emptied = (
        await socket.call("zoo.Note.form", {"id": note.pk, "submit": {"weight": None, "done": False, "labels": []}})
    )["data"]
    assert (emptied["object"]["weight"], emptied["object"]["done"], emptied["object"]["labels"]) == (None, False, [])
    assert emptied["object"]["owner"] == user.pk


async def test_a_form_that_does_not_validate_is_an_ordinary_reply(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    answer = (await socket.call("zoo.Note.form", {"submit": {"title": "", "rank": 1}}))["data"]
    assert (answer["success"], answer["object"]) == (False, None)
    assert answer["errors"] == {"title": [{"code": "required", "message": "This field is required."}]}
    assert {field["name"]: field["errors"] for field in answer["fields"]}["title"][0]["code"] == "required"
    assert await Note.objects.acount() == 0


async def test_a_relation_of_a_form_offers_only_rows_that_its_own_stream_would_show(
    connect: Connect, user: Any
) -> None:
    socket = await connect(user)
    form = (await socket.call("zoo.Note.form", {"submit": {"title": "x", "rank": 1, "owner": 424242}}))["data"]
    assert form["errors"]["owner"][0]["code"] == "invalid_choice"

"""Several operations in one message: together or each for itself, on both transports, through the one dispatch."""
# ruff: noqa: E501 (tables are read across)

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from django.test import Client
from rest_framework.permissions import BasePermission, DjangoModelPermissions

from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.dispatch import batch as batches
from channels_binding.exceptions import BadRequest, BindingError, LimitExceeded
from channels_binding.models import KeptAnswer
from tests.conftest import Connect
from tests.project.zoo.models import Label, Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


def perform(user: Any, *ops: Any, **data: Any) -> Any:
    batch = Call("cb", "batch", {"ops": [*ops], **data}, user)
    return batches.run_batch(batch, lambda op, given: Call(op.stream, op.action, given, user))


def label(name: str, **members: Any) -> Any:
    return {"event": "zoo.Label.create", "data": {"name": name}, **members}


def test_later_operations_refer_to_earlier_ones(user: Any) -> None:
    answer = perform(
        user,
        label("a", **{"as": "one"}),
        {"event": "zoo.Label.search", "data": {"filters": {}, "fields": ["name"]}, "as": "found"},
        {"event": "zoo.Note.create", "data": {"title": {"$ref": "one.name"}, "labels": [{"$ref": "found.rows.0.id"}]}},
    )
    assert answer["success"] is True
    made, found, note = answer["results"]
    assert found["data"]["rows"] == [{"id": made["data"]["id"], "name": "a"}]
    assert found["v"]
    assert (note["data"]["title"], note["data"]["labels"]) == ("a", [made["data"]["id"]])


def test_an_atomic_batch_happens_whole_or_not_at_all(user: Any) -> None:
    with pytest.raises(BindingError) as caught:
        perform(user, label("a"), label("b" * 99), label("c"))
    assert (caught.value.code, caught.value.facts, [*(caught.value.fields or {})]) == ("invalid", {"op": 1}, ["name"])
    assert not Label.objects.exists()


class KeptLabels(AsyncBinding):
    """A coroutine that awaits the built-in action which it overrides."""

    stream = "test.KeptLabels"
    model = Label
    fields = ("id", "name")

    async def create(self, data: Any) -> Any:
        return await super().create(data)


def test_a_coroutine_that_awaits_a_built_in_action_writes_in_the_batchs_transaction(user: Any) -> None:
    ops = [{"event": "test.KeptLabels.create", "data": {"name": name}} for name in ("a", "b" * 99)]
    assert perform(user, ops[0])["success"] is True
    with pytest.raises(BindingError):
        perform(user, {"event": "test.KeptLabels.create", "data": {"name": "c"}}, ops[1])
    assert [*Label.objects.values_list("name", flat=True)] == ["a"]


def test_otherwise_each_stands_for_itself(user: Any) -> None:
    missing = {"event": "zoo.Label.update", "data": {"id": {"$ref": "bad.id"}, "name": "x"}}
    answer = perform(user, label("a"), label("b" * 99, **{"as": "bad"}), missing, label("c"), atomic=False)
    assert answer["success"] is False
    assert ["error" in result for result in answer["results"]] == [False, True, True, False]
    assert answer["results"][2]["error"]["fields"]["$ref"][0]["code"] == "unknown"
    assert [*Label.objects.values_list("name", flat=True)] == ["a", "c"]


@pytest.mark.parametrize(
    "data",
    [
        {}, {"ops": []}, {"ops": {}}, {"ops": [1]}, {"ops": [{}]}, {"ops": [{"event": "x"}]}, {"ops": [label("a")], "atomic": 1},
        {"ops": [{"event": "a.b", "data": []}]}, {"ops": [{"event": "a.b", "data": 7}]}, {"ops": [label("a", **{"as": "a.b"})]}, {"ops": [label("a", **{"as": 7})]},
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(data: Any) -> None:
    with pytest.raises(BadRequest):
        batches.read(data)


def test_a_batch_has_a_limit(settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_BATCH_OPS": 2}
    assert len(batches.read({"ops": [label("a")] * 2})[0]) == 2
    with pytest.raises(LimitExceeded):
        batches.read({"ops": [label("a")] * 3})


@pytest.mark.parametrize(
    "event",
    ["zoo.Note.subscribe", "zoo.Note.unsubscribe", "cb.batch", "cb.auth", "zoo.Nothing.search", "zoo.Note.nothing"],
)
def test_what_has_no_place_in_a_batch_is_refused(event: str, user: Any) -> None:
    answer = perform(user, {"event": event, "data": {}}, atomic=False)
    assert answer["results"][0]["error"]["status"] in (404, 405)


def test_what_only_looks_like_a_reference_is_data(user: Any) -> None:
    schema = {"$ref": "#/definitions/x"}
    answer = perform(
        user, {"event": "zoo.Document.create", "data": {"content": schema, "notes": {"$ref": "a", "b": 1}}}
    )
    assert answer["results"][0]["data"]["content"] == schema


class Wired(AsyncBinding):
    """Made anew by each test that wants it."""

    @bind
    async def shout(self, data: Any) -> None:
        await self.reflect("shout", {"loud": data["text"].upper()})
        await self.reflect("aside", {"quiet": True})


async def test_over_a_socket_the_answer_comes_after_its_diffs(connect: Connect, user: Any) -> None:
    with throwaway():

        class Shouting(Wired):
            stream = "test.shouting"

        socket = await connect(user)
        await socket.call("zoo.Label.search#h", {"order": "id"})
        await socket.send(
            {
                "event": "cb.batch",
                "id": 9,
                "data": {"ops": [label("a"), label("b"), {"event": "test.shouting.shout", "data": {"text": "x"}}]},
            }
        )
        heard: list[Any] = []
        while not heard or heard[-1].get("id") != 9:
            heard.append(await socket.receive())
        by_event = {message["event"]: message for message in heard}
        assert by_event["test.shouting.aside"]["data"] == {"quiet": True}
        assert len(by_event["zoo.Label.search#h"]["data"]["put"]) == 2  # one transaction, one diff
        assert heard[-1]["data"]["results"][2] == {"data": {"loud": "X"}}
        assert not await sync_to_async(Note.objects.exists)()


async def test_reads_in_a_batch_do_not_stay_live(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    answer = await socket.call("cb.batch", {"ops": [{"event": "zoo.Label.search#h", "data": {}}]})
    assert answer["data"]["results"][0]["data"]["count"] == 0
    await Label.objects.acreate(name="a")
    assert await socket.silent()


async def test_a_batch_counts_as_many_messages_as_it_has_operations(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MESSAGES_PER_SECOND": 3}
    socket = await connect(user)
    refused = await socket.call("cb.batch", {"ops": [label("a")] * 5})
    assert refused["error"]["code"] == "throttled"
    assert not await Label.objects.aexists()


async def test_batches_are_for_clients_that_asked_for_the_protocol(connect: Connect, user: Any) -> None:
    socket = await connect(user, modern=False)
    assert (await socket.call("cb.batch", {"ops": [label("a")]}))["error"]["code"] == "bad_request"


def post(client: Client, data: Any, **headers: str) -> Any:
    return client.post("/api/batch/", json.dumps(data), "application/json", headers=headers)


def test_over_http_it_is_one_request(user: Any) -> None:
    client = Client()
    client.force_login(user)
    answer = post(client, {"ops": [label("a")]}, **{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["results"][0]["data"]["name"]) == (200, "a")
    assert post(client, {"ops": [label("a")]}, **{"Idempotency-Key": "k"}).json() == answer.json()
    assert Label.objects.count() == 1
    refused = post(client, {"ops": [label("a"), label("b" * 99)]})
    assert (refused.status_code, refused.json()["op"]) == (400, 1)
    assert post(Client(), {"ops": [label("a")]}).status_code == 401


def test_reads_are_not_kept_but_answered_as_of_now(user: Any) -> None:
    client = Client()
    client.force_login(user)
    search = {"event": "zoo.Label.search", "data": {}, "as": "found"}
    assert post(client, {"ops": [search]}, **{"Idempotency-Key": "reads"}).status_code == 200
    assert not KeptAnswer.objects.exists()
    first, second = (
        post(client, {"ops": [label("a"), search]}, **{"Idempotency-Key": "k"}).json()["results"] for _ in range(2)
    )
    assert first == second
    assert "rows" not in KeptAnswer.objects.get().answer
    Label.objects.create(name="b")
    third = post(client, {"ops": [label("a"), search]}, **{"Idempotency-Key": "k"}).json()["results"]
    assert (third[0], third[1]["data"]["count"]) == (first[0], 2)
    assert Label.objects.count() == 2


def test_each_operation_is_asked_for_with_its_own_method(user: Any) -> None:
    user.user_permissions.add(Permission.objects.get(codename="add_label"))
    with throwaway():

        class Strict(Binding):
            stream = "test.strict"
            model = Label
            fields = ("id", "name")
            permission_classes = (DjangoModelPermissions,)

        kept = Label.objects.create(name="kept")
        client = Client()
        client.force_login(user)
        ops = [
            {"event": "test.strict.create", "data": {"name": "new"}},
            {"event": "test.strict.delete", "data": {"id": kept.pk}},
            {"event": "test.strict.update", "data": {"id": kept.pk, "name": "x"}},
        ]
        answer = post(client, {"ops": ops, "atomic": False}).json()
    assert ["error" in result for result in answer["results"]] == [False, True, True]
    assert Label.objects.get(pk=kept.pk).name == "kept"


class Circle(BasePermission):
    """Whom a row of labels lets in."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(Label.objects.filter(name=request.user.username).exists())


class KeptNoteBinding(Binding):
    stream, model, fields, bulk = "tests.KeptNote", Note, ("id", "title", "owner"), "independent"
    permission_classes = (Circle,)

    def get_queryset(self) -> Any:
        return Note.objects.filter(owner=self.user)

    @bind("reveal")
    def reveal(self, data: Any) -> Any:
        return {"said": "canary"}


def asked_again(user: Any, meanwhile: Any, *ops: Any, **data: Any) -> list[Any]:
    """What a batch with a key is answered over HTTP, before and after something has happened."""
    client = Client()
    client.force_login(user)
    answers = []
    for happens in (None, meanwhile):
        if happens is not None:
            happens()
        answers.append(post(client, {"ops": [*ops], **data}, **{"Idempotency-Key": "k"}).json())
    return answers


@pytest.fixture
def circle(user: Any) -> Any:
    return Label.objects.create(name=user.username)


@pytest.mark.parametrize("is_atomic", [True, False])
def test_who_may_no_longer_ask_is_not_answered_what_was_answered_before(
    is_atomic: bool, user: Any, circle: Any
) -> None:
    before, after = asked_again(user, circle.delete, {"event": "tests.KeptNote.reveal"}, atomic=is_atomic)
    assert before["results"] == [{"data": {"said": "canary"}}]
    assert "canary" not in json.dumps(after)
    refused = after if is_atomic else after["results"][0]["error"]
    assert refused["code"] == "forbidden"


@pytest.mark.parametrize("way", ["create", "update", "several", "form"])
@pytest.mark.parametrize("in_batch", [True, False])
def test_rows_in_an_answer_that_is_given_again_are_those_that_the_caller_may_see_now(
    in_batch: bool, way: str, user: Any, stranger: Any, circle: Any
) -> None:
    note = Note.objects.create(title="first", owner=user)
    path, event, data = {
        "create": ("", "create", {"title": "mine", "owner": user.pk}),
        "update": (f"{note.pk}/", "update", {"id": note.pk, "title": "mine"}),
        "several": ("", "update", {"ids": [note.pk], "title": "mine"}),
        "form": (f"{note.pk}/form/", "form", {"id": note.pk, "submit": {"title": "mine", "owner": user.pk}}),
    }[way]
    method = {"create": "post", "update": "patch", "several": "patch", "form": "post"}[way]
    body = {"ops": [{"event": f"tests.KeptNote.{event}", "data": data}]} if in_batch else data.get("submit", data)
    client = Client()
    client.force_login(user)

    def send() -> str:
        address = "/api/batch/" if in_batch else f"/api/tests.KeptNote/{path}"
        ask = getattr(client, "post" if in_batch else method)
        answer = ask(address, json.dumps(body), "application/json", headers={"Idempotency-Key": "k"})
        assert answer.status_code in (200, 201)
        return str(answer.content.decode())

    assert "mine" in send()
    assert "mine" not in KeptAnswer.objects.get().answer
    Note.objects.filter(title="mine").update(title="changed")
    assert "changed" in send()
    assert Note.objects.filter(title="changed").count() == 1, "it is made once"
    Note.objects.filter(title="changed").update(title="canary", owner=stranger)
    again = send()
    assert "canary" not in again
    assert "mine" not in again

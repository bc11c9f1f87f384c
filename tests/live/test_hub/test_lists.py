"""Which client is sent what: rounds, groups, permissions of each push, rolled-back writes, related rows, failures."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from rest_framework.permissions import AllowAny

from channels_binding.consumers import AsyncBinding
from channels_binding.live import rounds
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.live.oracle.diffs import apply_diff
from tests.live.queries.test_evaluation import TalkativeNoteBinding
from tests.live.test_hub.shown import Shown, evaluations, in_thread, make_notes
from tests.project.zoo.models import Attachment, Cafe, Country, Label, LoudNote, Note, Place, Precious, Token
from tests.throwaway import throwaway


def renamed(note: Note) -> Note:
    note.title = "new"
    return note


WRITES: dict[str, Any] = {
    "save": lambda note: renamed(note).save(),
    "save of one field": lambda note: renamed(note).save(update_fields=["title"]),
    "queryset.update": lambda note: Note.objects.filter(title="n1").update(title="new"),
    "update with F": lambda note: Note.objects.filter(pk=note.pk).update(rank=F("rank") + 1),
    "bulk_update": lambda note: Note.objects.bulk_update([renamed(note)], ["title"]),
    "raw sql": lambda note: connection.cursor().execute("UPDATE zoo_note SET title = 'new' WHERE rank = 1"),
    "create": lambda note: Note.objects.create(title="another"),
    "bulk_create": lambda note: Note.objects.bulk_create([Note(title="another"), Note(title="more")]),
    "bulk_create of one": lambda note: Note.objects.bulk_create([Note(title="another")]),
    "delete": lambda note: note.delete(),
    "queryset.delete": lambda note: Note.objects.filter(rank=1).delete(),
    "m2m add": lambda note: note.labels.add(Label.objects.create(name="red")),
    "m2m from the other side": lambda note: Label.objects.create(name="red").note_set.add(note),
    "through table": lambda note: Note.labels.through.objects.bulk_create(
        [Note.labels.through(note=note, label=Label.objects.create(name="red"))]
    ),
    "cascade": lambda note: note.owner.delete(),
    "proxy": lambda note: LoudNote.objects.get(pk=note.pk).delete(),
    "update_or_create": lambda note: Note.objects.update_or_create(pk=note.pk, defaults={"title": "new"}),
}


@pytest.mark.parametrize("is_atomic", [True, False], ids=["atomic", "autocommit"])
@pytest.mark.parametrize("kind", WRITES)
async def test_every_kind_of_write_reaches_a_live_list(
    kind: str, is_atomic: bool, connect: Connect, user: Any, stranger: Any
) -> None:
    (note,) = await make_notes(1, owner=stranger)
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open(order="id")

    def write() -> None:
        if is_atomic:
            with transaction.atomic():
                WRITES[kind](note)
        else:
            WRITES[kind](note)

    await in_thread(write)()
    await shown.take()
    fresh = await socket.call("zoo.Note.search", {"order": "id", "live": False})
    while shown.rows != fresh["data"]["rows"]:
        await shown.take()
    assert shown.meta["count"] == fresh["data"]["count"]
    assert shown.v == fresh["v"]


async def test_rows_that_are_asked_for_by_key_keep_their_labels_live(connect: Connect, user: Any) -> None:
    note, _ = await make_notes(1, 2)
    await Note.objects.filter(pk=note.pk).aupdate(owner=user)
    shown = Shown(await connect(user), "zoo.Note.retrieve#h")
    await shown.open(ids=[note.pk], labels=True)
    assert shown.meta == {"labels": {"owner": {str(user.pk): "ann"}, "labels": {}}}
    await in_thread(type(user).objects.filter(pk=user.pk).update)(username="anna")
    while shown.meta["labels"]["owner"] != {str(user.pk): "anna"}:
        await shown.take()
    await in_thread(Note.objects.filter(pk=note.pk).update)(owner=None)
    while shown.meta["labels"]["owner"] != {}:
        await shown.take()
    assert shown.column("owner") == [None]


async def test_a_rolled_back_change_is_never_seen(connect: Connect, user: Any) -> None:
    (note,) = await make_notes(1)
    socket = await connect(user)
    await Shown(socket, "zoo.Note.search#h").open()
    evaluated = await evaluations(socket)

    def write() -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Note.objects.filter(pk=note.pk).update(title="never")
            Note.objects.create(title="never")
            raise ZeroDivisionError

    await in_thread(write)()
    assert await socket.silent()
    assert await evaluations(socket) == evaluated


async def test_what_a_savepoint_rolls_back_is_forgotten_and_the_rest_is_told(connect: Connect, user: Any) -> None:
    await make_notes(1)
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open(order="id")

    def write() -> None:
        with transaction.atomic():
            Note.objects.create(title="kept")
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                Note.objects.create(title="never")
                raise ZeroDivisionError

    await in_thread(write)()
    await shown.take()
    assert shown.column("title") == ["n1", "kept"]
    assert await socket.silent()


async def test_all_changes_of_one_transaction_arrive_in_one_frame(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND_PATIENCE_SECONDS", 5.0)  # how long it waits for the slowest is another matter
    notes = await make_notes(1, 2)
    socket = await connect(user)
    await socket.call("zoo.Note.search#a", {})
    await socket.call("zoo.Note.search#b", {"order": "-rank"})
    await socket.call("zoo.Note.retrieve#c", {"id": notes[0].pk})

    def write() -> None:
        with transaction.atomic():
            for note in notes:
                note.title = "together"
                note.save()

    await in_thread(write)()
    frame = (await asyncio.wait_for(socket.socket.output_queue.get(), 2))["text"]
    assert frame.startswith("[")
    assert all(f"#{name}" in frame for name in "abc")
    assert frame.count("together") == 5


async def test_enter_leave_move_and_update_of_a_filtered_ordered_page(connect: Connect, user: Any) -> None:
    notes = await make_notes(10, 20, 30, 40)
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open(order="-rank", limit=2, filters={"rank__gte": 15})
    assert (shown.column("rank"), shown.meta["count"]) == ([40, 30], 3)

    async def set_rank(note: Note, rank: int) -> dict[str, Any]:
        await in_thread(lambda: Note.objects.filter(pk=note.pk).update(rank=rank))()
        return await shown.take()

    assert (await set_rank(notes[0], 35))["count"] == 4
    assert shown.column("rank") == [40, 35]
    await set_rank(notes[0], 45)
    assert shown.column("rank") == [45, 40]
    await set_rank(notes[0], 5)
    assert (shown.column("rank"), shown.meta["count"]) == ([40, 30], 3)
    await in_thread(notes[3].delete)()
    await shown.take()
    assert (shown.column("rank"), shown.meta["count"]) == ([30, 20], 2)


async def test_a_deleted_row_is_gone_and_a_hidden_one_looks_the_same(
    connect: Connect, user: Any, stranger: Any
) -> None:
    first, second = await make_notes(1, 2, owner=user)
    socket = await connect(user)
    await socket.call("zoo.OwnNote.retrieve#a", {"id": first.pk})
    await socket.call("zoo.OwnNote.retrieve#b", {"id": second.pk})
    await in_thread(first.delete)()
    deleted = await socket.receive()
    await in_thread(lambda: Note.objects.filter(pk=second.pk).update(owner=stranger, title="forbidden"))()
    hidden = await socket.receive()
    assert deleted == {"event": "zoo.OwnNote.retrieve#a", "type": "gone"}
    assert hidden == {"event": "zoo.OwnNote.retrieve#b", "type": "gone"}
    await in_thread(lambda: Note.objects.filter(pk=second.pk).update(owner=user, title="back"))()
    back = await socket.receive()
    assert (back["type"], back["data"]["title"]) == ("snapshot", "back")


async def test_a_row_that_moves_to_another_owner_leaves_by_its_key_only(
    connect: Connect, user: Any, stranger: Any
) -> None:
    first, _ = await make_notes(1, 2, owner=user)
    mine, theirs = await connect(user), await connect(stranger)
    list_of_mine = await Shown(mine, "zoo.OwnNote.search#h").open(order="rank")
    list_of_theirs = await Shown(theirs, "zoo.OwnNote.search#h").open(order="rank")
    await in_thread(lambda: Note.objects.filter(pk=first.pk).update(owner=stranger, title="canary"))()
    left = await list_of_mine.take()
    assert left == {"remove": [first.pk], "count": 1}
    await list_of_theirs.take()
    assert list_of_theirs.column("title") == ["canary"]
    await in_thread(lambda: Note.objects.filter(pk=first.pk).update(title="canary2"))()
    await list_of_theirs.take()
    assert await mine.silent()


async def test_strangers_hear_nothing_of_rows_that_they_may_not_see(connect: Connect, user: Any, stranger: Any) -> None:
    await make_notes(1, owner=user)
    socket, seed = await connect(stranger), await connect(stranger, modern=False)
    for each in (socket, seed):
        await each.call("zoo.OwnNote.search", {})
        await each.call("zoo.OwnNote.subscribe", {})
    await make_notes(2, 3, owner=user)
    await in_thread(lambda: Note.objects.filter(owner=user).update(title="x"))()
    await in_thread(lambda: Note.objects.filter(owner=user).delete())()
    assert await socket.silent()
    assert await seed.silent()


async def test_an_object_permission_decides_each_push_of_a_row(connect: Connect, user: Any) -> None:
    (note,) = await make_notes(1)
    socket = await connect(user)
    await socket.call("zoo.GuardedNote.retrieve#r", {"id": note.pk})
    await in_thread(lambda: Note.objects.filter(pk=note.pk).update(title="locked", rank=77))()
    push = await socket.receive()
    assert push["type"] == "gone"
    assert "data" not in push
    assert "77" not in str(push)
    await in_thread(lambda: Note.objects.filter(pk=note.pk).update(rank=78))()
    assert await socket.silent()


async def test_a_change_between_the_join_and_the_answer_is_not_missed(connect: Connect, user: Any) -> None:
    await make_notes(1)
    socket = await connect(user)
    for number in range(20):
        await socket.send({"event": f"zoo.Note.search#h{number}", "id": number, "data": {"limit": 100, "order": "id"}})
        await make_notes(100 + number)
        rows: list[dict[str, Any]] = []
        while len(rows) != number + 2:
            message = await socket.receive()
            if message["event"] != f"zoo.Note.search#h{number}":
                continue
            if message.get("type") == "snapshot":
                rows = message["data"]["rows"]
            else:
                rows += [put[1] for put in message["data"].get("put", ())]
        await socket.call(f"zoo.Note.unsubscribe#h{number}")


async def test_live_false_asks_for_the_answer_alone(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    answer = await socket.call("zoo.Note.search#h", {"live": False})
    assert "type" not in answer
    await make_notes(1)
    assert await socket.silent()


async def test_a_returning_client_is_told_same_delta_or_snapshot(connect: Connect, user: Any) -> None:
    notes = await make_notes(1, 2, 3)
    first = await connect(user)
    answer = await first.call("zoo.Note.search#h", {"order": "rank"})
    have = {
        "v": answer["v"],
        "rows": [[row["id"], tag] for row, tag in zip(answer["data"]["rows"], answer["etags"], strict=True)],
    }
    again = await connect(user)
    same = await again.call("zoo.Note.search#h", {"order": "rank"}, have=have)
    assert (same["type"], same["data"]["count"]) == ("same", 3)
    await in_thread(lambda: Note.objects.filter(pk=notes[0].pk).update(rank=9, title="moved"))()
    third = await connect(user)
    delta = await third.call("zoo.Note.search#h", {"order": "rank"}, have=have)
    assert delta["type"] == "delta"
    assert delta["data"]["order"] == [notes[1].pk, notes[2].pk, notes[0].pk]
    assert [row["title"] for row in delta["data"]["rows"]] == ["moved"]
    assert len(delta["etags"]) == 1
    snapshot = await third.call("zoo.Note.search#i", {"order": "rank"}, have={"v": "00000000", "rows": "odd"})
    assert snapshot["type"] == "snapshot"


async def test_multi_table_inheritance_and_proxies_reach_parent_and_child(connect: Connect, user: Any) -> None:
    cafe = await in_thread(Cafe.objects.create)(name="old", seats=1)
    socket = await connect(user)
    await socket.call("zoo.Cafe.search#c", {})
    await socket.call("zoo.Place.search#p", {})
    await in_thread(lambda: Place.objects.filter(pk=cafe.pk).update(name="new"))()
    told = {(await socket.receive())["event"] for _ in range(2)}
    assert told == {"zoo.Cafe.search#c", "zoo.Place.search#p"}
    await in_thread(cafe.delete)()
    told = {(await socket.receive())["event"] for _ in range(2)}
    assert told == {"zoo.Cafe.search#c", "zoo.Place.search#p"}


async def test_a_key_that_is_a_uuid_is_recognised(connect: Connect, user: Any) -> None:
    token = await in_thread(Token.objects.create)(name="one")
    socket = await connect(user)
    assert (await socket.call("zoo.Token.retrieve#t", {"id": str(token.pk)}))["data"]["name"] == "one"

    def rename() -> None:
        token.name = "two"
        token.save()

    await in_thread(rename)()
    assert (await socket.receive())["data"]["patch"] == [[str(token.pk), {"name": "two"}, (await _etag(socket, token))]]


async def _etag(socket: BindingCommunicator, token: Token) -> str:
    return str((await socket.call("zoo.Token.retrieve#again", {"id": str(token.pk)}))["v"])


async def test_labels_follow_the_related_row(connect: Connect, user: Any, stranger: Any) -> None:
    await make_notes(1, owner=stranger)
    socket = await connect(user)
    answer = await socket.call("zoo.Note.search#h", {"labels": True})
    assert answer["data"]["labels"]["owner"] == {str(stranger.pk): "bob"}
    await in_thread(lambda: get_user_model().objects.filter(pk=stranger.pk).update(username="robert"))()
    assert (await socket.receive())["data"]["labels"]["owner"] == {str(stranger.pk): "robert"}


async def test_labels_of_a_relation_that_is_read_backwards_follow_the_related_row(connect: Connect, user: Any) -> None:
    with throwaway():

        class LabelsWithNotes(AsyncBinding):
            stream, model, fields = "tests.LabelsWithNotes", Label, ("id", "note_set")
            permission_classes = (AllowAny,)

        (note,) = await make_notes(1)
        label = await in_thread(lambda: Label.objects.create(name="red"))()
        await in_thread(lambda: note.labels.add(label))()
        socket = await connect(user)
        answer = await socket.call("tests.LabelsWithNotes.search#h", {"labels": True})
        assert answer["data"]["labels"]["note_set"] == {str(note.pk): note.title}
        await in_thread(lambda: Note.objects.filter(pk=note.pk).update(title="new"))()
        assert (await socket.receive())["data"]["labels"]["note_set"] == {str(note.pk): "new"}


async def test_a_filter_through_a_relation_follows_the_related_row(connect: Connect, user: Any) -> None:
    (note,) = await make_notes(1)
    label = await in_thread(lambda: Label.objects.create(name="red"))()
    await in_thread(lambda: note.labels.add(label))()
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open(filters={"labels__name": "red"})
    assert len(shown.rows) == 1
    await in_thread(lambda: Label.objects.filter(pk=label.pk).update(name="blue"))()
    assert (await shown.take())["remove"] == [note.pk]


async def test_with_no_listener_a_commit_reads_nothing(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    await socket.call("zoo.Note.unsubscribe#h", {})
    evaluated = [group.started for group in Hub.current().groups.values()]

    def write() -> int:
        with CaptureQueriesContext(connection) as queries:
            Note.objects.create(title="alone")
        return len(queries)

    assert await in_thread(write)() == 1
    assert await socket.silent()
    assert [group.started for group in Hub.current().groups.values()] == evaluated


async def test_what_a_serializer_asks_for_itself_is_kept_fresh(connect: Connect, user: Any) -> None:
    notes = await make_notes(1, 2)
    shown = await Shown(await connect(user), f"{TalkativeNoteBinding.stream}.search#h").open(order="id")
    assert shown.column("is_known") == [False, False]
    await in_thread(Precious.objects.create)(name=notes[1].title)
    await shown.take()
    assert shown.column("is_known") == [False, True]
    await in_thread(renamed(notes[0]).save)()
    await in_thread(Precious.objects.create)(name="new")
    await shown.take()
    while shown.column("is_known") != [True, True]:
        await shown.take()


class RenamedCountryBinding(AsyncBinding):
    """Rows whose key can be changed."""

    stream = "tests.RenamedCountry"
    model = Country
    filterset_fields = ("name",)


async def test_a_row_whose_key_is_changed_enters_under_the_new_one(connect: Connect, user: Any) -> None:
    await in_thread(Country.objects.create)(code="A", name="off")
    socket = await connect(user)
    for name in ("on", "off", "third"):
        await socket.call(f"tests.RenamedCountry.search#{name}", {"filters": {"name": name}})
    await in_thread(Country.objects.filter(pk="A").update)(code="B", name="on")
    pushes = {
        push["event"].partition("#")[2]: push["data"] for push in (await socket.receive(), await socket.receive())
    }
    assert pushes["on"]["count"] == 1
    assert [row["code"] for row in apply_diff([], {}, pushes["on"])] == ["B"]
    assert (pushes["off"]["count"], pushes["off"]["remove"]) == (0, ["A"])


class ArchivedNoteBinding(AsyncBinding):
    """Rows of another database."""

    stream = "tests.ArchivedNote"
    queryset = Note.objects.using("archive")
    fields = ("id", "title", "done")
    filterset_fields = ("done",)


@pytest.mark.django_db(transaction=True, databases=["default", "archive"])
async def test_a_live_list_of_another_database_follows_that_one(connect: Connect, user: Any) -> None:
    shown = await Shown(await connect(user), "tests.ArchivedNote.search#h").open(filters={"done": True})
    await make_notes(1, done=True)  # in the default one
    archived = await in_thread(Note.objects.using("archive").create)(title="old", done=True)
    assert (await shown.take())["count"] == 1
    await in_thread(lambda: Note.objects.using("archive").filter(pk=archived.pk).update(title="older"))()
    await shown.take()
    assert shown.column("title") == ["older"]


async def test_readers_at_several_hosts_are_shown_files_at_their_own(hub_ended: None, user: Any) -> None:
    row = await in_thread(Attachment.objects.create)(name="a", file="attachments/a.txt")
    sockets = {}
    for host in ("testserver", "localhost"):
        sockets[host] = BindingCommunicator("/ws/", user=user, headers=[(b"host", host.encode())])
        await sockets[host].open()
        answer = await sockets[host].call("zoo.Attachment.search#h")
        assert answer["data"]["rows"][0]["file"] == f"http://{host}/media/attachments/a.txt"
    row.file = "attachments/b.txt"
    await in_thread(row.save)()
    for host, socket in sockets.items():
        push = await socket.receive()
        assert push["data"]["patch"][0][1]["file"] == f"http://{host}/media/attachments/b.txt"
        await socket.close()

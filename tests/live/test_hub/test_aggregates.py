"""Live aggregates, as clients show them: groups enter, leave, move and change, each reader's own."""

from typing import Any

from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.live.test_hub.shown import Shown, in_thread, make_notes
from tests.project.zoo.models import Moment, Note

BY_RANK = {"measures": ["count"], "by": ["rank"], "order": "-count"}


async def test_groups_enter_leave_and_move_and_it_is_said_when_there_are_more(connect: Connect, user: Any) -> None:
    await make_notes(1, 1, 2)
    shown = await Shown(await connect(user), "zoo.Note.aggregate#a").open(**BY_RANK, limit=2)
    assert [(row["rank"], row["count"]) for row in shown.rows] == [(1, 2), (2, 1)]
    await in_thread(Note.objects.bulk_create)([Note(title="x", rank=3) for _ in range(3)])
    data = await shown.take()
    assert (data["remove"], data["put"][0][:2]) == (["[2]"], [0, {"id": "[3]", "rank": 3, "count": 3}])
    assert (data["truncated"], "count" in data) == (True, False)
    await Note.objects.filter(rank=3).aupdate(rank=1)
    await shown.take()
    assert [(row["rank"], row["count"]) for row in shown.rows] == [(1, 5), (2, 1)]
    assert (shown.meta["truncated"], shown.meta["count"]) == (False, 2)


async def test_a_change_that_moves_no_number_is_not_sent(connect: Connect, user: Any) -> None:
    (note,) = await make_notes(1)
    socket = await connect(user)
    await Shown(socket, "zoo.Note.aggregate#a").open(**BY_RANK)
    await Note.objects.filter(pk=note.pk).aupdate(title="another")
    assert await socket.silent()


async def test_what_becomes_of_rows_that_are_left_out_is_not_told(connect: Connect, user: Any) -> None:
    (left_out, other) = await make_notes(1, 10)
    asked = {"measures": ["count", "sum:rank"], "exclude": [left_out.pk]}
    shown = await Shown(await connect(user), "zoo.Note.aggregate#a").open(**asked)
    assert shown.column("sum:rank") == [10]
    await Note.objects.filter(pk=left_out.pk).aupdate(rank=2)
    await Note.objects.filter(pk=left_out.pk).adelete()
    assert await shown.socket.silent()
    await Note.objects.filter(pk=other.pk).aupdate(rank=20)
    await shown.take()
    assert shown.column("sum:rank") == [20]


async def test_each_reader_is_told_of_the_rows_that_it_may_see(connect: Connect, user: Any, stranger: Any) -> None:
    (note,) = await make_notes(1, owner=user)
    asked = {"measures": ["count", "sum:rank"]}
    ours = await Shown(await connect(user), "zoo.OwnNote.aggregate#a").open(**asked)
    theirs = await Shown(await connect(stranger), "zoo.OwnNote.aggregate#a").open(**asked)
    assert ([row["count"] for row in ours.rows], [row["count"] for row in theirs.rows]) == ([1], [0])
    await Note.objects.filter(pk=note.pk).aupdate(rank=5)
    await ours.take()
    assert ours.column("sum:rank") == [5]
    assert await theirs.socket.silent(), "nothing of another's row, not even that it changed"
    await Note.objects.filter(pk=note.pk).aupdate(owner=stranger)
    for each in (ours, theirs):
        await each.take()
    assert (ours.column("sum:rank"), theirs.column("sum:rank")) == ([None], [5])


async def test_a_row_that_a_permission_begins_to_hide_leaves_its_group(connect: Connect, user: Any) -> None:
    (note, _) = await make_notes(1, 1)
    shown = await Shown(await connect(user), "zoo.GuardedNote.aggregate#a").open(by=["rank"])
    assert shown.column("count") == [2]
    await Note.objects.filter(pk=note.pk).aupdate(title="locked")
    await shown.take()
    assert shown.column("count") == [1]


async def test_equal_questions_share_a_reading_and_other_time_zones_do_not(connect: Connect, user: Any) -> None:
    await Moment.objects.acreate(day="2026-03-01", instant="2026-02-28T23:30:00Z", hour="10:00")
    first, second = await connect(user), await connect(user)
    asked = {"measures": ["count"], "by": ["instant:month"]}
    shown = await Shown(first, "zoo.Moment.aggregate#a").open(**asked, limit=1000)
    await Shown(second, "zoo.Moment.aggregate#b").open(by=["instant:month"], live=True)
    assert len(Hub.current().groups) == 1, "what is left out is what is asked for by itself"
    assert shown.column("instant:month") == ["2026-02-01"]
    await first.send({"event": "cb.locale", "id": 9, "data": {"timezone": "Asia/Tokyo"}})
    await shown.take()
    assert shown.column("instant:month") == ["2026-03-01"]
    assert (await first.receive())["id"] == 9
    assert await second.silent()


async def test_who_comes_back_is_sent_what_it_lacks(connect: Connect, user: Any) -> None:
    await make_notes(1, 2)
    shown = await Shown(await connect(user), "zoo.Note.aggregate#a").open(**BY_RANK)
    again = await connect(user)
    same = await again.call("zoo.Note.aggregate#a", BY_RANK, have={"v": shown.v})
    assert (same["type"], same["data"]) == ("same", {"limit": 1000, "count": 2, "truncated": False})
    await make_notes(2)
    etags = {row["id"]: tag for row, tag in zip(shown.rows, ["", "000000000000"], strict=True)}
    have = {"v": "00000000", "rows": [[key, tag] for key, tag in etags.items()]}
    delta = await again.call("zoo.Note.aggregate#b", BY_RANK, have=have)
    assert (delta["type"], delta["data"]["order"]) == ("delta", ["[2]", "[1]"])


async def test_a_client_without_a_subprotocol_is_sent_the_whole(connect: Connect, user: Any) -> None:
    await make_notes(1)
    socket = await connect(user, modern=False)
    first = await socket.call("zoo.Note.aggregate", {"by": ["rank"]})
    assert first["data"] == {
        "limit": 1000,
        "count": 1,
        "truncated": False,
        "rows": [{"id": "[1]", "rank": 1, "count": 1}],
    }
    await make_notes(1)
    assert (await socket.receive())["data"]["rows"] == [{"id": "[1]", "rank": 1, "count": 2}]

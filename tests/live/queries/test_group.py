"""What touches a group of equal reads, and what it has read."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from channels_binding.calls import Call, Reading, Row
from channels_binding.calls.locales import Locale
from channels_binding.live.capture.changes import Changes
from channels_binding.live.queries import invalidation
from channels_binding.live.queries.group import Evaluation, Group, Subscription, same
from channels_binding.live.stream_group import StreamGroup
from tests.live.queries.test_evaluation import call
from tests.live.queries.test_invalidation import Desk, create, save
from tests.live.queries.test_invalidation import desk as desk  # the fixture
from tests.live.test_hub.shown import make_notes
from tests.project.zoo.models import Note


def group(keys: Any = None, labels: Any = frozenset({"zoo.Note", "zoo.Label"})) -> Group:
    made = Group("k", call(), ("all",), row_labels=frozenset({"zoo.Note"}), keys=keys)
    made.labels = labels
    return made


@pytest.mark.parametrize(
    ("keys", "changes", "is_touched"),
    [
        (None, {"zoo.Note": {1}}, True),
        (None, {"zoo.Note": None}, True),
        (None, {"zoo.Label": {1}}, True),
        (None, {"zoo.Label": set()}, False),
        (None, {"zoo.Token": {1}}, False),
        (frozenset({1}), {"zoo.Note": {1, 2}}, True),
        (frozenset({1}), {"zoo.Note": {2}}, False),
        (frozenset({1}), {"zoo.Note": None}, True),
        (frozenset({1}), {"zoo.Label": {9}}, True),
    ],
)
def test_a_group_is_touched_by_its_rows_and_by_what_it_is_made_of(keys: Any, changes: Any, is_touched: bool) -> None:
    touched = group(keys)
    touched.is_stale = False
    touched.touch_by(Changes(changes))
    assert touched.is_stale is is_touched


def test_before_its_first_reading_everything_touches_a_group() -> None:
    touched = group(labels=None)
    touched.is_stale = False
    touched.touch_by(Changes({"zoo.Token": {1}}))
    assert touched.is_stale


def test_keys_of_changed_rows_are_collected_until_anything_may_have_changed() -> None:
    touched = group()
    touched.changed = set()
    touched.touch({1})
    touched.touch_by(Changes({"zoo.Note": {2}}))
    assert touched.changed == {1, 2}
    touched.touch_by(Changes({"zoo.Label": {5}}))
    assert touched.changed is None
    touched.touch({1})
    assert touched.changed is None


@pytest.mark.parametrize(
    ("meta", "rows", "is_partial"),
    [
        ({"page": 1, "count": 2}, 2, False),
        ({"page": 1, "count": 3}, 2, True),
        ({"page": 2, "count": 2}, 0, True),
        ({"count": 2}, 2, False),
    ],
)
def test_a_list_is_partial_unless_all_its_rows_are_shown(meta: dict[str, Any], rows: int, is_partial: bool) -> None:
    shown = group()
    assert not shown.is_partial
    shown.reading = Reading(tuple(Row.of(key, {"id": key}) for key in range(rows)), meta)
    assert shown.is_partial is is_partial
    assert shown.shown() == {*range(rows)}


def test_readings_are_the_same_if_they_would_be_sent_alike() -> None:
    row = Row.of(1, {"id": 1})
    assert same(Reading((row,), {"count": 1}), Reading((Row.of(1, {"id": 1}),), {"count": 1}))
    assert not same(Reading((row,), {"count": 1}), Reading((row,), {"count": 2}))
    assert not same(Reading((row,)), Reading((Row.of(1, {"id": 1, "x": 2}),)))
    assert not same(None, Reading((row,)))


def reading(*keys: int, **meta: Any) -> Reading:
    return Reading(tuple(Row.of(key, {"id": key}) for key in keys), meta)


def subscribed(to: Group, *, sent: Reading | None, user: Any = None) -> Subscription:
    subscriber: Any = SimpleNamespace(user=user)
    made = Subscription(subscriber, "zoo.Note.search#h", replace(call(), user=user), to, sent)
    to.subscriptions.add(made)
    return made


def test_what_is_kept_for_a_subscription_is_what_it_shows_and_what_it_is_to_show() -> None:
    shown, next_ = reading(1, 2), reading(1, 2, 3)
    asked = group()
    subscription = subscribed(asked, sent=shown)
    assert (subscription.rows, subscription.readings()) == (2, {id(shown): shown.size})
    asked.reading = next_
    assert subscription.readings() == {id(shown): shown.size, id(next_): next_.size}
    subscription.sent = None
    assert (subscription.rows, subscription.readings()) == (0, {id(next_): next_.size})


def test_a_group_is_read_as_somebody_who_is_told_now(django_user_model: Any) -> None:
    asked = group()
    assert asked.question(None) is asked.call, "nobody is told: as the one who asked first"
    ann = django_user_model(pk=1, username="ann")
    subscription = subscribed(asked, sent=None, user=ann)
    assert asked.question(subscription).user == ann
    assert asked.question(subscription).data == asked.call.data


def test_a_group_is_read_in_its_own_language_and_time_zone_whoever_asks() -> None:
    asked = group()
    asked.call = replace(asked.call, scope={"locale": Locale("en", "UTC"), "path": "/first/"})
    subscription = subscribed(asked, sent=None)
    subscription.call = replace(subscription.call, scope={"locale": Locale("de", "Asia/Tokyo"), "path": "/ws/"})
    assert asked.question(subscription).scope == {"locale": Locale("en", "UTC"), "path": "/ws/"}


async def test_who_waits_for_a_group_goes_on_once_nobody_reads_it() -> None:
    asked = group()
    waiting = asyncio.ensure_future(asked.until_free())
    await asyncio.sleep(0)
    assert not waiting.done()
    asked.is_free.set()
    await waiting


def evaluation(read: Reading | None, *labels: str, is_whole: bool = True) -> Evaluation:
    return Evaluation(read, {*labels}, True, None, None, is_whole=is_whole)


def test_an_equal_reading_leaves_the_one_that_clients_show_in_its_place() -> None:
    asked = group(labels=None)
    first = reading(1)
    asked.take(evaluation(first, "zoo.Note"))
    asked.completed = 1
    asked.take(evaluation(reading(1), "zoo.Note"))
    assert asked.reading is first
    asked.take(evaluation(None, "zoo.Note"))
    assert asked.reading is None
    assert asked.is_entangled


def test_what_was_asked_for_rows_that_were_not_read_again_still_matters() -> None:
    asked = group(labels=None)
    asked.take(evaluation(reading(1), "zoo.Note", "zoo.Label"))
    asked.take(evaluation(reading(1), "zoo.Note", "zoo.Token", is_whole=False))
    assert asked.labels == {"zoo.Note", "zoo.Label", "zoo.Token"}
    asked.take(evaluation(reading(1), "zoo.Note"))
    assert asked.labels == {"zoo.Note"}


def test_a_push_brings_each_subscription_from_what_it_shows_to_what_is_so() -> None:
    asked = group()
    asked.reading = reading(1, 2)
    new, other, late, same_ = (subscribed(asked, sent=sent) for sent in (None, reading(1), None, asked.reading))
    tail = asked.push_to(new)
    assert tail is not None
    assert b'"type":"snapshot"' in tail
    assert asked.push_to(late) is tail, "encoded once for all alike"
    changed = asked.push_to(other)
    assert changed is not None
    assert b'"type":"diff"' in changed
    assert asked.push_to(same_) is None
    assert all(each.sent is asked.reading for each in (new, other, late))
    asked.forget_bodies()
    asked.reading = None
    left = asked.push_to(new)
    assert left is not None
    assert b'"type":"gone"' in left
    assert asked.push_to(new) is None


def test_of_rows_asked_for_by_key_none_is_unseen() -> None:
    asked = group(keys=frozenset({1, 2}))
    asked.reading = reading(1, page=2)
    assert not asked.is_partial
    assert asked.shown() == {1, 2}
    assert group().shown() == set()


# How many rows a list has, where they are not counted

watched = pytest.mark.usefixtures("transactional_db", "hub_ended")


@watched
@pytest.mark.parametrize("data", [{"count": False}, {"after": ""}], ids=["a page", "a window by places"])
async def test_a_list_without_a_count_counts_no_further_than_one_row_beyond(
    desk: Desk, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invalidation, "RECOUNT_SECONDS", 0.0)
    notes = await make_notes(*range(6))
    listener = await desk.listen(order="rank", fields=["rank"], **data)
    statements = await desk.cost(save(notes[5], title="beyond what is shown"))
    assert not any("COUNT(*) OVER" in sql or ("COUNT" in sql and "LIMIT 4" not in sql) for sql in statements)
    assert listener.told == []
    await desk.cost(lambda: Note.objects.filter(rank__gte=4).delete())
    assert listener.told == []  # the fourth is there still
    await desk.cost(lambda: Note.objects.filter(rank=3).delete())
    assert [push["data"] for push in listener.told] == [{"has_next": False}]
    await desk.cost(create(rank=9))
    assert listener.told[1]["data"] == {"has_next": True}


@watched
async def test_a_later_page_without_a_count_is_read_again_when_a_row_leaves_in_front_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invalidation, "RECOUNT_SECONDS", 0.0)
    await make_notes(*range(9))
    listener = await desk.listen(order="rank", fields=["rank"], count=False, page=2)
    await desk.cost(lambda: Note.objects.filter(rank=1).delete())
    assert [row["rank"] for _, row, _ in listener.told[0]["data"]["put"]] == [6]


@watched
async def test_what_changes_outside_of_a_window_between_two_places_costs_it_nothing(desk: Desk) -> None:
    notes = await make_notes(*range(8))
    page = await desk.hub.open(Call("zoo.Note", "search", {"after": "", "limit": 2, "order": "rank"}, desk.user))
    assert page.reading is not None
    bounds = {"after": page.reading.meta["start"], "until": page.reading.meta["end"]}
    desk.hub.store.forget(page)
    listener = await desk.listen(order="rank", fields=["rank"], **bounds)
    statements = await desk.cost(save(notes[6], rank=70))
    assert not any("zoo_note" in sql and "LIMIT" in sql for sql in statements)
    await desk.cost(save(notes[7], rank=1))  # a tie, with a later key
    assert listener.told == []
    await desk.cost(save(notes[0], rank=1))  # with an earlier one
    assert [row["id"] for _, row, _ in listener.told[0]["data"]["put"]] == [notes[0].pk]
    await desk.cost(save(notes[1], rank=2))
    assert listener.told[1]["data"]["remove"] == [notes[1].pk]


@pytest.mark.parametrize(
    ("keys", "is_of_reading", "is_its_own"),
    [
        ({"zoo.Note": {1}}, True, True),
        ({"zoo.Note": {1}}, False, False),
        ({"zoo.Note": {1}, "zoo.Label": {2}}, True, False),  # of which another reading has made the second
        ({"zoo.Note": {1}, "zoo.Place": {2}}, True, True),  # which is nothing to it
    ],
)
def test_what_other_readings_have_written_is_not_taken_for_its_own(
    keys: dict[str, Any], is_of_reading: bool, is_its_own: bool
) -> None:
    changes = Changes(keys, is_of_reading=is_of_reading)
    made = group()
    made.writes = frozenset({"zoo.Note"})
    assert made.has_made(changes) is is_its_own
    shown = frozenset({"zoo.Note", "zoo.Label"})
    streams = StreamGroup("k", call(), "all", shown, writes=frozenset({"zoo.Note"}))
    assert (streams.touched_keys(changes) is False) is is_its_own

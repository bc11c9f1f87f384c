"""Who is told that rows of a model have changed."""

import asyncio

from channels_binding.live.capture.changes import Changes
from channels_binding.live.watchers import Watchers


async def test_only_those_are_told_who_watch_a_model_that_has_changed() -> None:
    watchers = Watchers()
    with watchers.watch({"zoo.Note"}, 1) as notes, watchers.watch({"zoo.Label", "zoo.Note"}, 1) as both:
        watchers.note(Changes({"zoo.Label": {7}}))
        assert (notes.changed.is_set(), both.changed.is_set()) == (False, True)
        watchers.note(Changes({"zoo.Note": None}))
        assert notes.changed.is_set()


async def test_what_was_lost_may_have_been_anything() -> None:
    watchers = Watchers()
    with watchers.watch({"zoo.Note"}, 1) as watch:
        watchers.lost()
        assert watch.changed.is_set()
        assert not watch.is_over


async def test_at_the_end_everybody_is_let_go() -> None:
    watchers = Watchers()
    with watchers.watch({"zoo.Note"}, 1) as watch:
        watchers.end()
        await asyncio.wait_for(watch.changed.wait(), 1)
        assert watch.is_over


async def test_those_who_leave_are_forgotten_and_counted_no_more() -> None:
    watchers = Watchers()
    assert not watchers
    with watchers.watch({"zoo.Note"}, 7), watchers.watch({"zoo.Note"}, 7):
        assert watchers
        assert (watchers.count(7), watchers.count(8)) == (2, 0)
    assert not watchers
    assert watchers.count(7) == 0
    assert watchers._by_owner == {}

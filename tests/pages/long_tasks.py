"""docs/howto/long-tasks.md, tried in the project that it makes."""

import asyncio
from unittest import mock

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import TestCase, TransactionTestCase

from channels_binding.exceptions import LimitExceeded, MethodNotAllowed
from channels_binding.testing import BindingClient, BindingCommunicator, finish
from shop import work
from shop.models import Export


class Starting(TestCase):
    def test_three_at_a_time_and_nobody_writes_it(self):
        client = BindingClient(User.objects.create_user("ann"))
        for _ in range(3):
            key = client.call("shop.Export.start")["id"]
        with self.assertRaises(LimitExceeded):
            client.call("shop.Export.start")
        with self.assertRaises(MethodNotAllowed):
            client.update("shop.Export", key, percent=100)


class Watching(TransactionTestCase):
    async def test_each_step_is_seen_by_the_owner_alone(self):
        ann, bob = [await User.objects.acreate(username=name) for name in ("ann", "bob")]
        sockets = [BindingCommunicator("/ws/", user=user) for user in (ann, bob)]
        for socket in sockets:
            assert await socket.open()
        exports, others = [await socket.live("shop.Export.search") for socket in sockets]
        seen = set()

        def note(number):
            work.time.sleep(0.06)  # of a round

        with mock.patch.object(work, "part_of_the_work", note), mock.patch.object(work, "enqueue", lambda pk: None):
            key = (await sockets[0].call("shop.Export.start"))["data"]["id"]
            running = asyncio.ensure_future(sync_to_async(work.run)(key, parts=30))
            while not exports.rows or exports.rows[0]["status"] != "done":
                exports.apply(await sockets[0].receive())
                seen |= {row["percent"] for row in exports.rows}
            await running
        assert exports.rows[0]["percent"] == 100
        assert len(seen) >= 3, seen
        assert others.rows == []
        assert await sockets[1].silent()
        for socket in sockets:
            await socket.close()
        await finish()

    async def test_a_failure_is_told_without_its_contents(self):
        ann = await User.objects.acreate(username="ann")
        export = await Export.objects.acreate(owner=ann)
        with (
            mock.patch.object(work, "part_of_the_work", side_effect=ValueError("secret")),
            self.assertRaises(ValueError),
        ):
            await sync_to_async(work.run)(export.pk)
        await export.arefresh_from_db()
        assert (export.status, export.message) == ("failed", "ValueError")

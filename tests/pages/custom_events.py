"""docs/howto/custom-events.md, tried in the project that it makes."""

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import TestCase, TransactionTestCase

from channels_binding.exceptions import Conflict, Forbidden, Invalid, NotFound
from channels_binding.testing import BindingClient, BindingCommunicator, Message, finish
from shop import till
from shop.models import Order


class Handlers(TestCase):
    def setUp(self):
        self.ann, self.bob = User.objects.create_user("ann"), User.objects.create_superuser("bob")
        self.order = Order.objects.create(customer="Acme", amount=9, owner=self.ann)
        self.client = BindingClient(self.ann)

    def test_the_owner_closes_once_and_is_told(self):
        assert self.client.call("shop.Order.close", {"id": self.order.pk, "reason": "paid"}) == {"success": True}
        data = {"id": self.order.pk, "reason": "paid"}
        assert self.client.sent == [Message("send_to", "shop.Order.closed", data, self.ann.pk)]
        with self.assertRaises(Conflict):
            self.client.call("shop.Order.close", {"id": self.order.pk})

    def test_nobody_else_does_and_data_is_checked(self):
        with self.assertRaises(NotFound):
            BindingClient(self.bob).call("shop.Order.close", {"id": self.order.pk})
        with self.assertRaises(Invalid):
            self.client.call("shop.Order.close", {"id": "seven"})

    def test_only_the_event_closes(self):
        self.client.update("shop.Order", self.order.pk, is_closed=True, amount=8)
        assert self.client.retrieve("shop.Order", self.order.pk)["is_closed"] is False

    def test_an_event_has_permissions_of_its_own(self):
        with self.assertRaises(Forbidden):
            self.client.call("shop.Order.announce", {"text": "hello"})
        staff = BindingClient(self.bob)
        staff.call("shop.Order.announce", {"text": "hello"})
        assert staff.sent == [Message("dispatch", "shop.Order.announced", {"text": "hello"})]


class Messages(TransactionTestCase):
    async def test_who_gets_what(self):
        ann = await User.objects.acreate(username="ann")
        bob = await User.objects.acreate(username="bob")
        order = await Order.objects.acreate(customer="Acme", amount=9, owner=ann)
        first, second, other = (BindingCommunicator("/ws/", user=user) for user in (ann, ann, bob))
        for socket in (first, second, other):
            assert await socket.open()
        orders = await first.live("shop.Order.search")
        await other.call("shop.Order.subscribe")
        await first.call("shop.Order.close", {"id": order.pk})
        assert (await second.receive())["event"] == "shop.Order.closed"  # the same user, admitted to nothing
        await first.assert_live(orders)
        assert orders.rows[0]["is_closed"] is True
        assert await other.silent()
        till_order = await Order.objects.acreate(customer="Till", amount=1, owner=ann)
        await sync_to_async(till.day_is_over)()
        said = await other.receive()
        assert (said["event"], said["data"]) == ("shop.Order.announced", {"text": "The day is over."})
        assert await second.silent()  # signed in, but not admitted to the stream
        await first.assert_live(orders)
        assert {row["is_closed"] for row in orders.rows} == {True}
        await sync_to_async(till.imported_by_another_program)([till_order.pk])
        for socket in (first, second, other):
            await socket.close()
        await finish()

"""docs/howto/tenants.md has its tests on the page. These are of what it says beside them."""

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase
from shop.tests import tenant

from channels_binding.testing import BindingCommunicator, finish
from shop.models import Order


class Leaving(TransactionTestCase):
    async def test_a_member_who_leaves_loses_the_rows_at_once(self):
        acme, customer = await sync_to_async(tenant)("acme")
        user = await acme.members.aget()
        await Order.objects.acreate(tenant=acme, customer=customer, amount=5)
        socket = BindingCommunicator("/ws/", user=user)
        assert await socket.open()
        orders = await socket.live("shop.Order.search")
        assert orders.count == 1
        await acme.members.aremove(user)
        said = await socket.receive()
        assert said["error"]["code"] == "forbidden"
        await socket.close()
        await finish()

"""docs/howto/rest-framework.md, tried in the project that it makes."""

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client, TestCase, TransactionTestCase

from channels_binding.testing import BindingCommunicator, finish
from shop.models import Order

JSON = {"content_type": "application/json"}


class SideBySide(TestCase):
    def setUp(self):
        self.ann, self.bob = User.objects.create_user("ann"), User.objects.create_user("bob")
        self.client.force_login(self.ann)

    def test_both_create_with_the_same_rules(self):
        for address, amount in (("/api/old/orders/", "amount"), ("/api/orders/", "fields")):
            made = self.client.post(address, {"customer": "Acme", "amount": "5.00"}, **JSON)
            assert (made.status_code, made.json()["amount"]) == (201, "5.00"), made.content
            refused = self.client.post(address, {"customer": "Acme", "amount": "0"}, **JSON)
            assert refused.status_code == 400
            assert amount in refused.json()
        assert [order.owner for order in Order.objects.all()] == [self.ann, self.ann]

    def test_both_filter_and_both_ask_the_permission(self):
        order = Order.objects.create(customer="Acme", amount=5, owner=self.bob)
        for prefix in ("/api/old/orders/", "/api/orders/"):
            assert self.rows(f"{prefix}?customer=nobody") == []
            assert len(self.rows(prefix)) == 1
            assert self.client.get(f"{prefix}{order.pk}/").status_code == 200
            assert self.client.patch(f"{prefix}{order.pk}/", {"amount": "1.00"}, **JSON).status_code == 403

    def rows(self, address):
        found = self.client.get(address).json()
        return found if isinstance(found, list) else found["rows"]

    def test_the_root_names_both(self):
        assert set(self.client.get("/api/").json()) >= {"old/orders", "orders"}


class Live(TransactionTestCase):
    async def test_what_a_viewset_writes_is_seen(self):
        ann = await User.objects.acreate(username="ann")
        socket = BindingCommunicator("/ws/", user=ann)
        assert await socket.open()
        orders = await socket.live("shop.Order.search")

        def post():
            client = Client()
            client.force_login(ann)
            assert client.post("/api/old/orders/", {"customer": "Acme", "amount": "5.00"}, **JSON).status_code == 201

        await sync_to_async(post)()
        await socket.assert_live(orders)
        assert [row["customer"] for row in orders.rows] == ["Acme"]
        await socket.close()
        await finish()

"""docs/howto/filters.md, tried in the project that it makes."""

from datetime import date

from django.contrib.auth.models import User
from django.test import TestCase

from channels_binding.exceptions import Invalid
from channels_binding.testing import BindingClient
from shop.models import Order


class Asked(TestCase):
    def setUp(self):
        self.asked = BindingClient(User.objects.create_user("ann"))
        for customer, city, amount, status, due in (
            ("Acme", "Berlin", 10, "open", None),
            ("Byte", "Bern", 4, "paid", date(2026, 1, 2)),
            ("Corp", "Berlin", 7, "open", date(2026, 1, 1)),
        ):
            Order.objects.create(customer=customer, city=city, amount=amount, status=status, due=due)

    def names(self, **data):
        return [row["customer"] for row in self.asked.search("shop.Order", **data)["rows"]]

    def test_what_the_page_says(self):
        assert self.names() == ["Corp", "Byte", "Acme"]  # by due, those without it last
        assert self.names(order=["-amount", "customer"]) == ["Acme", "Corp", "Byte"]
        assert self.names(filters={"status__in": ["open", "paid"], "amount__gte": 5}) == ["Corp", "Acme"]
        assert self.names(filters={"overdue_on": "2026-02-01"}) == ["Corp"]
        assert self.names(filters={"city__icontains": "ber"}, query="acme berlin") == ["Acme"]
        assert self.names(filters={"status": "open"}, page=2, limit=1) == ["Acme"]
        assert self.asked.search("shop.Order", fields=["id", "customer"])["rows"][0].keys() == {"id", "customer"}

    def test_the_same_over_http(self):
        self.client.force_login(User.objects.get())
        answer = self.client.get(
            "/api/shop.Order/?status__in=open,paid&amount__gte=5&order=-amount,customer&fields=id,customer"
        )
        assert [row["customer"] for row in answer.json()["rows"]] == ["Acme", "Corp"]

    def test_what_is_not_declared_is_refused_with_the_names(self):
        with self.assertRaises(Invalid) as refused:
            self.names(filters={"due": "2026-01-01"})
        assert "status__in" in str(refused.exception.to_json())
        with self.assertRaises(Invalid):
            self.names(order="status")

"""``python -m shop.rows 1000``: tables, and that many rows."""

import datetime
import sys
from decimal import Decimal

import django


def make(count: int) -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from shop.models import Item

    call_command("migrate", "auth", verbosity=0)  # first, since PostgreSQL checks what is referred to
    call_command("migrate", run_syncdb=True, verbosity=0)
    owners = [User.objects.create(username=f"user{number}") for number in range(10)]
    Item.objects.bulk_create(
        Item(
            name=f"Item number {number}",
            price=number,
            amount=Decimal(number) / 4,
            note="Nothing much to say about it, but enough to fill a line.",
            is_hot=number % 3 == 0,
            due=None if number % 5 == 0 else datetime.date(2026, 1, 1) + datetime.timedelta(days=number % 365),
            owner=None if number % 4 == 0 else owners[number % 10],
        )
        for number in range(count)
    )


if __name__ == "__main__":
    django.setup()
    make(int(sys.argv[1]))

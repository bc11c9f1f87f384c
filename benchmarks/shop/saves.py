"""Saves rows as often as it is asked to, and says what each save took: a number of rows in, processor seconds a save out.

``python -m shop.saves each``: each save a transaction of its own; ``python -m shop.saves atomic``: ten saves a transaction.
"""

import sys
import time
from contextlib import nullcontext

import django

PER_TRANSACTION = 10


def main() -> None:
    django.setup()
    from django.db import transaction

    from shop.models import Item

    is_atomic = sys.argv[1:] == ["atomic"]
    first = Item(name="first")
    first.save()
    for line in sys.stdin:
        began = time.process_time()
        for number in range(int(line)):
            with transaction.atomic() if is_atomic else nullcontext():
                for _ in range(PER_TRANSACTION // 2):
                    Item(name="new", price=number).save()
                    first.price = number
                    first.save()
        print((time.process_time() - began) / (int(line) * PER_TRANSACTION), flush=True)


if __name__ == "__main__":
    main()

"""The same API by django-bolt, on the server that it brings."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

import msgspec
from django_bolt import BoltAPI

from shop.models import FIELDS, Item


class ItemOut(msgspec.Struct):
    id: int
    name: str
    price: int
    amount: Decimal
    status: str
    note: str
    is_hot: bool
    code: uuid.UUID
    due: datetime.date | None
    owner: int | None
    created_at: datetime.datetime


class Page(msgspec.Struct):
    count: int
    items: list[ItemOut]


api = BoltAPI()


@api.get("/items")
def list_items(page: int = 1) -> Page:
    items: list[Any] = [*Item.objects.values(*FIELDS)[25 * (page - 1) : 25 * page]]
    return Page(Item.objects.count(), [ItemOut(**item) for item in items])


@api.get("/items/{pk}")
def retrieve_item(pk: int) -> ItemOut:
    return ItemOut(**Item.objects.values(*FIELDS).get(pk=pk))

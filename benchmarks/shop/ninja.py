from typing import Any

from django.shortcuts import get_object_or_404
from ninja import ModelSchema, NinjaAPI
from ninja.pagination import PageNumberPagination, paginate

from shop.models import FIELDS, Item


class ItemOut(ModelSchema):
    class Meta:
        model = Item
        fields = FIELDS


api = NinjaAPI(docs_url=None)


@api.get("/items/", response=list[ItemOut])
@paginate(PageNumberPagination, page_size=25)
def list_items(request: Any) -> Any:
    return Item.objects.all()


@api.get("/items/{pk}/", response=ItemOut)
def retrieve_item(request: Any, pk: int) -> Any:
    return get_object_or_404(Item, pk=pk)

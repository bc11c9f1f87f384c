from typing import Any

from djangochannelsrestframework.decorators import action
from djangochannelsrestframework.generics import GenericAsyncAPIConsumer
from djangochannelsrestframework.mixins import (
    CreateModelMixin,
    PaginatedModelListMixin,
    PatchModelMixin,
    RetrieveModelMixin,
)
from djangochannelsrestframework.pagination import WebsocketLimitOffsetPagination
from djangochannelsrestframework.permissions import AllowAny

from shop.models import Item
from shop.serializers import ItemSerializer


class ItemConsumer(
    PaginatedModelListMixin, RetrieveModelMixin, CreateModelMixin, PatchModelMixin, GenericAsyncAPIConsumer
):
    queryset = Item.objects.all()
    serializer_class = ItemSerializer
    permission_classes = (AllowAny,)
    pagination_class = WebsocketLimitOffsetPagination

    @action()
    async def echo(self, data: Any, **_: Any) -> tuple[Any, int]:
        return data, 200

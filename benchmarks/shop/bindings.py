from typing import Any

from channels_binding.consumers import AsyncBinding, bind
from shop.models import FIELDS, Item


class ItemBinding(AsyncBinding):
    model = Item
    fields = FIELDS

    @bind("echo")
    async def echo(self, data: Any) -> Any:
        return data

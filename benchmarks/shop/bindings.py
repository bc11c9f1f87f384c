from channels_binding.consumers import AsyncBinding
from shop.models import FIELDS, Item


class ItemBinding(AsyncBinding):
    model = Item
    fields = FIELDS

from rest_framework import serializers

from shop.models import FIELDS, Item


class ItemSerializer(serializers.ModelSerializer[Item]):
    """What DRF and djangochannelsrestframework show, and what ours makes of ``fields``."""

    class Meta:
        model = Item
        fields = FIELDS

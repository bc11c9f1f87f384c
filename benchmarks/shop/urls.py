"""The HTTP API of the side that runs."""

from typing import Any

from django.conf import settings
from django.urls import include, path

urlpatterns: list[Any] = []
if settings.SIDE == "ours":
    urlpatterns = [path("api/", include("channels_binding.urls"))]
elif settings.SIDE == "drf":
    from rest_framework.routers import SimpleRouter
    from rest_framework.viewsets import ModelViewSet

    from shop.models import Item
    from shop.serializers import ItemSerializer

    class ItemViewSet(ModelViewSet):  # type: ignore[type-arg]
        queryset = Item.objects.all()
        serializer_class = ItemSerializer

    router = SimpleRouter()
    router.register("items", ItemViewSet)
    urlpatterns = [path("", include(router.urls))]
elif settings.SIDE == "ninja":
    from shop.ninja import api

    urlpatterns = [path("", api.urls)]

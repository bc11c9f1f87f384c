"""REST framework's own view of each model, with the serializer of its binding."""

from collections.abc import Iterator
from typing import Any

from rest_framework.viewsets import ModelViewSet

from channels_binding.calls.call import Call
from tests.foreign.project.shop.bindings import BINDINGS

ACTIONS = {"partial_update": "update", "destroy": "delete"}


def viewsets() -> Iterator[tuple[str, Any]]:
    """``("shop.Food", FoodViewSet)``."""
    for model, binding in BINDINGS.items():
        queryset = model._default_manager.all()
        members = {
            "queryset": queryset if queryset.ordered else queryset.order_by("pk"),
            "get_serializer_class": _serializer_class_of(binding),
        }
        yield model._meta.label, type(f"{model.__name__}ViewSet", (ModelViewSet,), members)


def _serializer_class_of(binding: Any) -> Any:
    def get_serializer_class(self: Any) -> Any:
        action = ACTIONS.get(self.action, self.action or "list")
        return binding(Call(binding.get_stream(), action, {}, self.request.user)).get_serializer_class()

    return get_serializer_class

"""Each model in three lines; where a package has a serializer of its own for it, in four."""

from typing import Any

from django.apps import apps
from rest_framework.permissions import IsAuthenticated

from channels_binding.consumers import AsyncBinding
from tests.foreign.project.shop.serializers import SERIALIZERS

FOREIGN = ("auth", "admin", "sites", "redirects", "flatpages", "sessions", "contenttypes", "taggit", "shop")


def bound(model: Any, **more: Any) -> Any:
    members = {"model": model, "permission_classes": (IsAuthenticated,), **more}
    return type(f"{model.__name__}Binding", (AsyncBinding,), members)


BINDINGS = {
    model: bound(model, **({"serializer_class": SERIALIZERS[model]} if model in SERIALIZERS else {}))
    for label in FOREIGN
    for model in apps.get_app_config(label).get_models()
}
IN_THREE_LINES = {model: bound(model, stream=f"plain.{model.__name__}") for model in SERIALIZERS}
"""Models with fields that REST framework knows nothing of, all the same."""

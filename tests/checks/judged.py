"""What the checks say of a binding that a test defines."""

from typing import Any

from rest_framework.permissions import IsAuthenticated

from channels_binding.bindings import AsyncBinding
from channels_binding.checks import bindings as checks
from tests.project.zoo.models import Note


def ids(*names: str) -> set[str]:
    return {f"channels_binding.{name}" for name in names}


def found() -> set[str]:
    return {str(message.id) for message in checks.check_bindings()}


def judged(members: dict[str, Any]) -> set[str]:
    base = {
        "stream": "checks.Judged",
        "model": Note,
        "fields": ("id", "title", "rank"),
        "permission_classes": (IsAuthenticated,),
    }
    type("Judged", (AsyncBinding,), {**base, **members})
    return found()

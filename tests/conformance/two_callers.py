"""Two callers ask the same; what each is answered, and whether the proof says that they may share."""

import itertools
from contextvars import ContextVar
from typing import Any

from django.contrib.auth import get_user_model

from channels_binding.bindings import Binding, sharing
from channels_binding.calls import Call
from tests.project.zoo.models import Note

CALLER: ContextVar[str] = ContextVar("CALLER", default="nobody")
"""Who calls, as a project's middleware would note it for code that is handed no request."""
_numbers = itertools.count()


def binding_of(members: dict[str, Any]) -> Any:
    name = f"tests.Own{next(_numbers)}"
    return type("Judged", (Binding,), {"stream": name, "model": Note, "fields": ("id", "title"), **members})


def users() -> list[Any]:
    model = get_user_model()
    return [model.objects.get_or_create(username=each)[0] for each in ("ann", "bob")]


def answers(cls: Any, data: dict[str, Any] | None = None, action: str = "search") -> tuple[list[Any], list[Any]]:
    told: list[Any] = []
    why = []
    for user in users():
        token = CALLER.set(user.username)
        binding = cls(Call(cls.get_stream(), action, data or {}, user))
        why.append(sharing.reasons(binding))
        try:
            reading = getattr(binding, action)(dict(data or {}))
            told.append([row.body.decode() if isinstance(row.body, bytes) else row.body for row in reading.rows])
        except Exception as exception:  # a refusal is an answer too
            told.append(f"{type(exception).__name__}: {exception}")
        CALLER.reset(token)
    return told, why


def judge(cls: Any, data: dict[str, Any] | None = None, action: str = "search") -> None:
    """The two are answered otherwise, and the proof knows that they may be.

    Raises:
        AssertionError: It does not, or the test shows nothing.
    """
    told, why = answers(cls, data, action)
    assert told[0] != told[1], f"no hole: the same for both: {told[0]}"
    assert all(why), f"reasons() == [], and yet ann is told {told[0]} and bob {told[1]}"

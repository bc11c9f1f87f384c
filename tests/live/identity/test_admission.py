"""Whether whom a connection belongs to now may still read what it does."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import OperationalError
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser

from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding
from channels_binding.live.identity.admission import may_ask_who, refused, ruled_out, streams_declaring
from tests.project.zoo.models import Label, Note


class Raising(BasePermission):
    error: Exception = RuntimeError("a fault of the project's")

    def has_permission(self, request: Any, view: Any) -> bool:
        raise self.error


class OpenBinding(AsyncBinding):
    stream = "tests.AdmittedNote"
    model = Note
    fields = ("id",)
    permission_classes = (AllowAny,)


class RaisingBinding(AsyncBinding):
    stream = "tests.RaisingNote"
    model = Note
    fields = ("id",)
    permission_classes = (Raising,)


class DeclaringBinding(OpenBinding):
    stream = "tests.DeclaringNote"
    depends_on = (Label,)


class ClosedBinding(AsyncBinding):
    stream = "tests.ClosedNote"
    model = Note
    fields = ("id",)
    permission_classes = (IsAdminUser,)


def asked(stream: str, user: Any = None) -> Any:
    """A connection, by any value, and what it is subscribed to."""
    return (stream, Call(stream, "subscribe", {}, user or User(pk=7)))


def names(found: Any) -> list[str]:
    return [name for name, _ in found]


def test_who_is_refused_is_found_and_a_stream_that_is_gone_counts_as_refused() -> None:
    streams = ["tests.AdmittedNote", "tests.ClosedNote", "tests.Nowhere"]
    assert names(refused(map(asked, streams))) == ["tests.ClosedNote", "tests.Nowhere"]
    assert names(ruled_out(map(asked, streams))) == ["tests.ClosedNote", "tests.Nowhere"]


def test_who_is_signed_out_is_refused_where_nobody_may_come_without_a_name() -> None:
    assert names(refused([asked("tests.AdmittedNote", AnonymousUser())])) == ["tests.AdmittedNote"]


def test_a_permission_that_fails_lets_nobody_in_and_keeps_no_other_from_being_checked() -> None:
    streams = ["tests.RaisingNote", "tests.AdmittedNote", "tests.ClosedNote"]
    with pytest.raises(RuntimeError):
        refused(map(asked, streams))
    assert names(ruled_out(map(asked, streams))) == ["tests.RaisingNote", "tests.ClosedNote"]


def test_while_the_database_does_not_answer_nobody_is_put_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Raising, "error", OperationalError("gone away"))
    assert names(ruled_out([asked("tests.RaisingNote")])) == []


@pytest.mark.parametrize(
    ("stream", "may_it"), [("tests.AdmittedNote", False), ("tests.RaisingNote", True), ("tests.Nowhere", True)]
)
def test_only_rules_that_ask_who_somebody_is_are_asked_again(stream: str, may_it: bool) -> None:
    assert may_ask_who(stream) is may_it


def test_streams_are_found_by_the_models_that_they_declare() -> None:
    assert streams_declaring({"zoo.Label"}) >= {"tests.DeclaringNote"}
    assert "tests.AdmittedNote" not in streams_declaring({"zoo.Label", "zoo.Note"})
    assert not streams_declaring([])

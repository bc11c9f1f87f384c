"""Changes that somebody who joins now may have missed."""

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.authtoken.models import Token

from channels_binding.live.capture.changes import Changes
from channels_binding.live.identity import changes
from channels_binding.live.identity.changes import REMEMBERED_SECONDS, RecentChanges


class Clock:
    """A loop of which the time alone is asked."""

    now = 100.0

    def time(self) -> float:
        return self.now


def someone(pk: int = 7, session: str | None = None, auth: Any = None) -> Any:
    return SimpleNamespace(
        user=SimpleNamespace(pk=pk), scope={"session": SimpleNamespace(session_key=session)}, auth=auth
    )


def noted(label: str, *keys: Any, any_row: bool = False) -> Changes:
    found = Changes()
    found.note(label, None if any_row else keys)
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recent(clock: Clock) -> RecentChanges:
    return RecentChanges(clock)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "concerned"),
    [
        (noted("auth.User", 7), [7]),
        (noted("auth.User", any_row=True), [7, 8]),
        (noted("auth.User_groups", 3), [7, 8]),
        (noted("auth.Group", any_row=True), [7, 8]),
        (noted("auth.Group"), []),
        (noted("zoo.Note", 7), []),
    ],
)
def test_a_change_concerns_whom_it_may_have_changed(
    change: Changes, concerned: list[int], recent: RecentChanges
) -> None:
    recent.note(change)
    assert [pk for pk in (7, 8) if recent.may_concern(someone(pk))] == concerned


def test_a_session_that_ended_concerns_who_comes_with_it(recent: RecentChanges) -> None:
    recent.note_signed_out("s1")
    recent.note(noted("sessions.Session", "s2"))
    assert [name for name in ("s1", "s2", "s3", None) if recent.may_concern(someone(session=name))] == ["s1", "s2"]


def test_a_token_that_changed_concerns_who_comes_with_it(recent: RecentChanges) -> None:
    recent.note(noted("authtoken.Token", "k1"))
    assert recent.are_of_token_of(someone(auth=Token(key="k1")))
    assert not recent.are_of_token_of(someone(auth=Token(key="k2")))
    assert not recent.may_concern(someone(auth=Token(key="k1")))


def test_it_is_forgotten_once_nobody_can_have_been_read_before_it(clock: Clock, recent: RecentChanges) -> None:
    recent.note(noted("auth.User", 7))
    recent.note(noted("authtoken.Token", "k1"))
    clock.now += REMEMBERED_SECONDS
    assert recent.may_concern(someone(7))
    clock.now += 0.1
    assert not recent.may_concern(someone(7))
    assert not recent.are_of_token_of(someone(auth=Token(key="k1")))


def test_where_too_many_are_kept_to_know_everybody_is_concerned(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_REMEMBERED", 3)
    recent = RecentChanges(clock)  # type: ignore[arg-type]
    for key in (1, 2):
        recent.note(noted("auth.User", key))
    assert not recent.may_concern(someone(7))
    recent.note(noted("auth.User", 3))
    assert recent.may_concern(someone(7))

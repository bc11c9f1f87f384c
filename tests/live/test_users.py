"""Users of open connections are read again per user and per session, some at a time, and nobody waits for it."""

import asyncio
import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_binding.live import users
from channels_binding.live.hub import Hub
from channels_binding.live.identity import checks
from channels_binding.live.users import (
    USERS_AT_ONCE,
    fingerprint,
    fingerprint_newcomer,
    is_changed,
    read_users,
    slices,
)
from channels_binding.testing import session_cookie
from tests.conftest import Connect
from tests.live.identity.test_checks import view_permission
from tests.project.zoo.models import Note


@pytest.fixture(autouse=True)
def _nothing_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of users come again in every test."""
    monkeypatch.setattr(users, "_shared", {})


def statements(asked: list[tuple[Any, str | None]]) -> int:
    with CaptureQueriesContext(connection) as captured:
        read_users(asked)
    return len(captured)


def test_a_thousand_connections_of_one_session_cost_as_many_statements_as_one(user: Any) -> None:
    asked = (user, session_cookie(user))
    assert statements([asked] * 1_000) == statements([asked])


def test_two_sessions_of_one_user_cost_as_many_as_one(user: Any) -> None:
    first, second = session_cookie(user), session_cookie(user)
    assert statements([(user, first), (user, second)] * 10) == statements([(user, first)])


def test_each_session_is_judged_by_itself(user: Any, stranger: Any) -> None:
    kept, ended = session_cookie(user), session_cookie(user)
    Session.objects.filter(session_key=ended).delete()
    found = read_users([(user, kept), (user, ended), (user, None), (stranger, kept), (stranger, None)])
    assert [each and each.pk for each in found] == [user.pk, None, user.pk, None, stranger.pk]


def test_who_is_deleted_or_deactivated_is_none(user: Any, stranger: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    get_user_model().objects.filter(pk=stranger.pk).delete()
    assert read_users([(user, None), (stranger, None)]) == [None, None]


def test_a_sign_in_changes_nothing_about_a_user(user: Any) -> None:
    before = fingerprint(get_user_model().objects.get(pk=user.pk))
    get_user_model().objects.filter(pk=user.pk).update(last_login="2020-01-01T00:00:00Z")
    assert not is_changed(before, *read_users([(user, None)]))
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
    assert is_changed(before, *read_users([(user, None)]))


def fresh(user: Any) -> Any:
    return get_user_model().objects.get(pk=user.pk)


def test_of_many_connections_that_come_at_once_one_reads_what_their_user_may_do(user: Any) -> None:
    group = Group.objects.create(name="readers")
    user.groups.add(group)
    first = fingerprint_newcomer(fresh(user))
    returning = [fresh(user) for _ in range(20)]
    with CaptureQueriesContext(connection) as captured:
        for each in returning:
            fingerprint_newcomer(each)
    assert len(captured) == 0
    assert not any(is_changed(each, first) for each in returning)
    assert not is_changed(first, fingerprint(fresh(user)))


def test_what_has_changed_since_it_was_shared_is_noticed(user: Any) -> None:
    fingerprint_newcomer(fresh(user))
    user.groups.add(Group.objects.create(name="readers"))
    newcomer = fingerprint_newcomer(fresh(user))
    assert is_changed(newcomer, *read_users([(user, None)]))


def test_it_is_shared_for_a_moment_only(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprint_newcomer(fresh(user))
    user.groups.add(Group.objects.create(name="readers"))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + users.SHARED_SECONDS + 0.1)
    assert not is_changed(fingerprint_newcomer(fresh(user)), fingerprint(fresh(user)))


def test_a_user_who_was_asked_before_for_what_it_may_do_is_marked_with_that(user: Any) -> None:
    """A middleware asks ``has_perm``: Django keeps the answer on the user, and a change after it must be noticed."""
    asked = fresh(user)
    asked.get_all_permissions()
    codename = f"zoo.{view_permission().codename}"
    user.user_permissions.add(view_permission())
    fingerprint_newcomer(fresh(user))
    fingerprint_newcomer(asked)
    assert not asked.has_perm(codename)
    assert is_changed(asked, fingerprint(fresh(user)))


def test_nothing_is_kept_on_the_user_by_reading_it(user: Any) -> None:
    newcomer = fingerprint_newcomer(fresh(user))
    user.user_permissions.add(view_permission())
    assert newcomer.has_perm(f"zoo.{view_permission().codename}")


class Held:
    """A connection, as far as ``slices`` looks at it."""

    def __init__(self, key: int) -> None:
        self.user = get_user_model()(pk=key)


def test_the_connections_of_one_user_are_checked_together() -> None:
    several: Any = [Held(number % (2 * USERS_AT_ONCE + 1)) for number in range(1_000)]
    found = [*slices(several)]
    assert [len({each.user.pk for each in part}) for part in found] == [USERS_AT_ONCE, USERS_AT_ONCE, 1]
    assert sum(map(len, found)) == 1_000


async def test_pushes_go_on_while_everyone_is_looked_at(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user)
    shown = await socket.live("zoo.Note.search#h", {})
    begun, may_end = threading.Event(), threading.Event()

    def slow(asked: Any) -> Any:
        begun.set()
        assert may_end.wait(10)
        return users.read_users(asked)

    monkeypatch.setattr(checks, "read_users", slow)
    with ExitStack() as ended:
        ended.callback(may_end.set)
        Hub.current().identity.pending.checked_at = float("-inf")  # IDENTITY_SECONDS later
        assert await asyncio.to_thread(begun.wait, 10)
        await sync_to_async(Note.objects.create)(title="meanwhile")
        await socket.assert_live(shown)
        assert not may_end.is_set()


async def test_where_it_takes_longer_than_until_the_next_time_it_is_done_once(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connect(user)
    hub, asked, may_end = Hub.current(), list[Any](), threading.Event()

    def slow(pairs: Any) -> Any:
        asked.append(pairs)
        assert may_end.wait(10)
        return users.read_users(pairs)

    monkeypatch.setattr(checks, "read_users", slow)
    for _ in range(3):
        hub.identity.maintain(hub.loop.time() + 1_000)
        hub.identity.pending.checked_at = float("-inf")
    hub.identity.pending.checked_at = float("inf")
    looking = hub.identity._looking_around
    assert looking is not None
    may_end.set()
    await looking
    assert len(asked) == 1


@pytest.mark.django_db
def test_the_connections_of_a_user_share_one_fingerprint_until_it_is_another(user: Any, monkeypatch: Any) -> None:
    first, second = (fingerprint_newcomer(fresh(user))._channels_binding_fingerprint for _ in range(2))
    assert first is second
    monkeypatch.setattr(users, "SHARED_SECONDS", 0.0)
    assert fingerprint_newcomer(fresh(user))._channels_binding_fingerprint is first, "read again, and found the same"
    get_user_model().objects.filter(pk=user.pk).update(first_name="Another")
    assert fingerprint_newcomer(fresh(user))._channels_binding_fingerprint != first


async def test_what_is_shared_is_forgotten_with_a_change_of_users_and_not_with_one_of_sessions(
    connect: Connect, user: Any
) -> None:
    await connect(user)
    assert users._shared
    await sync_to_async(session_cookie)(user)
    assert users._shared
    await sync_to_async(get_user_model().objects.filter(pk=user.pk).update)(first_name="Another")
    assert not users._shared

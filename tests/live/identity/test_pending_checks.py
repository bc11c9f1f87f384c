"""Checks of whose a connection is: what is held back, and until when."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from channels_binding.live.identity.pending_checks import PendingChecks


def subscriber(pk: int | None, session_key: str | None = None, *, is_authenticated: bool = True) -> Any:
    user = SimpleNamespace(pk=pk, is_authenticated=is_authenticated)
    scope = {"session": SimpleNamespace(session_key=session_key)}
    return type("Connection", (), {"user": user, "scope": scope})()


def test_nothing_is_pending_until_something_is_heard() -> None:
    checks = PendingChecks(0.0)
    assert not checks
    assert not checks.holds(subscriber(7))


def test_a_user_a_session_a_connection_or_everyone_can_be_named() -> None:
    ann, bob = subscriber(7, "s1"), subscriber(8, "s2")
    for name, value in (("users", {"7"}), ("sessions", {"s1"}), ("audiences", {ann})):
        checks = PendingChecks(0.0)
        setattr(checks, name, value)
        assert checks
        assert (checks.holds(ann), checks.holds(bob)) == (True, False)
    everyone = PendingChecks(0.0)
    everyone.everyone = True
    assert everyone.holds(bob)


def test_nobody_in_particular_is_not_held_by_what_is_heard_of_users() -> None:
    checks = PendingChecks(0.0)
    checks.everyone = True
    nobody = subscriber(None, is_authenticated=False)
    assert checks.concern(nobody)
    assert not checks.holds(nobody)


def test_who_is_being_checked_is_held_until_the_last_check_has_ended_however_it_ends() -> None:
    checks, ann = PendingChecks(0.0), subscriber(7)
    checks.users.add("7")
    with pytest.raises(ZeroDivisionError), checks.run([ann]):
        checks.clear()
        with checks.run([ann]):
            assert checks.holds(ann)
        assert checks.holds(ann)
        raise ZeroDivisionError
    assert not checks.holds(ann)
    assert not checks.running


def test_what_is_heard_while_checks_are_made_asks_for_others() -> None:
    checks, ann = PendingChecks(0.0), subscriber(7)
    checks.users.add("7")
    with checks.run([ann]):
        checks.clear()
        checks.users.add("7")
    assert checks.holds(ann)


async def test_all_who_wait_go_on_when_a_check_ends() -> None:
    checks = PendingChecks(0.0)
    waiting = [asyncio.create_task(checks.until_one_ends(60.0)) for _ in range(3)]
    await asyncio.sleep(0)
    with checks.run([subscriber(7)]):
        await asyncio.sleep(0)
        assert not any(each.done() for each in waiting)
    await asyncio.gather(*waiting)
    await checks.until_one_ends(0.0)  # nobody is checked: not for ever

"""Tokens of open connections are looked up again."""

import asyncio
from typing import Any

import pytest

from channels_binding.exceptions import Unauthenticated
from channels_binding.live.identity import tokens
from channels_binding.live.identity.pending_checks import PendingChecks
from channels_binding.live.identity.tokens import CHECKS_AT_ONCE, TokenChecks


class Held:
    """What is held back for connections: how often it was let go."""

    released = 0

    def release(self) -> None:
        self.released += 1


class Connection:
    """One whose token finds what it is told to."""

    def __init__(self, finds: Any = False) -> None:
        self.finds = finds
        self.goes_on = asyncio.Event()
        self.is_asked = False
        self.ended: list[int] = []
        self.scope: dict[str, Any] = {}

    async def identify(self) -> bool:
        self.is_asked = True
        await self.goes_on.wait()
        if isinstance(self.finds, Exception):
            raise self.finds
        return bool(self.finds)

    def end(self, code: int, reason: str) -> None:
        self.ended.append(code)


class Checks(TokenChecks):
    def __init__(self) -> None:
        self.told: list[Any] = []
        super().__init__(PendingChecks(0.0), Held(), asyncio.get_running_loop().create_task, self._tell)  # type: ignore[arg-type]

    async def _tell(self, subscriber: Any) -> None:
        self.told.append(subscriber)


async def settled(checks: TokenChecks, *connections: Connection) -> None:
    for each in connections:
        each.goes_on.set()
    await checks.until_done(5)


async def test_who_is_another_user_by_now_is_read_again_and_who_is_not_is_left_alone() -> None:
    checks, same, other = Checks(), Connection(False), Connection(True)
    checks.check([same, other])  # type: ignore[list-item]
    await settled(checks, same, other)
    assert checks.told == [other]
    assert same.ended == other.ended == []


async def test_a_token_that_is_no_longer_good_ends_its_connection_alone() -> None:
    checks, gone, stays = Checks(), Connection(Unauthenticated()), Connection(True)
    checks.check([gone, stays])  # type: ignore[list-item]
    await settled(checks, gone, stays)
    assert gone.ended == [4401]
    assert checks.told == [stays]


async def test_a_look_that_fails_ends_nobody_and_the_others_are_looked_up(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens._not_checked, "_next", float("-inf"))  # another test may have said it just now
    checks = Checks()
    failing = [Connection(OSError("no database")) for _ in range(CHECKS_AT_ONCE + 1)]
    last = Connection(True)
    checks.check([last, *failing])  # type: ignore[list-item]
    await settled(checks, last, *failing)
    assert checks.told == [last]
    assert not any(each.ended for each in failing)
    assert "no database" in caplog.text


@pytest.mark.parametrize("finds", [True, False, Unauthenticated(), OSError("no database")])
async def test_nothing_is_sent_before_where_that_is_asked_for_and_never_longer(finds: Any) -> None:
    checks, connection = Checks(), Connection(finds)
    checks.check([connection], sends_wait=True)  # type: ignore[list-item]
    assert checks.pending.running[connection]  # type: ignore[index]
    await settled(checks, connection)
    assert not checks.pending.running[connection]  # type: ignore[index]
    assert checks.held.released == 1  # type: ignore[attr-defined]


async def test_not_more_are_looked_up_at_once_than_leave_threads_for_calls() -> None:
    checks, connections = Checks(), [Connection() for _ in range(5)]
    checks.check(connections)  # type: ignore[arg-type]
    for _ in range(10):  # each is asked in a task of its own
        await asyncio.sleep(0)
    assert sum(each.is_asked for each in connections) == CHECKS_AT_ONCE
    await settled(checks, *connections)
    assert all(each.is_asked for each in connections)


async def test_who_waits_for_them_waits_no_longer_than_asked() -> None:
    checks, connection = Checks(), Connection()
    checks.check([connection])  # type: ignore[list-item]
    await asyncio.wait_for(checks.until_done(0.01), 1)
    await settled(checks, connection)
    await asyncio.wait_for(checks.until_done(60), 1)

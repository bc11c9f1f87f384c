"""The sentence that is the product: after quiescence every client's list equals its query.

A Hypothesis state machine: real consumers, real rows, random reads of three permissions, random writes of every kind,
and a broker between writer and hub that drops, repeats, delays and reorders. At each quiescence every list that a
client has built from its pushes must be, byte for byte, what a fresh query of that user answers; and no push may ever
have carried a row that its reader could not see. A naive hub, which does not look for gaps, must fail.
"""

import asyncio
import os
from collections.abc import Iterator
from unittest import mock

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from channels_binding import threads
from channels_binding.live.capture import changes as live_changes
from channels_binding.live.capture import recorder
from channels_binding.live.queries import invalidation
from channels_binding.live.transport import make_transport
from tests.live.oracle.world import NaiveRedisWorld, NaiveWorld, RedisWorld, World

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "150" if connection.vendor == "sqlite" else "50"))
"""What ten minutes leave room for; ``make soak`` has the large numbers."""
STEPS = int(os.environ.get("ORACLE_STEPS", "25"))


@pytest.fixture
def oracle(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    publishers = [*recorder._publishers]
    monkeypatch.setattr(invalidation, "RECOUNT_SECONDS", 0.0)
    monkeypatch.setattr(live_changes, "MAX_KEYS", 2)  # so that a few commits are more than are kept apart
    with override_settings(CHANNELS_BINDING={"COALESCE_SECONDS": 0.0, "IDENTITY_SECONDS": 1e6, "AUDIT_SECONDS": 1e6}):
        yield
    recorder._publishers[:] = publishers
    threads.shut_down()
    asyncio.run(sync_to_async(connections.close_all)())  # asgiref's shared thread, where Channels finds the user


def profile(examples: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        report_multiple_bugs=False,
    )  # fmt: skip


def test_after_quiescence_every_list_equals_its_query(oracle: None) -> None:
    run_state_machine_as_test(World, settings=settings(profile(EXAMPLES), phases=[Phase.generate]))


over_redis = pytest.mark.skipif(
    not make_transport().reaches_others(), reason="the in-memory layer reaches no other process"
)


@over_redis
def test_after_quiescence_every_list_equals_its_query_by_way_of_redis(oracle: None) -> None:
    run_state_machine_as_test(RedisWorld, settings=settings(profile(max(EXAMPLES // 5, 1)), phases=[Phase.generate]))


@pytest.mark.parametrize(
    "world",
    [NaiveWorld, pytest.param(NaiveRedisWorld, marks=over_redis)],
)
def test_a_hub_that_does_not_look_for_gaps_fails_the_same_test(oracle: None, world: type[World]) -> None:
    """Which of its lists is wrong first depends on timing, so Hypothesis may call the failure flaky; it is one."""
    with pytest.raises((AssertionError, Flaky)), mock.patch("sys.stdout"):
        run_state_machine_as_test(world, settings=settings(profile(200), phases=[Phase.generate]))

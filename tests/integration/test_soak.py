"""``make soak`` can fail: servers that are broken on purpose are found out, and a run that did too little says so."""

import subprocess
from collections import Counter
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from tools.soak.faults import MODES, environment_of
from tools.soak.run import FLOORS, report
from tools.soak.writes import Writer

from tests.integration.cluster import PYTHON

pytestmark = pytest.mark.xdist_group("soak")  # each has two servers
SECONDS = 120


def soak(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [*PYTHON, "-m", "tools.soak", "--seed", "5", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)


@pytest.mark.parametrize(
    ("sabotage", "finding"),
    [
        ("drop", "did not follow the one before"),
        ("twice", "did not follow the one before"),
        ("audience", "rows of others were sent"),
    ],
)
def test_a_broken_engine_is_found_within_two_minutes(sabotage: str, finding: str) -> None:
    ended = soak("--minutes", "1", "--sabotage", sabotage)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert finding in ended.stdout


def test_a_whole_engine_passes() -> None:
    ended = soak("--minutes", "0.15")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "lists right after" in ended.stdout
    assert "seed 5" in ended.stdout


@pytest.mark.django_db
def test_a_writer_goes_on_with_what_the_one_before_has_left() -> None:
    for name in ("ann", "bob"):
        get_user_model().objects.create_user(name)
    before = Writer(Random(1))
    for label in before.labels:
        label.name = "l1"
        label.save()
    assert Writer(Random(2)).labels == before.labels


def ran(**done: int) -> Any:
    """A run of one minute in which nothing was wrong."""
    return SimpleNamespace(
        done=lambda: FLOORS | done, seed=1, writes=Counter[str](), faults=SimpleNamespace(made=Counter[str]()),
        modes=Counter[str](), checkpoints=[1.0], wrong=[],
    )  # fmt: skip


def test_a_run_that_did_enough_passes() -> None:
    assert report(ran(), 1, 60) == 0


@pytest.mark.parametrize("what", FLOORS)
def test_a_run_that_did_too_little_fails(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(ran(**{what: FLOORS[what] - 1}), 1, 60) == 1
    assert f"only {FLOORS[what] - 1} {what}" in capsys.readouterr().out


def test_each_way_between_processes_sets_what_the_others_set() -> None:
    names = [{*environment_of(mode)} for mode in MODES]
    assert names == [names[0]] * len(MODES)

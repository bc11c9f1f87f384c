"""``manage.py bindings_triggers`` on a real PostgreSQL, as a project calls it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.services import Postgres

Manage = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def manage() -> Iterator[Manage]:
    """``manage("bindings_triggers", "status")`` on a database with the tables of the test project."""
    with Postgres() as postgres:
        env = {
            **os.environ,
            "TEST_DATABASE_URL": postgres.url,
            "TEST_REDIS_URL": "",
            "DJANGO_SETTINGS_MODULE": "tests.project.settings",
        }

        def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
            command = [sys.executable, "-W", "ignore", "-m", "django", *arguments]
            return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

        assert run("migrate", "--run-syncdb", "--verbosity", "0").returncode == 0
        yield run


def test_installs_shows_and_removes(manage: Manage) -> None:
    before = manage("bindings_triggers", "status", "zoo.Note")
    assert before.returncode == 1
    assert "missing    zoo_note\n" in before.stdout
    assert "3 of 3 tables have no triggers" in manage("bindings_triggers", "status", "zoo.Note", "zoo.Label").stderr

    installed = manage("bindings_triggers", "install", "zoo.Note")
    assert installed.stdout == "2 tables tell of their changes: zoo_note, zoo_note_labels.\n"
    assert manage("bindings_triggers", "status", "zoo.Note").stdout == (
        "installed  zoo_note\ninstalled  zoo_note_labels\n"
    )

    everything = manage("bindings_triggers", "install")
    assert {"auth_user", "auth_user_groups", "auth_group_permissions", "zoo_cafe", "zoo_place"} <= set(
        everything.stdout.partition(": ")[2].strip().rstrip(".").split(", ")
    )
    assert "django_session" not in everything.stdout
    assert manage("bindings_triggers", "status").returncode == 0

    assert "1 tables tell no more: zoo_place" in manage("bindings_triggers", "remove", "zoo.Place").stdout
    assert manage("bindings_triggers", "status", "zoo.Cafe").returncode == 1
    assert manage("bindings_triggers", "remove").returncode == 0
    nothing = manage("bindings_triggers", "remove")
    assert (nothing.returncode, "nothing to remove" in nothing.stderr) == (1, True)


def test_a_model_that_there_is_not_is_an_error_with_its_name(manage: Manage) -> None:
    for wrong in ("zoo.Nothing", "nothing"):
        refused = manage("bindings_triggers", "install", wrong)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        assert wrong.rpartition(".")[2].lower() in refused.stderr.lower()


def test_another_database_has_no_such_triggers(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connections

    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    with pytest.raises(CommandError, match="only PostgreSQL"):
        call_command("bindings_triggers", "install")

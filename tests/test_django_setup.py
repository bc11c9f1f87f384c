"""The first release's documentation, word for word, where it concerns the server."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from channels_binding import _django_setup

ASGI = """
from django.urls import path
from channels.sessions import SessionMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels_binding.consumers import AsyncConsumer

application = ProtocolTypeRouter({
    'websocket': SessionMiddlewareStack(
        URLRouter([
            path('', AsyncConsumer, name="root"),
        ])
    )
})
"""


def test_its_asgi_module_loads_with_nothing_but_the_settings_named() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASGI + "print(type(application).__name__)"],
        env={"DJANGO_SETTINGS_MODULE": "tests.project.settings", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "ProtocolTypeRouter"), done.stderr


def set_up(monkeypatch: pytest.MonkeyPatch, **apps: Any) -> list[str]:
    """Begin as ``consumers`` does, with Django in this state → what was done, and a task that waits or not."""
    done: list[str] = []
    state = {"models_ready": False, "loading": False, **apps}
    monkeypatch.setattr(_django_setup, "apps", SimpleNamespace(**state))
    monkeypatch.setattr("django.setup", lambda: done.append("set up"))
    _django_setup.begin()
    _django_setup.when_complete(lambda: done.append("task"))
    done.append("imported")
    _django_setup.end()
    return done


def test_whoever_is_imported_first_sets_django_up_and_what_waits_runs_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert set_up(monkeypatch) == ["set up", "imported", "task"]
    assert set_up(monkeypatch, models_ready=True) == ["task", "imported"], "nothing waits any more"


@pytest.mark.parametrize("state", ["models_ready", "loading"])
def test_django_is_not_set_up_twice(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set_up(monkeypatch, **{state: True}) == ["task", "imported"]


def test_without_settings_nothing_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    assert set_up(monkeypatch) == ["task", "imported"]

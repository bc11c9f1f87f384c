"""``manage.py bindings_mcp`` as a client starts it: another process, spoken to over its standard input and output."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from channels_binding.management.commands import bindings_mcp
from tests.contrib.mcp.clients import answered, refused

PREPARE = """
import django; django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from rest_framework.authtoken.models import Token
from tests.project.zoo.models import Note
call_command("migrate", run_syncdb=True, verbosity=0)
for name in ("ann", "bob"):
    user = get_user_model().objects.create_user(name)
    Token.objects.create(key=f"tok-{name}", user=user)
    Note.objects.create(title=f"of {name}", owner=user)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database of its own, with two users, their tokens, and a note of each."""
    path = tmp_path_factory.mktemp("mcp") / "db.sqlite3"
    found = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.project.settings",
        "TEST_DATABASE_URL": f"sqlite:///{path}",
        "TEST_REDIS_URL": "",
        "TEST_TOKENS": "1",
    }
    subprocess.run([sys.executable, "-W", "ignore", "-c", PREPARE], env=found, check=True)
    return found


def server(environment: dict[str, str], *options: str, **more: str) -> StdioServerParameters:
    arguments = ["-W", "ignore", "-m", "django", "bindings_mcp", *options]
    return StdioServerParameters(command=sys.executable, args=arguments, env={**environment, **more})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_asks_as_the_named_user(mode: str, environment: dict[str, str]) -> None:
    async with Client(server(environment, "--user", "bob"), mode=mode) as client:
        found = answered(await client.call_tool("search", {"stream": "zoo.OwnNote"}))
        assert [row["title"] for row in found["rows"]] == ["of bob"]
        assert refused(await client.call_tool("retrieve", {"stream": "zoo.OwnNote", "id": 1}))["code"] == "not_found"


async def test_the_official_client_asks_as_whoever_its_token_says(environment: dict[str, str]) -> None:
    async with Client(server(environment, CHANNELS_BINDING_TOKEN="tok-ann")) as client:
        found = answered(await client.call_tool("search", {"stream": "zoo.OwnNote"}))
        assert [row["title"] for row in found["rows"]] == ["of ann"]


@pytest.mark.parametrize(
    ("options", "token", "said"),
    [
        ([], "", "As whom? --user NAME, or a token in CHANNELS_BINDING_TOKEN."),
        (["--user", "nobody"], "", "There is no such user."),
        ([], "wrong", "The token is not accepted."),
    ],
)
def test_who_is_nobody_is_told_so_and_nothing_is_served(
    options: list[str], token: str, said: str, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "django", "bindings_mcp", *options]
    done = subprocess.run(
        command, env={**environment, "CHANNELS_BINDING_TOKEN": token}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"CommandError: {said}\n"


def test_without_the_sdk_it_names_the_extra(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.setattr(bindings_mcp, "find_spec", lambda name: None)
    with pytest.raises(CommandError, match=r"channels-binding\[mcp\]"):
        call_command("bindings_mcp", user="ann")
    assert capfd.readouterr().out == ""

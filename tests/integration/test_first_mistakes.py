"""The first ten mistakes, each made on purpose in a project as README's quick start makes it: one line says what to do."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import websockets
from tools.quickstart import blocks

from tests.services import free_port

SESSION = """
from channels_binding.testing import session_cookie
from django.contrib.auth.models import User
print(session_cookie(User.objects.create_user("ann")))
"""


class Project:
    """One folder with a project in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "TEST_"))}
        self.environment = {**kept, "PYTHONWARNINGS": "ignore"}

    def python(self, *arguments: str) -> str:
        """What a command has said, on both its outputs, whatever became of it."""
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    def manage(self, *arguments: str) -> str:
        return self.python("manage.py", *arguments)

    def write(self, block: str) -> None:
        first, _, text = block.partition("\n")
        name, _, where = first.removeprefix("# ").partition(", ")
        path = self.folder / name
        path.write_text((path.read_text() if where == "at its end" else "") + text)

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    @contextmanager
    def served(self, *command: str) -> Iterator[tuple[int, Callable[[], str]]]:
        """Port of a server, and what it has logged so far."""
        port = free_port()
        log = self.folder / "server.log"
        arguments = [part.format(port=port) for part in command]
        with log.open("w") as out:
            server = subprocess.Popen(
                [sys.executable, *arguments], cwd=self.folder, env=self.environment, stdout=out, stderr=out
            )
        try:
            yield port, log.read_text
        finally:
            server.terminate()
            server.wait(20)


UVICORN = ("-m", "uvicorn", "--port", "{port}", "--ws", "websockets-sansio", "mysite.asgi:application")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project of the quick start, with a user who has signed in."""
    project = Project(tmp_path_factory.mktemp("first") / "site")
    project.folder.mkdir()
    project.python("-m", "django", "startproject", "mysite", ".")
    project.manage("startapp", "shop")
    for kind, text in blocks():
        if kind == "python":
            project.write(text)
    project.manage("makemigrations", "shop")
    project.manage("migrate")
    (project.folder / "session").write_text(project.manage("shell", "-v", "0", "-c", SESSION).split()[-1])
    return project


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    shutil.copytree(made.folder, tmp_path / "site")
    return Project(tmp_path / "site")


def until(says: Callable[[], str], pattern: str, seconds: float = 30.0) -> str:
    """The line of a log that fits, once it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := [line for line in says().splitlines() if re.search(pattern, line)]:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"{pattern!r} is not in:\n{says()}")


def told(port: int, event: str, **more: Any) -> Any:
    """The answer to one call; None where the handshake is refused."""

    async def ask() -> Any:
        deadline = time.monotonic() + 30
        while True:
            with suppress(OSError):
                try:
                    async with websockets.connect(f"ws://127.0.0.1:{port}/ws/", **more) as socket:
                        await socket.send(json.dumps({"event": event, "data": {}}))
                        return json.loads(await asyncio.wait_for(socket.recv(), 20))
                except websockets.WebSocketException:
                    return None
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)

    return asyncio.run(ask())


def signed_in(project: Project) -> dict[str, Any]:
    return {"additional_headers": {"Cookie": f"sessionid={(project.folder / 'session').read_text()}"}}


def test_without_a_mistake_it_answers(project: Project) -> None:
    with project.served(*UVICORN) as (port, _):
        assert told(port, "shop.Order.search", **signed_in(project))["data"]["count"] == 0


def test_1_the_app_is_not_installed(project: Project) -> None:
    project.change("mysite/settings.py", '"channels_binding", ', "")
    assert 'INSTALLED_APPS lacks "channels_binding".' in project.manage("check").splitlines()[-1]


def test_2_asgi_py_is_as_django_makes_it(project: Project) -> None:
    project.change("mysite/asgi.py", "application = ProtocolTypeRouter(", "application = http\n_ = ProtocolTypeRouter(")
    said = project.manage("check")
    assert "(channels_binding.W028) ASGI_APPLICATION (mysite.asgi.application) is Django's own handler" in said
    assert "websocket_urlpatterns" in said


def test_3_runserver_is_django_s_own(project: Project) -> None:
    project.change("mysite/settings.py", '"daphne", ', "")
    with project.served("manage.py", "runserver", "--noreload", "127.0.0.1:{port}") as (_, log):
        assert "runserver" in until(log, r"channels_binding\.W024")
        until(log, r'HINT: .*"daphne"')


def test_4_there_is_no_layer(project: Project) -> None:
    project.change("mysite/settings.py", "CHANNEL_LAYERS = ", "_ = ")
    assert "(channels_binding.I002) There is no channel layer (CHANNEL_LAYERS)" in project.manage("check")


def test_5_the_layer_is_in_memory_and_another_process_writes(project: Project) -> None:
    writing = "from shop.models import Order; Order.objects.create(customer='x', amount=1)"
    said = project.manage("shell", "-v", "0", "-c", writing)
    assert "shop.Order was written, which sockets of another process show up to 60 s later" in said
    assert "channels-binding[redis]" in said


def test_6_the_page_is_of_another_origin(project: Project) -> None:
    with project.served(*UVICORN) as (port, log):
        assert told(port, "shop.Order.search", origin="http://localhost:5173", **signed_in(project)) is None
        assert "ALLOWED_ORIGINS" in until(log, "a page of 'http://localhost:5173' may not connect")


def test_7_nobody_is_signed_in(project: Project) -> None:
    with project.served(*UVICORN) as (port, log):
        assert told(port, "shop.Order.search") is None
        assert "Sign in first" in until(log, "nobody is signed in")


def test_8_nothing_says_who_may(project: Project) -> None:
    project.change("shop/bindings.py", "    permission_classes = (IsAuthenticated,)\n", "")
    said = project.manage("check")
    assert "(channels_binding.W002)" in said
    assert "permission_classes" in said


def test_9_an_attribute_is_misspelt(project: Project) -> None:
    project.change("shop/bindings.py", "permission_classes", "permision_classes")
    said = until(lambda: project.manage("check"), r"channels_binding\.W020", 1)
    assert "permision_classes" in said


def test_10_the_stream_is_misspelt(project: Project) -> None:
    with project.served(*UVICORN) as (port, _):
        error = told(port, "shop.Orders.search", **signed_in(project))["error"]
    assert error["code"] == "not_found"
    assert "There is no stream 'shop.Orders'. Did you mean 'shop.Order'?" in error["message"]

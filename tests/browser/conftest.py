"""The running example, as a visitor has it: its own database, uvicorn on a free port, a real Chromium.

``make test`` builds the page first; without it these tests fail and say so.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Response,
    StorageState,
    expect,
    sync_playwright,
)
from tools.chromium import FLAGS

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "example" / "backend"
PAGE = ROOT / "example" / "frontend" / "dist" / "index.html"
SCREENSHOTS = ROOT / "artifacts" / "screenshots"
START_SECONDS = 180.0
"""Of a machine that has ten other things to do; the demo makes its 10,000 tickets first."""
ColorScheme = Literal["light", "dark"]
expect.set_options(timeout=10_000)


@dataclass
class Desk:
    """The example's server, as one process."""

    url: str
    environment: dict[str, str]
    log: Path
    server: subprocess.Popen[bytes] | None = None
    sessions: dict[str, StorageState] = field(default_factory=dict)
    """What the browser keeps of those who have signed in by the page, so that each of them does it once."""
    cookies: dict[str, httpx.Cookies] = field(default_factory=dict)

    def start(self) -> None:
        """Returns when the server answers."""
        port = int(self.url.rpartition(":")[2])
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(
                server_command(port), cwd=BACKEND, env=self.environment, stdout=log, stderr=log
            )
        wait_until_it_answers(self, self.server)

    def stop(self) -> None:
        """As Ctrl-C does it."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait(20)

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def manage(self, *arguments: str) -> str:
        """Output of one of Django's commands on this server's database."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=BACKEND, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def client(self, username: str) -> Iterator[httpx.Client]:
        """An HTTP client that has signed in by the login page, as a browser does; each user once, for it takes its time."""
        headers = {"Referer": self.url, "Origin": self.url}
        with httpx.Client(base_url=self.url, headers=headers, cookies=self.cookies.get(username), timeout=30) as client:
            if username not in self.cookies:
                self._sign_in(client, username)
            client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
            yield client

    def cookies_of(self, username: str) -> StorageState:
        """What a new window needs to be somebody's at once. The login page costs a second, and has tests of its own."""
        with self.client(username) as client:
            cookies: Any = [
                {"name": each.name, "value": each.value, "domain": "127.0.0.1", "path": "/", "expires": -1}
                for each in client.cookies.jar
            ]
        return {"cookies": cookies, "origins": []}

    def _sign_in(self, client: httpx.Client, username: str) -> None:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/login/").text)
        assert token
        form = {"username": username, "password": username, "csrfmiddlewaretoken": token[1]}
        answer = client.post("/login/", data=form)
        assert answer.status_code == 302, answer.text
        self.cookies[username] = client.cookies


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The example with its 10,000 tickets, served until the last test of this folder."""
    folder = tmp_path_factory.mktemp("desk")
    chosen = ("DATABASE_URL", "REDIS_URL", "DEBUG")
    inherited = {name: value for name, value in os.environ.items() if name not in chosen}
    own = {
        "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
        "SQLITE_PATH": str(folder / "desk.sqlite3"),
        "MEDIA_ROOT": str(folder / "media"),
    }
    port = free_port()
    running = Desk(f"http://127.0.0.1:{port}", {**inherited, **own}, folder / "server.log")
    running.manage("migrate", "--verbosity", "0")
    running.manage("load_demo")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What stood in the windows, and what the server said, beside the error of a test that failed."""
    report = yield
    if report.when == "call" and report.failed:
        given: dict[str, object] = getattr(item, "funcargs", {})
        if isinstance(browser := given.get("browser"), Browser):
            pages = [page for context in browser.contexts for page in context.pages]
            report.sections += [(f"window at {page.url}", _shown(page)) for page in pages]
        if isinstance(desk := given.get("desk"), Desk):
            report.sections.append(("the server's log", desk.log.read_text()[-5_000:]))
    return report


def _shown(page: Page) -> str:
    try:
        return page.locator("body").inner_text(timeout=5_000)[:2_000]
    except Error as error:
        return f"The window does not answer: {error}"


def server_command(port: int) -> list[str]:
    """As tools/demo.py starts it."""
    options = ("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--timeout-graceful-shutdown", "2")
    socket_options = ("--ws", "websockets-sansio", "--ws-per-message-deflate", "false")
    return [sys.executable, "-m", "uvicorn", "helpdesk.asgi:application", *options, *socket_options]


@contextmanager
def another_server(desk: Desk, module: str) -> Iterator[Desk]:
    """The example's database, served by a server of its own: the ``application`` of a module beside these tests."""
    port = free_port()
    environment = {**desk.environment, "PYTHONPATH": f"{BACKEND}:{ROOT}:{ROOT / 'src'}"}
    running = replace(desk, url=f"http://127.0.0.1:{port}", environment=environment, sessions={}, cookies={})
    command = [each.replace("helpdesk.asgi", module) for each in server_command(port)]
    with desk.log.open("ab") as log:
        server = subprocess.Popen(command, cwd=BACKEND, env=environment, stdout=log, stderr=log)
    try:
        wait_until_it_answers(running, server)
        yield running
    finally:
        server.terminate()
        server.wait(20)


def wait_until_it_answers(running: Desk, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            httpx.get(f"{running.url}/login/")
            return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"The example's server does not answer.\n{running.log.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser that tools/chromium.py finds (or installs)."""
    command = [sys.executable, str(ROOT / "tools" / "chromium.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stderr)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for a file of tests. Not longer: Playwright's loop and the async tests' own do not go together."""
    if not PAGE.exists():
        pytest.fail(
            f"{PAGE.relative_to(ROOT)} is missing. `make test` builds it; `npm run build -w example/frontend` too."
        )
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield running
        running.close()


Kind = tuple[str, ColorScheme, int]

SHOWN = '[aria-label="Tickets"] :is([role="row"], li)[data-id]'
"""Tickets that are on the page: rows of the grid, on a telephone cards."""

STATE = """() => JSON.stringify([
  location.href,
  [...document.querySelectorAll('input')].map(input => [input.value, input.checked]),
  [...document.querySelectorAll('[aria-sort]')].map(header => header.ariaSort),
  document.querySelectorAll('[role=dialog], [role=alert], [role=listbox]').length,
  document.querySelector('.MuiTablePagination-displayedRows')?.innerText.split(' ')[0],
  document.querySelector('[data-status]')?.dataset.status,
])"""
"""What a person may have changed about a window, as text."""


@dataclass
class Windows:
    """The windows of a file of tests, and what went wrong in them.

    Opening one costs seconds; so a window that a test leaves as it found it is the next one's.
    """

    desk: Desk
    browser: Browser
    problems: list[str] = field(default_factory=list)
    refused: list[Response] = field(default_factory=list)
    """Answers of 400 and above: what they say explains a problem."""
    contexts: dict[Kind, BrowserContext] = field(default_factory=dict)
    kept: dict[Kind, Page] = field(default_factory=dict)
    states: dict[Page, str] = field(default_factory=dict)
    used: dict[Kind, Page] = field(default_factory=dict)

    def open(self, username: str, *, color_scheme: ColorScheme = "light", width: int = 1440) -> Page:
        """A window with the tickets on it. Each user's first one signs in by the login page."""
        kind = (username, color_scheme, width)
        page = self.kept.pop(kind, None) or self._new(kind)
        self.used[kind] = page
        return page

    def end_test(self) -> None:
        """Keeps the windows that are as they were, and closes the others."""
        if self.problems:
            self.problems += [f"{response.url}: {response.status}: {_text(response)}" for response in self.refused]
        self.refused.clear()
        for kind, page in self.used.items():
            if page.evaluate(STATE) == self.states[page]:
                self.kept[kind] = page
            else:
                page.close()
        self.used.clear()

    def _new(self, kind: Kind) -> Page:
        username = kind[0]
        page = self._context(kind).new_page()
        self._watch(page, username)
        page.goto(self.desk.url)
        if username not in self.desk.sessions:
            sign_in(page, username)
            expect(page.locator(SHOWN).first).to_be_visible()
            self.desk.sessions[username] = page.context.storage_state()
        expect(page.locator(SHOWN).first).to_be_visible()
        expect(page.get_by_role("switch", name="Simulate traffic")).to_be_enabled()
        self.states[page] = page.evaluate(STATE)
        return page

    def _context(self, kind: Kind) -> BrowserContext:
        username, color_scheme, width = kind
        if kind not in self.contexts:
            self.contexts[kind] = self.browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=color_scheme,
                storage_state=self.desk.sessions.get(username),
            )
        return self.contexts[kind]

    def expect_problems(self, pattern: str) -> None:
        """Takes what fits off the list, such as the browser's own word of a server that is away."""
        self.problems = [problem for problem in self.problems if not re.search(pattern, problem)]

    def _watch(self, page: Page, username: str) -> None:
        def on_console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.problems.append(f"{username}: console.{message.type}: {message.text} ({message.location})")

        page.on("console", on_console)

        def on_response(response: Response) -> None:
            if response.status >= 400:
                self.refused.append(response)

        page.on("response", on_response)
        page.on("pageerror", lambda error: self.problems.append(f"{username}: {error}"))


def _text(response: Response) -> str:
    try:
        return response.text()
    except Error as error:  # its window is on another page by now
        return str(error)


def sign_in(page: Page, username: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(username)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="module")
def all_windows(desk: Desk, browser: Browser) -> Windows:
    return Windows(desk, browser)


@pytest.fixture
def windows(all_windows: Windows) -> Iterator[Windows]:
    """Opens windows; at the end of the test, nothing may stand on any console."""
    yield all_windows
    all_windows.end_test()
    problems, all_windows.problems = all_windows.problems, []
    assert problems == []


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """``screenshot(page, "edit-agent")`` → ``artifacts/screenshots/edit-agent.png``."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take

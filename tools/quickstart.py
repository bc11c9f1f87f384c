"""The quick start of README.md, done as it is written: in an empty folder and environment, to a row that two browsers see.

    python -m tools.quickstart
    python -m tools.quickstart --python python3.13

Its ``sh`` blocks are run, its ``python`` blocks written to the file that their first line names, and its ``js`` blocks given to
the consoles of two pages; the last one is a module of the npm package, which is served from its ``dist``. Only this is
other than written: pip is given the wheel of this checkout, and ``runserver`` a free port.
"""

import argparse
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, Route, sync_playwright
from tools import bare, chromium

ROOT = Path(__file__).parents[1]
CORE = ROOT / "packages" / "core" / "dist"
SUPERUSER = {"USERNAME": "ann", "PASSWORD": "quick-start", "EMAIL": "ann@example.com"}
SECONDS = 60


def blocks() -> list[tuple[str, str]]:
    """``[("sh", "pip install …"), ("python", "# shop/models.py\\n…"), …]`` of the section."""
    section = (ROOT / "README.md").read_text().split("## Quick start\n")[1].split("\n## ")[0]
    return re.findall(r"^```(\w+)\n(.*?)^```$", section, re.M | re.S)


@dataclass
class Walk:
    """One walk through the section."""

    folder: Path
    python: Path
    wheel: Path
    log: list[str] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO", "TEST_"))}
        path = f"{self.python.parent}{os.pathsep}{kept.get('PATH', '')}"
        return {**kept, "PATH": path, **{f"DJANGO_SUPERUSER_{name}": value for name, value in SUPERUSER.items()}}

    def write(self, block: str) -> None:
        """``# mysite/settings.py, at its end`` is added to what is there; else the block is the whole file."""
        first, _, text = block.partition("\n")
        name, _, where = first.removeprefix("# ").partition(", ")
        path = self.folder / name
        path.write_text((path.read_text() if where == "at its end" else "") + text)

    def run(self, line: str) -> None:
        """A line of a shell."""
        command = shlex.split(line)
        if command[:2] == ["pip", "install"]:
            names = [str(self.wheel) if name == "channels-binding" else name for name in command[2:]]
            command = [
                sys.executable,
                "-m",
                "pip",
                "--python",
                str(self.python),
                "--quiet",
                "--disable-pip-version-check",
            ]
            command += ["install", "--no-compile", *names]
        else:
            command[0] = str(self.python.parent / command[0])
        if command[-1] == "createsuperuser":
            command.append("--noinput")
        done = subprocess.run(command, cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False)
        self.log.append(f"$ {line}\n{done.stdout}{done.stderr}")
        if done.returncode:
            raise RuntimeError("\n".join(self.log))

    @contextmanager
    def served(self, line: str) -> Iterator[str]:
        """``python manage.py runserver``, at a port of its own; gives the address."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            host = f"127.0.0.1:{free.getsockname()[1]}"
        command = [str(self.python.parent / "python"), *shlex.split(line)[1:], "--noreload", host]
        with (self.folder / "server.log").open("w") as log:
            server = subprocess.Popen(command, cwd=self.folder, env=self.variables, stdout=log, stderr=log)
        try:
            _wait_for(f"http://{host}/admin/login/", server)
            yield f"http://{host}"
        except Exception as error:
            raise RuntimeError(f"{error}\n{(self.folder / 'server.log').read_text()[-4000:]}") from error
        finally:
            server.terminate()
            server.wait(SECONDS)


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SECONDS * 3
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(url):
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer.")


class Window:
    """A page that is signed in, and what its console shows."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.printed: list[Any] = []
        context = browser.new_context()
        context.route("**/core/**", self._core)
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self.printed.extend(each.json_value() for each in message.args))
        self.page.goto(f"{url}/admin/")
        self.page.fill("[name=username]", SUPERUSER["USERNAME"])
        self.page.fill("[name=password]", SUPERUSER["PASSWORD"])
        self.page.click("[type=submit]")

    def _core(self, route: Route) -> None:
        """What a bundler would find for the npm package."""
        route.fulfill(path=CORE / route.request.url.partition("/core/")[2], content_type="text/javascript")

    def paste(self, code: str) -> None:
        self.page.evaluate(f"() => {{ {code} }}")

    def bundle(self, code: str) -> None:
        """Run a module that imports the npm package."""
        self.page.add_script_tag(content=code.replace('"@channels-binding/core"', '"/core/index.js"'), type="module")

    def wait_for(self, seen: Any) -> None:
        """Until the console has shown something of which ``seen(it)`` is true.

        Raises:
            RuntimeError: It does not; with what it has shown.
        """
        deadline = time.monotonic() + SECONDS
        while not any(map(seen, self.printed)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"The console shows {self.printed}")
            self.page.wait_for_timeout(20)


def rows_of(printed: Any) -> list[Any] | None:
    """The rows of ``shop.Order.search`` in a message of a socket; None of anything else."""
    is_list = isinstance(printed, dict) and printed.get("event") == "shop.Order.search"
    rows: list[Any] | None = printed.get("data", {}).get("rows") if is_list else None
    return rows


def explore(admin: Page, url: str) -> None:
    """Open the explorer's table in another window, add a row in the admin, and see it there.

    Raises:
        RuntimeError: Something stands on its console, such as a refusal of its Content-Security-Policy.
    """
    page, problems = admin.context.new_page(), list[str]()
    page.on("console", lambda said: problems.extend([said.text] if said.type in ("error", "warning") else []))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{url}/api/explorer/")
    page.get_by_role("link", name="shop.Order").click()
    page.get_by_text("No orders yet.").wait_for()
    admin.goto(f"{url}/admin/shop/order/add/")
    admin.fill("[name=customer]", "Acme")
    admin.fill("[name=amount]", "12.50")
    admin.click("[name=_save]")
    page.get_by_role("gridcell", name="Acme").wait_for()
    page.get_by_role("gridcell", name="12.50").wait_for()
    page.get_by_text("WebSocket", exact=True).wait_for()
    page.close()
    if problems:
        raise RuntimeError("\n".join(problems))


def watch(url: str, opening: str, creating: str, module: str) -> None:
    """The explorer shows what the admin adds; two windows open the list, one creates a row, both see it, and the npm package's
    client too."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        windows = [Window(browser, url), Window(browser, url)]
        explore(windows[0].page, url)
        first, second = (
            {"id": 1, "customer": "Acme", "amount": "12.50"},
            {"id": 2, "customer": "Bolt", "amount": "99.00"},
        )
        for window in windows:
            window.paste(opening)
        for window in windows:
            window.wait_for(lambda printed: rows_of(printed) == [first])
        windows[0].paste(creating)
        for window in windows:
            window.wait_for(lambda printed: rows_of(printed) == [second, first])
        windows[1].bundle(module)
        windows[1].wait_for(lambda printed: printed == [second, first])
        browser.close()


def follow(wheel: Path, python: str) -> str:
    """Do all of it with an interpreter; returns what the commands have said.

    Raises:
        RuntimeError: A step does not do what is written; with what was said up to then.
    """
    with tempfile.TemporaryDirectory(prefix="quickstart-") as folder, bare.environment(python) as made:
        walk = Walk(Path(folder), made, wheel)
        scripts = [text for kind, text in blocks() if kind == "js"]
        serving = ""
        for kind, text in blocks():
            if kind == "python":
                walk.write(text)
            elif kind == "sh":
                for line in text.splitlines():
                    if line.endswith("runserver"):
                        serving = line
                    else:
                        walk.run(line)
        walk.run("python manage.py check --fail-level WARNING")
        with walk.served(serving) as url:
            watch(url, *scripts)
    return "\n".join(walk.log)


def main() -> None:
    parser = argparse.ArgumentParser(description="The quick start of README.md, as it is written.")
    parser.add_argument("--python", default=sys.executable, help="An interpreter; ``tools.bare`` tries every one.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quickstart-wheel-") as folder:
        print(follow(bare.build(Path(folder)), options.python))
    print("Two windows see the row.")


if __name__ == "__main__":
    main()

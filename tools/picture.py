#!/usr/bin/env python3
"""Take the README's picture, ``docs/demo.png``, of the running demo: ``.venv/bin/python -m tools.picture``.

It starts tools/demo.py with a database of its own, waits until both lists are SQL's and a change flashes on both sides,
and ends it again. Needs a built page (``make demo`` builds it) and the Chromium of the browser tests.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "demo.png"
START_SECONDS = 60
FLASHES = """() => [...document.querySelectorAll('section[aria-label]')]
  .filter(side => side.querySelector('[role=grid]'))
  .every(side => [...side.querySelectorAll('[role=gridcell]')]
    .some(cell => cell.getAnimations().some(({ currentTime }) => currentTime < 700)))"""
"""Whether a cell of each table has changed just now."""


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "PORT": str(port), "SQLITE_PATH": f"{folder}/desk.sqlite3"}
        demo = subprocess.Popen([sys.executable, str(ROOT / "tools" / "demo.py")], env=environment)
        try:
            wait(f"http://127.0.0.1:{port}/login/")
            take(f"http://127.0.0.1:{port}/")
        finally:
            demo.terminate()
            demo.wait(20)


def wait(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{url} does not answer.")


def take(url: str) -> None:
    chromium = subprocess.check_output([sys.executable, str(ROOT / "tools" / "chromium.py")], text=True).strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        heal(page)
        page.wait_for_function(FLASHES, timeout=60_000)
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


def heal(page: Page) -> None:
    """Breaks the agent's connection, so that the picture shows what became of it."""
    agent = page.get_by_role("region", name="agent", exact=True)
    expect(agent.get_by_text("Live over a socket")).to_be_visible(timeout=20_000)
    agent.get_by_role("button", name="Cut the socket").click()
    for side in ("manager", "agent"):
        pane = page.get_by_role("region", name=side, exact=True)
        expect(pane.get_by_text("= SQL count ✔")).to_be_visible(timeout=20_000)
        pane.get_by_role("grid").locator('[role="row"][data-id]').first.wait_for()
    page.mouse.move(0, 0)


if __name__ == "__main__":
    main()

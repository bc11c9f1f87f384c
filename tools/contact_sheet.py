#!/usr/bin/env python3
"""Photograph every page and state of the demo and the explorer: ``.venv/bin/python -m tools.contact_sheet``.

One page with all of them is ``artifacts/contact/index.html``; at each stands what axe finds against WCAG 2.2 A and AA,
how far things moved while the page was loaded, and what was said on the console. Exit code 1 where there is something.
It starts tools/demo.py with a database of its own; needs a built page and explorer (``make demo``).

    python -m tools.contact_sheet --look rtl --scene "board;filters"      some of them
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright
from tools.contact_scenes import GRID_ONLY, SCENES, Stage
from tools.picture import wait

ROOT = Path(__file__).resolve().parent.parent
SHEET = ROOT / "artifacts" / "contact"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
MOST_LAYOUT_SHIFT = 0.02
AUDIT = """async () => {
  const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const { violations } = await axe.run(document, { runOnly: levels })
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 200)}`))
}"""
OBSERVED = """(() => {
  window.shifts = []
  const note = list => window.shifts.push(...list.getEntries().filter(entry => !entry.hadRecentInput))
  new PerformanceObserver(note).observe({ type: 'layout-shift', buffered: true })
})()"""
SHIFTS = """() => [
  shifts.reduce((sum, { value }) => sum + value, 0),
  shifts.toSorted((one, other) => other.value - one.value).slice(0, 1)
    .flatMap(({ sources }) => sources.map(({ node }) => node?.outerHTML?.slice(0, 120))),
]"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
STILL = """() => document.getAnimations().every(
  ({ playState, effect }) => playState !== 'running' || !isFinite(effect.getTiming().iterations))"""
TOLD = re.compile(r"WebSocket connection to|Failed to load resource|net::ERR")
"""What browsers say of a server that is away, or refuses: the scenes bring that about."""

Look = dict[str, Any]
LOOKS: dict[str, Look] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "phone, dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    "rtl": {"chosen": {"isRightToLeft": True}},
    "contrast": {"chosen": {"hasHighContrast": True}},
    "contrast, dark": {"chosen": {"hasHighContrast": True}, "color_scheme": "dark"},
}
"""Contrast and direction are chosen in the demo, and not in the explorer."""


@dataclass
class Photo:
    scene: str
    look: str
    file: str = ""
    found: list[str] = field(default_factory=list)
    """What is wrong with it."""


@dataclass
class Studio:
    browser: Browser
    url: str
    session: StorageState
    manager: httpx.Client

    def take(self, scene: str, look: str) -> Photo:
        photo = Photo(scene, look, re.sub(r"\W+", "-", f"{scene}-{look}") + ".jpg")
        context = self._context(LOOKS[look])
        page = context.new_page()
        page.add_init_script(OBSERVED)
        page.on("pageerror", lambda error: photo.found.append(f"error: {error}"))
        page.on("console", lambda said: _note(photo, said.type, said.text))
        try:
            SCENES[scene](Stage(page, self.url, self.manager))
            self._judge(page, photo)
        except Exception as error:  # the sheet shows what there was
            photo.found.append(f"not reached: {str(error).splitlines()[0]}")
        page.screenshot(path=SHEET / photo.file, type="jpeg", quality=70)
        context.close()
        return photo

    def _context(self, look: Look) -> BrowserContext:
        options = {"viewport": {"width": 1440, "height": 900}, **look}
        chosen = options.pop("chosen", None)
        context = self.browser.new_context(storage_state=self.session, reduced_motion="reduce", **options)
        if chosen:
            context.add_init_script(f"localStorage.setItem('help-desk:look', {json.dumps(json.dumps(chosen))})")
        return context

    def _judge(self, page: Page, photo: Photo) -> None:
        page.wait_for_timeout(300)
        page.wait_for_function(STILL)
        page.evaluate(AXE.read_text())
        photo.found += page.evaluate(AUDIT)
        moved, worst = page.evaluate(SHIFTS)
        if moved > MOST_LAYOUT_SHIFT:
            photo.found.append(f"layout shift {moved:.3f}, most of all {worst}")
        if (beyond := page.evaluate(OVERFLOW)) > 0:
            photo.found.append(f"{beyond} pixels beyond the right edge")


def _note(photo: Photo, kind: str, text: str) -> None:
    if kind in ("error", "warning") and not TOLD.search(text):
        photo.found.append(f"console: {text[:200]}")


def main() -> int:
    chosen = arguments()
    SHEET.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "PORT": str(port), "SQLITE_PATH": f"{folder}/desk.sqlite3"}
        command = [sys.executable, str(ROOT / "tools" / "demo.py")]
        demo = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait(f"http://127.0.0.1:{port}/login/")
            photos = photograph(f"http://127.0.0.1:{port}", chosen)
        finally:
            demo.terminate()
            demo.wait(20)
    (SHEET / "index.html").write_text(sheet(photos))
    wrong = [photo for photo in photos if photo.found]
    for photo in wrong:
        print(f"{photo.scene} ({photo.look}):", *photo.found, sep="\n    ")
    print(f"{SHEET.relative_to(ROOT)}/index.html: {len(photos)} pictures, {len(wrong)} with something wrong")
    return bool(wrong)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--look", default=";".join(LOOKS), help="names with ; between them")
    parser.add_argument("--scene", default=";".join(SCENES), help="names with ; between them")
    return parser.parse_args()


def photograph(url: str, chosen: argparse.Namespace) -> list[Photo]:
    chromium = subprocess.check_output([sys.executable, str(ROOT / "tools" / "chromium.py")], text=True).strip()
    with (
        sync_playwright() as playwright,
        httpx.Client(base_url=url, headers={"Referer": url, "Origin": url}) as manager,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        sign_in(manager, "manager")
        photos = []
        for scene, look in wanted(chosen):
            username = "admin" if scene.startswith("explorer") else "manager"
            photos.append(Studio(browser, url, session_of(browser, url, username), manager).take(scene, look))
            print(".", end="", flush=True)
            if scene == "signed out":  # so is whoever shares the session
                SESSIONS.clear()
        browser.close()
    print()
    return photos


def wanted(chosen: argparse.Namespace) -> Iterator[tuple[str, str]]:
    for scene in chosen.scene.split(";"):
        for look in chosen.look.split(";"):
            without_cells = look.startswith("phone") and scene in GRID_ONLY
            without_choice = scene.startswith("explorer") and "chosen" in LOOKS[look]
            if not without_cells and not without_choice:
                yield scene, look


SESSIONS: dict[str, StorageState] = {}


def session_of(browser: Browser, url: str, username: str) -> StorageState:
    """What the browser keeps of somebody who has signed in by the page."""
    if username not in SESSIONS:
        page = browser.new_page()
        page.goto(f"{url}/login/")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(username)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{url}/")
        SESSIONS[username] = page.context.storage_state()
        page.close()
    return SESSIONS[username]


def sign_in(client: httpx.Client, username: str) -> None:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/login/").text)
    assert token
    form = {"username": username, "password": username, "csrfmiddlewaretoken": token[1]}
    assert client.post("/login/", data=form).status_code == 302
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]


def sheet(photos: list[Photo]) -> str:
    """All of them on one page, a line for each scene."""
    scenes = {photo.scene: [each for each in photos if each.scene == photo.scene] for photo in photos}
    lines = [f"<h2>{html.escape(scene)}</h2><div>{''.join(map(figure, each))}</div>" for scene, each in scenes.items()]
    return f"<!doctype html><meta charset=utf-8><title>Contact sheet</title><style>{STYLE}</style>{''.join(lines)}"


def figure(photo: Photo) -> str:
    found = "".join(f"<li>{html.escape(each)}" for each in photo.found)
    picture = f'<a href="{photo.file}"><img loading=lazy src="{photo.file}" alt=""></a>'
    return f"<figure>{picture}<figcaption>{html.escape(photo.look)}<ul>{found}</ul></figcaption></figure>"


STYLE = """
body { font: 14px system-ui; margin: 16px; background: #ddd }
div { display: flex; flex-wrap: wrap; gap: 12px; align-items: start }
figure { margin: 0; max-width: 480px } img { height: 300px; border: 1px solid #888 }
li { color: #b00; overflow-wrap: anywhere }
"""

if __name__ == "__main__":
    sys.exit(main())

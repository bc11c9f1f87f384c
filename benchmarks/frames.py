"""How smoothly a table is drawn while its rows change: ``python -m benchmarks.frames``.

100 rows of nine columns stand in the page (none is left out while it is out of sight), in Chromium; a server in a thread of
its own changes three fields of a row, not at all and 60 times a second, by turns. How long do frames take, and what does it
cost the page's thread? Frames depend on what else the machine does, and are to be read beside those of a page in which
nothing changes; the processor time of the thread says more. Needs ``npm ci`` and the Chromium of the browser tests.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "packages" / "mui" / "tests" / "hostile" / "build.mjs"
PAGE = "<!doctype html><div id=root></div>"
ROWS = 100
SECONDS = 5
PER_SECOND = (0, 60, 0, 60)
METRICS = {
    "TaskDuration": "thread",
    "ScriptDuration": "script",
    "RecalcStyleDuration": "style",
    "LayoutDuration": "layout",
}
"""Of Performance.getMetrics of the DevTools protocol, in seconds of the thread's processor time."""


def main() -> None:
    table, server = built("../frames/page.tsx"), built("../frames/server.ts")
    chromium = subprocess.check_output([sys.executable, str(ROOT / "tools" / "chromium.py")], text=True).strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 940})
        page.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.goto("http://127.0.0.1:9/")
        page.add_script_tag(content=f"window.SERVER = {json.dumps(server)}")
        page.add_script_tag(content=table)
        page.locator('[role="row"][data-id]').nth(ROWS - 1).wait_for(state="attached")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        measured(page, devtools, 60)  # so that it is compiled
        print(json.dumps([measured(page, devtools, per_second) for per_second in PER_SECOND]))
        browser.close()


def built(entry: str) -> str:
    return subprocess.run(["node", str(BUILD), entry], capture_output=True, text=True, check=True).stdout


def measured(page: Page, devtools: CDPSession, per_second: int) -> dict[str, Any]:
    """``{"changes a second": 60, "frames a second": 59.9, "frame p95 ms": 17.1, "thread ms a second": 310.0, …}``."""
    page.evaluate("() => new Promise(done => setTimeout(done, 1000))")  # what is left of the turn before
    before = metrics(devtools)
    frames = page.evaluate("([perSecond, seconds]) => measure(perSecond, seconds)", [per_second, SECONDS])
    after = metrics(devtools)
    spent = {f"{name} ms a second": round((after[name] - before[name]) * 1000 / SECONDS, 1) for name in before}
    return {
        "changes a second": per_second,
        "frames a second": round(1000 / statistics.mean(frames), 1),
        "frame p95 ms": round(statistics.quantiles(frames, n=20)[-1], 1),
        **spent,
    }


def metrics(devtools: CDPSession) -> dict[str, float]:
    found = {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}
    return {name: found[key] for key, name in METRICS.items()}


if __name__ == "__main__":
    main()

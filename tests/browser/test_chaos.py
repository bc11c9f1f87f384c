"""Clients with a bad network and a server that is restarted: every list equals its query, every write is made once.

``CHAOS_CLIENTS=100 CHAOS_SECONDS=40 make test PYTEST=tests/browser/test_chaos.py`` for more of it.
"""

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from typing import Any

from tests.browser.conftest import ROOT, Desk

CLIENTS = int(os.environ.get("CHAOS_CLIENTS", "10"))
SECONDS = int(os.environ.get("CHAOS_SECONDS", "6"))
RESTARTS = 3
USERS = ("admin", "manager")


def test_all_converge_and_nothing_is_written_twice_or_lost(desk: Desk) -> None:
    cookies = []
    for username in USERS:
        with desk.client(username) as client:
            ticket = client.get("/api/desk.Ticket/", params={"limit": 1}).json()["rows"][0]["id"]
            cookies.append("; ".join(f"{name}={value}" for name, value in client.cookies.items()))
    node = shutil.which("node")
    assert node
    script = [node, str(ROOT / "tests" / "browser" / "chaos.mjs")]
    arguments = [desk.url, *map(json.dumps, (SECONDS, CLIENTS, cookies, ticket))]
    chaos = subprocess.Popen([*script, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(RESTARTS):
            time.sleep(SECONDS / (RESTARTS + 1))
            desk.stop()
            desk.start()
        said, _ = chaos.communicate(timeout=SECONDS + 240)
    finally:
        chaos.kill()
    found: dict[str, Any] = json.loads(said)
    texts = Counter(text for text in _texts(desk, ticket) if text.startswith("chaos "))
    wanted = {text: 1 if outcome == "made" else 0 for text, outcome in found["made"]}
    assert {text: texts[text] for text in wanted} == wanted
    assert (found["problems"], set(found["outcomes"])) == ([], {"made"}), found["outcomes"]


def _texts(desk: Desk, ticket: int) -> list[str]:
    found: list[str] = []
    with desk.client("admin") as client:
        for page in range(1, 100):
            params: dict[str, Any] = {"ticket": ticket, "limit": 100, "page": page}
            rows = client.get("/api/desk.Comment/", params=params).json()["rows"]
            found += [row["text"] for row in rows]
            if len(rows) < 100:
                return found
    raise AssertionError("more comments than expected")

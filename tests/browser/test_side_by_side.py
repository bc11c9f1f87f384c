"""The demo as ``make demo`` starts it: two users on one page, what breaks, and that it heals."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import ROOT, Desk, free_port, wait_until_it_answers
from .test_first_view import MOST_LAYOUT_SHIFT, OBSERVED, SHIFTS
from .test_page import audit
from .tickets import ROWS

Screenshot = Callable[[Page, str], None]
HEALED_MS = 30_000
EQUAL = re.compile(r"^[\d,]+ rows = SQL count ✔$")
SHIFTS_OF_BOXES = """() => window.shifts
  .filter(({ sources }) => sources.some(({ node }) => node && !node.parentElement?.closest('[role=grid]')))
  .map(({ value }) => value)"""
"""Without rows that come and go while there is traffic."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """tools/demo.py with a database of its own; its traffic ends with it."""
    folder = tmp_path_factory.mktemp("demo")
    chosen = ("DATABASE_URL", "REDIS_URL", "DEBUG", "DEMO", "ALLOWED_HOSTS")
    environment = {name: value for name, value in os.environ.items() if name not in chosen}
    port, log = free_port(), folder / "demo.log"
    settings = {"DJANGO_SETTINGS_MODULE": "helpdesk.settings"}
    own = {
        **settings,
        "PORT": str(port),
        "SQLITE_PATH": str(folder / "desk.sqlite3"),
        "MEDIA_ROOT": str(folder / "media"),
    }
    running = Desk(f"http://127.0.0.1:{port}", {**environment, **own}, log)
    command = [sys.executable, str(ROOT / "tools" / "demo.py")]
    with log.open("ab") as output:
        running.server = subprocess.Popen(command, env=running.environment, stdout=output, stderr=output)
    try:
        wait_until_it_answers(running, running.server)
        yield running
    finally:
        running.server.send_signal(signal.SIGTERM)
        running.server.wait(20)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_the_two_are_loaded(demo: Desk, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.add_init_script(f"({OBSERVED})()")
    page.goto(f"{demo.url}/watch/")
    for name in ("manager", "agent"):
        expect(page.get_by_role("grid", name=f"Tickets of {name}").locator(ROWS).first).to_be_visible()
        expect(page.get_by_role("region", name=name, exact=True).get_by_text(EQUAL)).to_be_visible(timeout=HEALED_MS)
    boxes = page.evaluate(SHIFTS_OF_BOXES)
    assert sum(boxes) <= MOST_LAYOUT_SHIFT, page.evaluate(SHIFTS)
    page.close()


@pytest.fixture
def page(demo: Desk, browser: Browser) -> Iterator[Page]:
    """Where a stranger arrives who has opened the demo's address."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(demo.url)
    for name in ("manager", "agent"):
        expect(grid(page, name).locator(ROWS).first).to_be_visible()
    yield page
    context.close()


def side(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def grid(page: Page, name: str) -> Locator:
    return page.get_by_role("grid", name=f"Tickets of {name}")


def count(page: Page, name: str) -> Locator:
    return side(page, name).locator("[data-verdict]")


def history(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=f"Connection of {name}")


def quiet(page: Page) -> None:
    """Turns the traffic off."""
    traffic = page.get_by_role("switch", name="Simulate traffic")
    expect(traffic).to_be_enabled()
    if traffic.is_checked():
        traffic.click()
    expect(traffic).not_to_be_checked()


def behind_its_back(demo: Desk, statement: str) -> None:
    """Writes without Django, so that no list hears of it."""
    with closing(sqlite3.connect(demo.environment["SQLITE_PATH"], timeout=20)) as database, database:
        database.execute(statement)


def test_a_stranger_sees_two_users_with_traffic_and_lists_that_are_right(page: Page, screenshot: Screenshot) -> None:
    traffic = page.get_by_role("switch", name="Simulate traffic")
    if not traffic.is_checked():  # another test has turned it off
        traffic.click()
    expect(traffic).to_be_checked()
    expect(page.get_by_text("What to watch:")).to_be_visible()
    for name in ("manager", "agent"):
        expect(count(page, name)).to_have_text(EQUAL)
    before = grid(page, "manager").inner_text()
    page.wait_for_function("before => document.querySelector('[role=grid]').innerText !== before", arg=before)
    teams = grid(page, "agent").locator(ROWS).locator("[data-field=group]").all_inner_texts()
    assert set(teams) == {"Support"}
    expect(
        grid(page, "manager").locator(ROWS).locator("[data-field=group]").get_by_text("Billing").first
    ).to_be_visible()
    screenshot(page, "side-by-side")
    quiet(page)
    assert audit(page) == []


def test_what_one_edits_the_other_sees(page: Page) -> None:
    quiet(page)
    agents = grid(page, "agent").locator(ROWS).first
    key = agents.get_attribute("data-id")
    title = agents.locator("[data-field=title]")
    title.dblclick()
    title.locator("input").fill("Edited by the agent")
    title.locator("input").press("Enter")
    theirs = grid(page, "manager").locator(f'[data-id="{key}"] [data-field=title]')
    expect(theirs).to_have_text("Edited by the agent")


def test_a_count_that_is_not_sqls_is_shown_to_differ(page: Page, demo: Desk, screenshot: Screenshot) -> None:
    quiet(page)
    expect(count(page, "manager")).to_have_text(EQUAL)
    columns = "title, body, status, priority, price, attachment, created, updated, customer_id, group_id"
    behind_its_back(demo, f"INSERT INTO desk_ticket ({columns}) SELECT {columns} FROM desk_ticket ORDER BY id LIMIT 1")
    expect(count(page, "manager")).to_have_text(re.compile(r"^([\d,]+) rows ≠ [\d,]+ in SQL ✗$"))
    screenshot(page, "side-by-side-different")
    behind_its_back(demo, "DELETE FROM desk_ticket WHERE id = (SELECT MAX(id) FROM desk_ticket)")
    expect(count(page, "manager")).to_have_text(EQUAL)


def test_a_cut_socket_comes_back_and_a_blocked_one_is_done_without(page: Page, screenshot: Screenshot) -> None:
    quiet(page)
    agent = side(page, "agent")
    expect(history(page, "agent")).to_contain_text("Live over a socket")
    agent.get_by_role("button", name="Cut the socket").click()
    expect(history(page, "agent").get_by_text(re.compile(r"Live over a socket, after [\d.]+ s"))).to_be_visible()
    agent.get_by_role("switch", name="Block sockets").click()
    expect(history(page, "agent").get_by_text(re.compile("Live over HTTP"))).to_be_visible(timeout=HEALED_MS)
    theirs = grid(page, "manager").locator(ROWS).filter(has_text="Support").first
    key = theirs.get_attribute("data-id")
    theirs.locator("[data-field=title]").dblclick()
    theirs.locator("[data-field=title] input").fill("Written while the other is blocked")
    theirs.locator("[data-field=title] input").press("Enter")
    title = grid(page, "agent").locator(f'[data-id="{key}"] [data-field=title]')
    expect(title).to_have_text("Written while the other is blocked")
    expect(count(page, "agent")).to_have_text(EQUAL)
    expect(history(page, "manager")).not_to_contain_text("lost")
    screenshot(page, "side-by-side-blocked")
    before = history(page, "agent").get_by_text("Live over a socket").count()
    agent.get_by_role("switch", name="Block sockets").click()
    expect(history(page, "agent").get_by_text("Live over a socket")).to_have_count(before + 1, timeout=HEALED_MS)


def test_a_killed_server_is_started_again_and_both_lists_are_right(page: Page, screenshot: Screenshot) -> None:
    page.get_by_role("button", name="Kill the server").click()
    for name in ("manager", "agent"):
        expect(history(page, name)).to_contain_text("Connection lost")
    for name in ("manager", "agent"):
        expect(history(page, name).get_by_text(re.compile(r"after [\d.]+ s")).first).to_be_visible(timeout=HEALED_MS)
        expect(count(page, name)).to_have_text(EQUAL, timeout=HEALED_MS)
    # A server that nobody has told otherwise simulates traffic, as the first one did.
    expect(page.get_by_role("switch", name="Simulate traffic")).to_be_checked()
    screenshot(page, "side-by-side-healed")
    quiet(page)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_it_fits_a_phone(demo: Desk, browser: Browser, screenshot: Screenshot, color_scheme: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780}, color_scheme=color_scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(demo.url)
    expect(grid(page, "agent").locator(ROWS).first).to_be_visible()
    quiet(page)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") == 0
    assert audit(page) == []
    screenshot(page, f"side-by-side-{color_scheme}-360")
    context.close()


def test_a_task_whose_server_is_killed_is_resumed_where_it_stood(demo: Desk, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.goto(f"{demo.url}/login/?next=/tasks")
    page.get_by_role("button", name="manager").click()
    page.get_by_role("button", name="Start a task").click()
    task = page.get_by_role("main").get_by_role("region").first
    expect(task.get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", "0")
    token = page.evaluate("() => /csrftoken=([^;]+)/.exec(document.cookie)[1]")
    killed = page.request.post(f"{demo.url}/demo/restart/", headers={"X-CSRFToken": token, "Referer": demo.url})
    assert killed.status == 202
    expect(task.get_by_text("interrupted")).to_be_visible(timeout=HEALED_MS)
    done = float(task.get_by_role("progressbar").get_attribute("aria-valuenow") or 0)
    assert 0 < done < 100
    task.get_by_role("button", name="Resume").click()
    expect(task.get_by_text("done", exact=True)).to_be_visible(timeout=40_000)
    context.close()


def test_tokens_are_for_two_users_only_and_cannot_be_made_up(demo: Desk) -> None:
    with httpx.Client(base_url=demo.url) as client:
        client.get("/watch/")
        csrf = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": demo.url}
        assert client.post("/demo/token/", data={"user": "agent"}).status_code == 403, "another site's page"
        assert client.post("/demo/token/", data={"user": "admin"}, headers=csrf).status_code == 400
        token = client.post("/demo/token/", data={"user": "agent"}, headers=csrf).json()["token"]
        elsewhere = {**csrf, "X-Forwarded-For": "192.0.2.7"}
        assert client.post("/demo/token/", data={"user": "agent"}, headers=elsewhere).status_code == 404
        assert client.post("/demo/restart/", headers=elsewhere).status_code == 404

        def whose(authorization: str) -> int:
            return client.get("/api/desk.Ticket/", headers={"Authorization": authorization}).status_code

        assert whose(f"Bearer {token}") == 200
        assert whose(f"Bearer {token.replace('agent', 'admin')}") == 401
        assert whose(f"Bearer {token}x") == 401


def test_the_demo_refuses_to_be_opened_to_others(tmp_path: Path) -> None:
    environment = {**os.environ, "DEBUG": "1", "DEMO": "1", "ALLOWED_HOSTS": "desk.example", "SECRET_KEY": "a" * 50}
    environment["DJANGO_SETTINGS_MODULE"] = "helpdesk.settings"
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(
        command, cwd=ROOT / "example" / "backend", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "not with ALLOWED_HOSTS" in done.stderr

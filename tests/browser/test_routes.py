"""The example's pages have addresses: links into them, reloads and "back" work, for everybody who may see them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import PAGE, ColorScheme, Desk, Windows
from .test_page import audit
from .tickets import ROWS, change, new_ticket, row, rows

Screenshot = Callable[[Page, str], None]
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"
FIRST_LOAD_BYTES = 420_000
"""Of the board with its Data Grid, compressed. A page without the grid is half of it."""


@pytest.mark.parametrize("path", ["/customers", "/people", "/tasks", "/events"])
@pytest.mark.parametrize(("color_scheme", "width"), [("light", 1440), ("dark", 360)])
def test_each_page_can_be_linked_to_fits_and_is_usable_by_everybody(
    windows: Windows, desk: Desk, screenshot: Screenshot, path: str, color_scheme: ColorScheme, width: int
) -> None:
    page = windows.open("manager", color_scheme=color_scheme, width=width)
    page.goto(desk.url + path)
    here = page.get_by_role("navigation", name="Pages").locator("[aria-current=page]")
    expect(here).to_have_attribute("href", path)
    expect(page.get_by_role("main")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert audit(page) == []
    assert page.evaluate(OVERFLOW) == 0
    screenshot(page, f"page{path.replace('/', '-')}-{color_scheme}-{width}")


def test_back_and_forward_go_through_the_pages_without_loading_anew(windows: Windows, desk: Desk) -> None:
    page = windows.open("agent", width=1300)
    page.evaluate("window.isTheSame = true")
    page.get_by_role("link", name="Customers").click()
    expect(page).to_have_url(desk.url + "/customers")
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("grid", name="Users")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("grid", name="Customers")).to_be_visible()
    expect(page).to_have_title("Customers · Help desk")
    page.go_back()
    expect(rows(page).first).to_be_visible()
    assert page.evaluate("isTheSame")
    page.go_forward()
    expect(page.get_by_role("grid", name="Customers")).to_be_visible()


def test_a_ticket_has_a_page_with_its_fields_its_conversation_and_who_else_is_there(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    key = new_ticket(desk, "Seen on a page of its own")
    manager, agent = windows.open("manager"), windows.open("agent")
    row(manager, key).get_by_role("button", name="Open ticket").click()
    manager.get_by_role("dialog").get_by_role("link", name="Open as a page").click()
    expect(manager).to_have_url(f"{desk.url}/tickets/{key}")
    agent.goto(f"{desk.url}/tickets/{key}")
    expect(manager.get_by_role("img", name="agent is on the page")).to_be_visible()
    agent.get_by_role("textbox", name="Comment").fill("I can see it from here.")
    agent.get_by_role("region", name="Conversation").get_by_role("button", name="Send").click()
    expect(manager.get_by_text("I can see it from here.", exact=True)).to_be_visible()
    agent.get_by_role("textbox", name="Title").fill("Saved on the page")
    agent.get_by_role("button", name="Save").click()
    expect(manager.get_by_role("heading", name=f"#{key} Saved on the page")).to_be_visible()
    assert audit(manager) == []
    screenshot(manager, "ticket-page")
    change(desk, key, group=_team(desk, "Billing"))
    expect(agent.get_by_text("There is no such ticket, or none that you may see any more.")).to_be_visible()
    agent.get_by_role("button", name="All tickets").click()
    expect(rows(agent).first).to_be_visible()


def test_what_is_typed_on_the_page_does_not_undo_in_silence_what_another_saved(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "Two write")
    page = windows.open("manager")
    page.goto(f"{desk.url}/tickets/{key}")
    page.get_by_role("textbox", name="Title").fill("Mine")
    change(desk, key, title="Theirs")
    expect(page.get_by_role("heading", name=f"#{key} Theirs")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Somebody else has changed this")
    dialog.get_by_role("radio", name="Mine: Mine").check()
    dialog.get_by_role("button", name="Save the choice").click()
    expect(page.get_by_role("heading", name=f"#{key} Mine")).to_be_visible()


def test_a_ticket_of_another_team_has_no_page_for_an_agent(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "Not for Support", team_name="Billing")
    page = windows.open("agent")
    page.goto(f"{desk.url}/tickets/{key}")
    expect(page.get_by_text("There is no such ticket, or none that you may see any more.")).to_be_visible()
    expect(page.get_by_text("Not for Support")).to_have_count(0)


def test_the_search_for_customers_is_in_the_address(windows: Windows, desk: Desk) -> None:
    page = windows.open("manager")
    page.goto(f"{desk.url}/customers")
    page.get_by_role("searchbox", name="Search customers").fill("Amara Silva")
    expect(page).to_have_url(re.compile(r"query=Amara"))
    grid = page.get_by_role("grid", name="Customers")
    expect(grid.locator(ROWS)).to_have_count(1)
    page.reload()
    expect(grid.locator(ROWS)).to_have_count(1)
    expect(page.get_by_role("searchbox", name="Search customers")).to_have_value("Amara Silva")


def test_a_team_shows_its_people_and_counts_its_open_tickets_live(windows: Windows, desk: Desk) -> None:
    page = windows.open("agent")
    page.goto(f"{desk.url}/people")
    support = page.get_by_role("group", name="Teams").get_by_role("button", name=re.compile("Support"))
    expect(support).to_have_text(re.compile(r"[1-9][\d,]* open"))
    before = int(re.sub(r"\D", "", support.inner_text()))
    new_ticket(desk, "One more that is open", status="open")
    expect(support).to_have_text(re.compile(f"{before + 1:,} open"))
    support.click()
    users = page.get_by_role("grid", name="Users")
    expect(users.get_by_text("agent", exact=True)).to_be_visible()
    expect(users.get_by_text("manager", exact=True)).to_have_count(0)


def test_a_long_task_shows_its_progress_in_every_window_that_may_see_it(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    agent, manager, admin = (windows.open(name) for name in ("agent", "manager", "admin"))
    for page in (agent, manager, admin):
        page.goto(f"{desk.url}/tasks")
    manager.get_by_role("button", name="Start a task").click()
    mine, theirs = (page.get_by_role("main").get_by_role("region").first for page in (manager, admin))
    for task in (mine, theirs):
        expect(task.get_by_text("running")).to_be_visible()
        expect(task.get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", "0")
    screenshot(admin, "task")
    manager.get_by_role("button", name="Start a task").click()
    expect(manager.get_by_text("Your last one still runs.")).to_be_visible()
    expect(agent.get_by_text("None yet.")).to_be_visible()
    expect(theirs.get_by_text("done", exact=True)).to_be_visible(timeout=40_000)
    expect(theirs.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    windows.expect_problems("400")


def test_files_are_compressed_and_the_first_load_is_small(desk: Desk, windows: Windows) -> None:
    page = windows.open("manager", width=1310)
    sizes: list[int] = page.evaluate(
        "() => performance.getEntriesByType('resource').filter(({name}) => name.includes('/static/app/'))"
        ".map(({encodedBodySize}) => encodedBodySize)"
    )
    assert 0 < sum(sizes) < FIRST_LOAD_BYTES, sizes
    script = next((PAGE.parent / "assets").glob("BindingTable-*.js"))
    with httpx.stream("GET", f"{desk.url}/static/app/assets/{script.name}") as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(b"".join(answer.iter_raw())) == script.read_bytes()
    plain = httpx.get(f"{desk.url}/static/app/assets/{script.name}", headers={"Accept-Encoding": "identity"})
    assert plain.content == script.read_bytes()


def test_one_click_signs_in_and_goes_where_one_wanted_to(desk: Desk, windows: Windows, screenshot: Screenshot) -> None:
    page = windows.browser.new_page()
    page.goto(f"{desk.url}/customers")
    expect(page.get_by_role("heading", name="Help desk")).to_be_visible()
    assert audit(page) == []
    screenshot(page, "sign-in")
    page.get_by_role("button", name="agent").click()
    expect(page.get_by_role("grid", name="Customers")).to_be_visible()
    page.context.close()


def test_outside_the_demo_there_are_no_tokens_and_nothing_kills_the_server(desk: Desk) -> None:
    with desk.client("admin") as admin:
        assert admin.post("/demo/token/", data={"user": "manager"}).status_code == 404
        assert admin.post("/demo/restart/").status_code == 404
        assert admin.get("/watch/").headers["Location"] == "/"
        assert b"data-demo" not in admin.get("/").content
    assert httpx.get(f"{desk.url}/").headers["Location"].startswith("/login/")


def _team(desk: Desk, name: str) -> int:
    with desk.client("manager") as client:
        return int(client.get("/api/auth.Group/", params={"query": name}).json()["rows"][0]["id"])

"""Who else has a ticket open, in two real browsers; and what the devtools show of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from .conftest import Desk, Windows
from .test_page import audit
from .tickets import cell, change, new_ticket, row


def test_who_has_a_ticket_open_is_seen_by_who_else_has_until_it_is_closed(
    windows: Windows, desk: Desk, screenshot: Callable[[Page, str], None]
) -> None:
    key = new_ticket(desk, "What two look at")
    mine, theirs = windows.open("manager"), windows.open("agent")
    for page in (mine, theirs):
        row(page, key).get_by_role("button", name="Open ticket").click()
    drawer = mine.get_by_role("dialog", name="What two look at")
    expect(drawer.get_by_role("img", name="agent looks at the details")).to_be_visible()
    theirs.get_by_role("tab", name="Conversation").click()
    expect(drawer.get_by_role("img", name="agent reads the conversation")).to_be_visible()
    assert audit(mine) == []
    screenshot(mine, "presence")
    theirs.keyboard.press("Escape")
    expect(drawer.get_by_role("img", name="agent reads the conversation")).to_have_count(0)


@pytest.mark.parametrize("end", ["escape", "other cell", "closed", "socket lost"])
def test_who_edits_a_cell_is_seen_there_by_others_until_they_do_not_any_more(
    windows: Windows, desk: Desk, screenshot: Callable[[Page, str], None], end: str
) -> None:
    key = new_ticket(desk, "What one of two edits")
    mine = windows.open("manager")
    theirs = windows.open("admin").context.new_page()
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    theirs.route_web_socket("**/ws/**", pass_on)
    theirs.goto(desk.url)
    cell(theirs, key, "title").dblclick()
    edited = cell(mine, key, "title")
    expect(edited).to_have_attribute("title", "admin is editing Title of What one of two edits")
    expect(mine.locator("[aria-live=polite]").get_by_text("admin is editing Title of")).to_be_attached()
    expect(theirs.locator("[data-editors]")).to_have_count(0)
    if end == "escape":
        assert audit(mine) == []
        screenshot(mine, "presence-cell")
        theirs.keyboard.press("Escape")
    elif end == "other cell":
        cell(theirs, key, "price").dblclick()
        expect(cell(mine, key, "price")).to_have_attribute("data-editors", "admin")
    elif end == "closed":
        theirs.close()
    else:
        theirs.route_web_socket("**/ws/**", lambda socket: socket.close())
        sockets[-1].close()
    expect(edited).not_to_have_attribute("data-editors", "admin")
    expect(edited).to_have_attribute("title", "What one of two edits")
    theirs.close()


def test_who_does_not_see_every_row_is_told_of_no_edit(windows: Windows, desk: Desk) -> None:
    """The keys of edited rows go to all who are in the room of a table, so it is a room of those who see all of them."""
    key = new_ticket(desk, "What a manager edits")
    mine, theirs = windows.open("manager"), windows.open("agent").context.new_page()
    frames: list[str] = []
    theirs.on("websocket", lambda socket: socket.on("framereceived", lambda text: frames.append(str(text))))
    theirs.goto(desk.url)
    cell(theirs, key, "title").wait_for()
    cell(mine, key, "title").dblclick()
    mine.wait_for_timeout(1_500)
    assert any("desk.board" in text and '"error"' in text for text in frames)
    assert not any("desk.board" in text and str(key) in text for text in frames), frames
    expect(theirs.locator("[data-editors]")).to_have_count(0)
    expect(theirs.get_by_role("alert")).to_have_count(0)
    theirs.close()


def test_the_devtools_show_what_is_read_and_why_it_changed(
    windows: Windows, desk: Desk, screenshot: Callable[[Page, str], None]
) -> None:
    key = new_ticket(desk, "What is explained")
    page = windows.open("admin")
    page.goto(f"{desk.url}?devtools")
    page.get_by_role("button", name="Channels · open").click()
    panel = page.get_by_role("region", name="Channels Binding devtools")
    reads = panel.get_by_role("table", name="Live reads")
    tickets = reads.get_by_role("row").filter(has_text="desk.Ticket.search#")
    expect(tickets.first).to_contain_text("25 of 10")
    tickets.first.get_by_role("button", name="Why?").click()
    expect(tickets.first).to_contain_text("reader")
    change(desk, key, title="Another title")
    expect(tickets.first).to_contain_text(f"desk.Ticket {key}")
    assert audit(page) == []
    screenshot(page, "devtools-reads")
    panel.get_by_role("tab", name="Messages").click()
    panel.get_by_role("searchbox", name="Filter messages").fill("diff")
    panel.get_by_role("table", name="Messages").get_by_role("button").first.click()
    expect(panel.get_by_text('"patch"').first).to_be_visible()
    assert audit(page) == []
    screenshot(page, "devtools-messages")
    panel.get_by_role("tab", name="Connection").click()
    expect(panel.get_by_text("open (ws)")).to_be_visible()
    screenshot(page, "devtools-connection")


def test_a_page_that_does_not_ask_for_them_loads_no_devtools(windows: Windows, desk: Desk) -> None:
    page = windows.open("admin", width=1200)
    names = page.evaluate("() => performance.getEntriesByType('resource').map(each => each.name)")
    assert any("index" in name for name in names)
    assert not any("devtools" in name for name in names)

"""Two people at the help desk, each in a window of their own."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import Desk, Windows
from .tickets import cell, change, delete, edit, grid, new_ticket, row, rows, search, team

Screenshot = Callable[[Page, str], None]
RECONNECT_MS = 30_000

CHANGES = """before => document.querySelector('[role=grid]').innerText !== before"""
STANDS_STILL = """() => new Promise(done => {
  const grid = document.querySelector('[role=grid]')
  const after = ms => setTimeout(() => { watcher.disconnect(); done() }, ms)
  let timer = after(1000)
  const watcher = new MutationObserver(() => { clearTimeout(timer); timer = after(1000) })
  watcher.observe(grid, { subtree: true, characterData: true, childList: true })
})"""


def test_an_edit_in_one_window_shows_in_the_other(windows: Windows, desk: Desk, screenshot: Screenshot) -> None:
    key = new_ticket(desk)
    manager, agent = windows.open("manager"), windows.open("agent")
    edit(manager, key, "title", "The printer is on fire")
    expect(cell(manager, key, "title")).to_have_text("The printer is on fire")
    expect(cell(agent, key, "title")).to_have_text("The printer is on fire")
    screenshot(manager, "edit-manager")
    screenshot(agent, "edit-agent")
    edit(agent, key, "title", "The fire is out")
    expect(cell(manager, key, "title")).to_have_text("The fire is out")


def test_an_edit_is_there_after_a_reload(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk)
    agent = windows.open("agent")
    edit(agent, key, "title", "Written down")
    expect(cell(agent, key, "title")).to_have_text("Written down")
    expect(cell(agent, key, "title")).not_to_have_class(re.compile("--editing"))
    agent.reload()
    expect(cell(agent, key, "title")).to_have_text("Written down")


def test_an_agent_sees_no_ticket_of_another_team(windows: Windows, desk: Desk, screenshot: Screenshot) -> None:
    new_ticket(desk, "Only billed", team_name="Billing")
    manager, agent = windows.open("manager"), windows.open("agent")
    for page in (manager, agent):
        search(page, "Only billed")
    expect(rows(manager)).to_have_count(1)
    expect(agent.get_by_text("No tickets match.")).to_be_visible()
    expect(rows(agent)).to_have_count(0)
    screenshot(agent, "no-match")


def test_a_ticket_handed_to_another_team_leaves_the_agents_list(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    key = new_ticket(desk)
    agent = windows.open("agent")
    expect(row(agent, key)).to_be_visible()
    with desk.client("manager") as manager:
        billing, support = team(manager, "Billing"), team(manager, "Support")
    change(desk, key, group=billing)
    expect(row(agent, key)).to_have_count(0)
    expect(rows(agent)).not_to_have_count(0)
    screenshot(agent, "handed-on")
    change(desk, key, group=support)
    expect(row(agent, key)).to_be_visible()


def test_a_new_ticket_appears_and_a_deleted_one_leaves(windows: Windows, desk: Desk) -> None:
    agent = windows.open("agent")
    key = new_ticket(desk, "Just in")
    expect(cell(agent, key, "title")).to_have_text("Just in")
    delete(desk, key)
    expect(row(agent, key)).to_have_count(0)


def test_the_traffic_switch_moves_tickets_in_every_window_and_stops_again(
    windows: Windows, screenshot: Screenshot
) -> None:
    manager, agent = windows.open("manager"), windows.open("agent")
    pages = (manager, agent)
    for page in pages:
        expect(page.get_by_role("switch", name="Simulate traffic")).not_to_be_checked()
    before = [grid(page).inner_text() for page in pages]
    manager.get_by_role("switch", name="Simulate traffic").click()
    expect(agent.get_by_role("switch", name="Simulate traffic")).to_be_checked()
    for page, text in zip(pages, before, strict=True):
        page.wait_for_function(CHANGES, arg=text)
    screenshot(agent, "traffic")
    agent.get_by_role("switch", name="Simulate traffic").click()
    expect(manager.get_by_role("switch", name="Simulate traffic")).not_to_be_checked()
    for page in pages:
        page.evaluate(STANDS_STILL)


def test_after_a_restart_of_the_server_the_list_is_right_again(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    key = new_ticket(desk, "Before the restart")
    agent = windows.open("agent")
    chip = agent.locator("[data-status]")
    expect(chip).to_have_text(re.compile(r"^Live · \d+ ms$"))
    expect(cell(agent, key, "title")).to_have_text("Before the restart")
    desk.stop()
    try:
        expect(agent.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
        screenshot(agent, "reconnecting")
        write = f"from desk.models import Ticket; Ticket.objects.filter(pk={key}).update(title='Written meanwhile')"
        desk.manage("shell", "--verbosity", "0", "-c", write)
    finally:
        desk.start()
    expect(chip).to_have_attribute("data-status", "open", timeout=RECONNECT_MS)
    expect(cell(agent, key, "title")).to_have_text("Written meanwhile")
    change(desk, key, title="Live as before")
    expect(cell(agent, key, "title")).to_have_text("Live as before")
    windows.expect_problems(r"WebSocket connection to .* failed|Failed to load resource: net::ERR_CONNECTION")


def test_what_one_says_about_a_ticket_the_other_reads_at_once(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    key = new_ticket(desk)
    manager, agent = windows.open("manager"), windows.open("agent")
    for page in (manager, agent):
        row(page, key).get_by_role("button", name="Open ticket").click()
        page.get_by_role("tab", name="Conversation").click()
    agent.get_by_role("textbox", name="Comment").fill("Have you tried turning it off and on again?")
    agent.get_by_role("button", name="Send").last.click()
    expect(manager.get_by_text("Have you tried turning it off and on again?", exact=True)).to_be_visible()
    expect(manager.get_by_text(re.compile("^agent · "))).to_be_visible()
    screenshot(manager, "conversation")
    for page in (manager, agent):
        page.get_by_role("button", name="Close").click()
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_custom_event_is_reflected_dispatched_and_broadcast(windows: Windows, screenshot: Screenshot) -> None:
    manager, agent = windows.open("manager"), windows.open("agent")
    for page in (manager, agent):
        page.get_by_role("button", name="Behind the scenes").click()
        confirmed = re.compile(r"in\s*custom_stream\.subscribe")
        expect(page.get_by_role("region", name="Last frames")).to_contain_text(confirmed)
    heard = [page.get_by_role("region", name="Messages heard") for page in (manager, agent)]
    manager.get_by_role("button", name="Send").click()
    for log in heard:
        expect(log).to_contain_text("subscriber from me")
        expect(log).to_contain_text("all layers from me")
    expect(heard[0]).to_contain_text("reflected response for me")
    expect(heard[1]).not_to_contain_text("reflected response")
    screenshot(manager, "custom-events")
    wire = manager.get_by_role("region", name="Last frames")
    expect(wire).to_contain_text("custom_stream.custom_all_event")
    manager.get_by_role("button", name="Go to next page").click()
    expect(wire).to_contain_text("snapshot")

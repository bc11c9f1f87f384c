"""One person's page: the table's own controls, forms, and whether everybody can use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import ROOT, ColorScheme, Desk, Windows, sign_in
from .tickets import cell, change, edit, new_ticket, row, rows, search

Screenshot = Callable[[Page, str], None]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
AUDIT = """async () => {
  const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const { violations } = await axe.run(document, { runOnly: levels })
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}`))
}"""
SETTLED = "() => document.getAnimations().every(animation => animation.playState !== 'running')"

WATCHED = """() => {
  const totals = document.querySelector('[aria-label=Totals]')
  window.seen = []
  const note = () => window.seen.push(totals.innerText)
  new MutationObserver(note).observe(totals, { subtree: true, characterData: true, childList: true })
}"""


def audit(page: Page) -> list[str]:
    """What axe finds against WCAG A and AA, once nothing moves any more (half-faded text has no contrast)."""
    if page.evaluate("() => !window.axe"):
        page.evaluate(AXE.read_text())  # no script tag: a page may forbid them by its Content-Security-Policy
    page.wait_for_function(SETTLED)
    found: list[str] = page.evaluate(AUDIT)
    return found


def choose(page: Page, field: Locator, text: str) -> None:
    """In an autocomplete: types, and takes the first that fits."""
    field.fill(text)
    page.get_by_role("option", name=text).first.click()


def test_pages_sizes_and_orders_are_the_servers(windows: Windows, desk: Desk) -> None:
    with desk.client("manager") as client:
        first = client.get("/api/desk.Ticket/", params={"order": "title", "limit": 1}).json()["rows"][0]
    page = windows.open("manager")
    expect(page.get_by_text(re.compile(r"^1–25 of 10,\d{3}$"))).to_be_visible()
    page.get_by_role("button", name="Go to next page").click()
    expect(page.get_by_text(re.compile(r"^26–50 of "))).to_be_visible()
    page.get_by_role("combobox", name="Rows per page").click()
    page.get_by_role("option", name="50", exact=True).click()
    expect(page.get_by_text(re.compile(r"^\d+–\d+0 of 10,"))).to_be_visible()
    page.get_by_role("columnheader", name="Title").click()
    expect(page.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_text(re.compile(r"^1–50 of "))).to_be_visible()
    expect(rows(page).first.locator('[data-field="title"]')).to_have_text(first["title"])


def filter_by(page: Page, name: str, option: str) -> None:
    """In the panel of filters, which is closed again."""
    page.get_by_role("button", name=re.compile(r"^Filters")).click()
    field = page.get_by_role("group", name="Filters").get_by_role("combobox", name=name)
    field.click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Filters")).to_be_hidden()


def test_search_and_filters_narrow_the_table_and_are_in_the_address(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "The zeppelin has landed", status="pending", priority="urgent")
    page = windows.open("manager")
    search(page, "zeppelin")
    expect(rows(page)).to_have_count(1)
    filter_by(page, "Status", "Solved")
    expect(page.get_by_text("No tickets match.")).to_be_visible()
    filter_by(page, "Status", "Pending")
    expect(row(page, key)).to_be_visible()
    filter_by(page, "Team", "Sales")
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="Remove the filter Team: Sales").press("Delete")
    expect(row(page, key)).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?query=zeppelin&filters.status=pending$"))
    page.go_back()
    expect(page.get_by_role("button", name="Remove the filter Team: Sales")).to_be_visible()
    page.reload()
    expect(page.get_by_role("searchbox", name="Search tickets")).to_have_value("zeppelin")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("searchbox", name="Search tickets")).to_have_value("")
    expect(rows(page)).not_to_have_count(0)


def test_tiles_count_what_matches_follow_what_others_do_and_filter(windows: Windows, desk: Desk) -> None:
    word = "kaleidoscope"
    key = new_ticket(desk, f"The {word} is stuck", status="pending", price="12.00")
    page = windows.open("agent")
    search(page, word)
    tiles = page.get_by_role("region", name="Tickets by status")
    pending, solved = (tiles.get_by_role("button", name=re.compile(name)) for name in ("Pending", "Solved"))
    expect(pending).to_have_text("1PendingΣ 12")
    expect(solved).to_have_text("0SolvedΣ 0")
    change(desk, key, status="solved", price="30.00")
    expect(pending).to_have_text("0PendingΣ 0")
    expect(solved).to_have_text("1SolvedΣ 30")
    pending.click()
    expect(pending).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("No tickets match.")).to_be_visible()
    expect(solved, "of the others the number stays").to_have_text("1SolvedΣ 30")
    pending.click()
    expect(row(page, key)).to_be_visible()
    new_ticket(desk, f"Another {word}", team_name="Billing", status="solved")
    change(desk, key, price="31.00")
    expect(solved, "another team's is not counted").to_have_text("1SolvedΣ 31")


def test_choices_people_and_prices_are_edited_in_their_cells(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk)
    page = windows.open("agent")
    cell(page, key, "status").dblclick()
    page.get_by_role("option", name="Solved").click()
    expect(cell(page, key, "status")).to_have_text("Solved")
    cell(page, key, "assignee").dblclick()
    choose(page, page.get_by_role("combobox", name="Assignee"), "agent")
    expect(cell(page, key, "assignee")).to_have_text("agent")
    edit(page, key, "price", "12.5")
    expect(cell(page, key, "price")).to_have_text("12.50")
    edit(page, key, "due_date", "2030-12-24")
    expect(cell(page, key, "due_date")).to_have_text("12/24/2030")


def test_a_refused_value_stays_in_its_cell_with_the_reason(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    key = new_ticket(desk, price="7.00")
    page = windows.open("agent")
    edit(page, key, "price", "much")
    expect(page.get_by_role("alert")).to_contain_text("A valid number is required.")
    expect(cell(page, key, "price").locator("input")).to_have_value("much")
    screenshot(page, "refused")
    cell(page, key, "price").locator("input").press("Escape")
    expect(cell(page, key, "price")).to_have_text("7.00")


def test_a_form_shows_the_servers_errors_and_then_saves(
    windows: Windows, desk: Desk, screenshot: Screenshot, tmp_path: Path
) -> None:
    agent, manager = windows.open("agent"), windows.open("manager")
    agent.get_by_role("button", name="New ticket").click()
    form = agent.get_by_role("dialog", name="New ticket")
    form.get_by_role("textbox", name="Title").fill("From the form")
    form.get_by_role("textbox", name="Price").fill("123456789012")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Ensure that there are no more than 10 digits in total.")).to_be_visible()
    expect(form.get_by_text("This field is required.")).to_have_count(2)
    screenshot(agent, "form-errors")
    form.get_by_role("textbox", name="Price").fill("12.50")
    choose(agent, form.get_by_role("combobox", name="Team"), "Support")
    choose(agent, form.get_by_role("combobox", name="Customer"), "Amara Silva")
    choose(agent, form.get_by_role("combobox", name="Tags"), "hardware")
    note = tmp_path / "note.txt"
    note.write_text("It smokes.")
    form.get_by_label("Attachment").set_input_files(note)
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    for page in (agent, manager):
        line = rows(page).filter(has_text="From the form")
        expect(line).to_have_count(1)
        expect(line).to_contain_text("Amara Silva")
        expect(line).to_contain_text("hardware")
    key = int(rows(agent).filter(has_text="From the form").get_attribute("data-id") or 0)
    with desk.client("agent") as client:
        attachment = client.get(f"/api/desk.Ticket/{key}/").json()["attachment"]
        assert client.get(attachment).text == "It smokes."


def test_the_drawer_changes_a_ticket_and_follows_what_others_change(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    key = new_ticket(desk, "In the drawer")
    manager, agent = windows.open("manager"), windows.open("agent")
    row(agent, key).get_by_role("button", name="Open ticket").click()
    drawer = agent.get_by_role("dialog", name="In the drawer")
    body = drawer.get_by_role("textbox", name="Body")
    body.fill("Typed by the agent")
    edit(manager, key, "title", "Renamed meanwhile")
    drawer = agent.get_by_role("dialog", name="Renamed meanwhile")
    expect(drawer.get_by_role("textbox", name="Title")).to_have_value("Renamed meanwhile")
    expect(drawer.get_by_role("textbox", name="Body")).to_have_value("Typed by the agent")
    screenshot(agent, "drawer")
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_be_hidden()
    with desk.client("agent") as client:
        ticket = client.get(f"/api/desk.Ticket/{key}/").json()
    assert (ticket["title"], ticket["body"]) == ("Renamed meanwhile", "Typed by the agent")


def test_managers_delete_and_can_undo_it_and_agents_do_not_delete(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "To be deleted")
    manager, agent = windows.open("manager"), windows.open("agent")
    expect(row(agent, key).get_by_role("button", name="Open ticket")).to_be_visible()
    expect(row(agent, key).get_by_role("button", name="Delete")).to_have_count(0)
    row(manager, key).get_by_role("button", name="Delete").click()
    expect(row(manager, key)).to_have_count(0)
    expect(row(agent, key), "nobody else has seen it go").to_be_visible()
    manager.get_by_role("button", name="Undo").click()
    expect(row(manager, key)).to_be_visible()
    row(manager, key).get_by_role("button", name="Delete").click()
    for page in (manager, agent):
        expect(row(page, key)).to_have_count(0)


def test_totals_leave_out_what_is_deleted_while_it_can_be_undone_and_after(windows: Windows, desk: Desk) -> None:
    for number in range(3):
        new_ticket(desk, f"Xylophone {number}", price=f"{10**number}.00")
    page = windows.open("manager")
    page.goto(f"{desk.url}/?query=Xylophone")
    totals = page.get_by_role("group", name="Totals")
    expect(totals).to_have_text("Rows 3Σ Price 111.00Ø Price 37.00")
    shown = page.get_by_text(re.compile("^1–"))
    delete = rows(page).filter(has_text="Xylophone 2").get_by_role("button", name="Delete")
    delete.click()
    expect(totals).to_have_text("Rows 2Σ Price 11.00Ø Price 5.50")
    expect(shown).to_have_text("1–2 of 2")
    page.get_by_role("button", name="Undo").click()
    expect(totals).to_have_text("Rows 3Σ Price 111.00Ø Price 37.00")
    delete.click()
    expect(totals).to_have_text("Rows 2Σ Price 11.00Ø Price 5.50")
    page.evaluate(WATCHED)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    agent = windows.open("agent")
    agent.goto(f"{desk.url}/?query=Xylophone")
    expect(agent.get_by_text(re.compile("^1–"))).to_have_text("1–2 of 2")
    assert page.evaluate("() => window.seen") == [], "nothing came back when the time for an undo was over"


def test_rows_are_selected_over_pages_and_changed_together(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    word = "hippodrome"
    keys = [new_ticket(desk, f"{word} {number}", status="open") for number in range(12)]
    page = windows.open("manager")
    search(page, word)
    expect(rows(page)).to_have_count(12)
    page.get_by_role("combobox", name="Rows per page").click()
    page.get_by_role("option", name="10", exact=True).click()
    expect(rows(page)).to_have_count(10)
    row(page, keys[-1]).get_by_role("checkbox").check()
    page.get_by_role("button", name="Go to next page").click()
    expect(rows(page)).to_have_count(2)
    row(page, keys[0]).get_by_role("checkbox").check()
    screenshot(page, "selected")
    expect(page.get_by_role("status").filter(has_text="2 rows are selected")).to_be_visible()
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_role("combobox", name="Field").click()
    page.get_by_role("option", name="Status").click()
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="Solved").click()
    screenshot(page, "change-selected")
    page.get_by_role("button", name="Change 2 rows").click()
    expect(page.get_by_text("2 saved.")).to_be_visible()
    with desk.client("manager") as client:
        found = client.get("/api/desk.Ticket/", params={"query": word, "limit": 50}).json()["rows"]
    assert sorted(each["id"] for each in found if each["status"] == "solved") == [keys[0], keys[-1]]


def test_a_ticket_is_opened_by_a_link_and_closed_by_back(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "Behind a link")
    page = windows.open("manager", width=1300)
    page.goto(f"{desk.url}/?ticket={key}")
    drawer = page.get_by_role("dialog", name="Behind a link")
    drawer.get_by_role("button", name="Close").click()
    expect(page).to_have_url(f"{desk.url}/")
    row(page, key).get_by_role("button", name="Open ticket").click()
    expect(drawer).to_be_visible()
    page.go_back()
    expect(drawer).to_be_hidden()
    page.go_forward()
    expect(drawer).to_be_visible()
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).to_be_hidden()


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_page_is_accessible_and_looks_finished(
    windows: Windows, screenshot: Screenshot, color_scheme: ColorScheme
) -> None:
    page = windows.open("manager", color_scheme=color_scheme)
    expect(page.locator('[data-field="tags"] span').first).to_be_attached()
    screenshot(page, f"tickets-{color_scheme}")
    assert audit(page) == []
    page.get_by_role("button", name="New ticket").click()
    form = page.get_by_role("dialog", name="New ticket")
    expect(form.get_by_role("textbox", name="Title")).to_be_visible()
    screenshot(page, f"new-ticket-{color_scheme}")
    assert audit(page) == []
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_be_hidden()
    rows(page).first.get_by_role("button", name="Open ticket").click()
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Title")).to_be_visible()
    assert audit(page) == []


def test_the_page_fits_a_telephone(windows: Windows, screenshot: Screenshot) -> None:
    page = windows.open("agent", width=360)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360
    screenshot(page, "telephone")
    assert audit(page) == []
    cards = page.get_by_role("list", name="Tickets").get_by_role("listitem")
    expect(page.get_by_role("grid")).to_have_count(0)
    cards.first.get_by_role("button", name="Open ticket").click()
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Title")).to_be_visible()
    screenshot(page, "telephone-drawer")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360


def test_a_ticket_is_edited_by_keyboard_alone(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk)
    page = windows.open("agent", width=1280)  # a window where no cell has had the focus yet
    expect(row(page, key)).to_be_visible()
    page.get_by_role("button", name="CSV").focus()
    # to the header, the first line's box, its number, its title, into it
    for step in ("Tab", "ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(step)
    expect(cell(page, key, "title").locator("input")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(cell(page, key, "title")).to_have_text("By keyboard")


def test_dark_colours_are_remembered(windows: Windows) -> None:
    page = windows.open("agent", width=1280)
    toggle = page.get_by_role("button", name="Dark colours")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(17, 20, 27)"


def test_a_second_window_opens(windows: Windows) -> None:
    page = windows.open("agent")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open a second window").click()
    expect(rows(opened.value).first).to_be_visible()


def test_signing_out_leads_to_the_login_page(windows: Windows, desk: Desk) -> None:
    page = windows.open("admin")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    del desk.sessions["admin"]
    sign_in(page, "admin")
    expect(rows(page).first).to_be_visible()

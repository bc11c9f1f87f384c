"""Two people at one ticket: what either has typed is not lost, and neither undoes the other."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from .conftest import Desk, Windows
from .test_page import audit
from .tickets import cell, change, delete, edit, new_ticket, row


def begin(page: Page, key: int, field: str, text: str) -> Locator:
    """Opens a cell and types into it."""
    cell(page, key, field).dblclick()
    editor = cell(page, key, field).locator("input")
    editor.fill(text)
    return editor


def test_the_second_to_save_a_cell_is_asked_which_shall_stand(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "What both edit")
    mine, theirs = windows.open("manager"), windows.open("agent")
    editor = begin(mine, key, "title", "What I want")
    edit(theirs, key, "title", "What they want")
    expect(cell(theirs, key, "title")).to_have_text("What they want")
    edit(theirs, key, "price", "12.50")
    expect(cell(mine, key, "price")).to_have_text("12.50")
    editor.press("Enter")
    dialog = mine.get_by_role("dialog", name="Somebody else has changed this")
    expect(dialog.get_by_role("group", name="Title")).to_contain_text("Before: What both edit")
    expect(dialog.get_by_role("radio", name="Theirs: What they want")).to_be_checked()
    assert audit(mine) == []
    dialog.get_by_role("radio", name="Mine: What I want").check()
    dialog.get_by_role("button", name="Save the choice").click()
    for page in (mine, theirs):
        expect(cell(page, key, "title")).to_have_text("What I want")
        expect(cell(page, key, "price")).to_have_text("12.50")


def test_two_who_change_different_cells_of_a_row_are_not_asked_anything(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "What is changed twice", price="1.00")
    mine, theirs = windows.open("manager"), windows.open("agent")
    editor = begin(mine, key, "title", "Another title")
    edit(theirs, key, "price", "2.00")
    expect(cell(mine, key, "price")).to_have_text("2.00")
    editor.press("Enter")
    for page in (mine, theirs):
        expect(cell(page, key, "title")).to_have_text("Another title")
        expect(cell(page, key, "price")).to_have_text("2.00")
    expect(mine.get_by_role("dialog")).to_have_count(0)


def test_a_draft_stays_when_its_row_is_deleted_and_becomes_a_new_row(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "What is deleted")
    page = windows.open("manager")
    editor = begin(page, key, "title", "What was typed")
    delete(desk, key)
    expect(page.get_by_text("The row you are editing was deleted, or may no longer be seen.")).to_be_visible()
    expect(editor).to_have_value("What was typed")
    page.get_by_role("button", name="Drop").click()
    expect(row(page, key)).to_have_count(0)


def test_a_draft_stays_when_its_row_moves_to_another_page(windows: Windows, desk: Desk) -> None:
    page = windows.open("manager")
    page.get_by_role("columnheader", name="Title").click()
    expect(page.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "ascending")
    key = new_ticket(desk, "!!! The first of all")
    editor = begin(page, key, "title", "!!! What was typed")
    change(desk, key, title="zzz The last of all")
    expect(page.get_by_text("The row you are editing has left this page.")).to_be_visible()
    expect(editor).to_have_value("!!! What was typed")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("radio", name="Mine: !!! What was typed").check()
    page.get_by_role("button", name="Save the choice").click()
    expect(cell(page, key, "title")).to_have_text("!!! What was typed")
    delete(desk, key)


def test_the_reason_of_a_refusal_stands_at_its_cell(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "What has no price")
    page = windows.open("manager")
    editor = begin(page, key, "price", "cheap")
    editor.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("A valid number is required.")
    expect(editor).to_have_attribute("aria-invalid", "true")
    assert audit(page) == []
    editor.press("Escape")
    expect(page.get_by_text("Change dropped. Your change of Price: cheap")).to_be_visible()

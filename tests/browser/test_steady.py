"""What stays where it is: the fields of a form and the focus, whatever comes and goes around them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk, Windows
from .test_first_view import MOST_LAYOUT_SHIFT, OBSERVED, SHIFTS
from .tickets import cell, change, delete, new_ticket, row

IS_IN_ROWS = "() => document.activeElement?.closest('[role=grid]') !== null"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def the_page(page: Page, key: int) -> None:
    page.goto(page.url.split("?")[0].rstrip("/") + f"/tickets/{key}")


def the_drawer(page: Page, key: int) -> None:
    page.goto(page.url.split("?")[0].rstrip("/") + f"/?ticket={key}")


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("open_ticket", [the_page, the_drawer])
def test_no_field_moves_when_a_notice_appears_in_a_form(
    windows: Windows, desk: Desk, open_ticket: Callable[[Page, int], None], width: int
) -> None:
    key = new_ticket(desk, "What is changed meanwhile")
    page = windows.open("manager", width=width)
    open_ticket(page, key)
    title = page.get_by_role("textbox", name="Title")
    expect(title).to_have_value("What is changed meanwhile")
    page.evaluate(PAINTED)
    page.evaluate(OBSERVED)
    page.evaluate("() => { window.shifts = [] }")
    for values, said in (({"price": "12.50"}, "Price"), ({"title": "Changed by another"}, "Title")):
        change(desk, key, **values)
        expect(page.get_by_role("status").filter(has_text=said).first).to_be_visible()
        page.evaluate(PAINTED)
    shifts = page.evaluate(SHIFTS)
    assert sum(value for value, _ in shifts) <= MOST_LAYOUT_SHIFT, shifts


def test_the_focus_stays_in_the_table_when_a_new_row_is_saved_by_the_keyboard(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "What is deleted while it is edited")
    page = windows.open("manager")
    cell(page, key, "title").dblclick()
    cell(page, key, "title").locator("input").fill("What is saved anew")
    delete(desk, key)
    page.get_by_role("button", name="Save as new").focus()
    page.keyboard.press("Enter")
    expect(row(page, key)).to_have_count(0)
    expect(page.get_by_role("button", name="Save as new")).to_have_count(0)
    page.wait_for_function(IS_IN_ROWS)


def test_the_focus_stays_in_a_new_row_of_a_form_that_is_saved_by_the_keyboard(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "What has steps")
    page = windows.open("manager")
    the_page(page, key)
    page.get_by_role("button", name="Add step").focus()
    page.keyboard.press("Enter")
    text = page.get_by_role("group", name="Step 1").get_by_role("textbox", name="What")
    expect(text).to_be_focused()
    page.keyboard.type("Written by the keyboard")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row^=new-]")).to_have_count(0)
    expect(text).to_have_value("Written by the keyboard")
    expect(text).to_be_focused()


def test_the_name_of_the_page_is_whole_on_a_telephone_that_reconnects(windows: Windows) -> None:
    page = windows.open("manager", width=360)
    page.route("**/api/**", lambda route: route.abort())
    page.route_web_socket("**/ws/**", lambda socket: socket.close())
    page.reload()
    expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
    title = page.get_by_role("heading", name="Help desk")
    assert title.evaluate("title => title.scrollWidth <= title.clientWidth")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    windows.expect_problems("Failed to load resource")


def test_the_focus_stays_in_the_table_when_a_deletion_is_undone_by_the_keyboard(windows: Windows, desk: Desk) -> None:
    key = new_ticket(desk, "What is deleted and comes back")
    page = windows.open("manager")
    row(page, key).get_by_role("checkbox").check()
    page.get_by_text("Delete", exact=True).focus()  # of the bar; those of rows are icons
    page.keyboard.press("Enter")
    expect(row(page, key)).to_have_count(0)
    page.wait_for_function(IS_IN_ROWS)
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(row(page, key)).to_have_count(1)
    page.wait_for_function(IS_IN_ROWS)

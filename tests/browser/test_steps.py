"""Rows beside a form: the steps of a ticket, edited in its drawer together with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .conftest import Desk, Windows
from .test_page import audit, choose
from .tickets import new_ticket, rows

Screenshot = Callable[[Page, str], None]


def opened(page: Page, key: int) -> Locator:
    """The drawer of a ticket."""
    shown = page.locator(f'[aria-label="Tickets"] [data-id="{key}"]')
    shown.get_by_role("button", name="Open ticket").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("group", name="steps")).to_be_visible()
    return drawer


def step(drawer: Locator, number: int) -> Locator:
    return drawer.get_by_role("group", name=f"Step {number}", exact=True)


def what(drawer: Locator, number: int) -> Locator:
    return step(drawer, number).get_by_role("textbox", name="What")


def save(drawer: Locator) -> None:
    drawer.get_by_role("button", name="Save").click()


def stored(desk: Desk, key: int) -> list[dict[str, Any]]:
    with desk.client("agent") as client:
        rows = client.get("/api/desk.Step/", params={"ticket": key}).json()["rows"]
    return [{name: each[name] for name in ("text", "minutes", "done", "position")} for each in rows]


def test_steps_are_added_changed_moved_and_deleted_with_their_ticket(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    key = new_ticket(desk, "With steps")
    agent = windows.open("agent")
    drawer = opened(agent, key)
    for number, text in enumerate(("Call", "Look", "Order"), 1):
        drawer.get_by_role("button", name="Add step").click()
        expect(what(drawer, number)).to_be_focused()
        agent.keyboard.type(text)
    step(drawer, 2).get_by_role("textbox", name="Minutes").fill("15")
    screenshot(agent, "steps-new")
    save(drawer)
    expect(drawer).to_be_hidden()
    assert [each["text"] for each in stored(desk, key)] == ["Call", "Look", "Order"]

    drawer = opened(agent, key)
    expect(what(drawer, 3)).to_have_value("Order")
    what(drawer, 1).fill("Call back")
    step(drawer, 2).get_by_role("button", name="Delete").click()
    expect(drawer.get_by_text("Step 2 is deleted when you save.")).to_be_visible()
    step(drawer, 3).get_by_role("button", name="Move up").click()
    step(drawer, 2).get_by_role("button", name="Move up").click()
    step(drawer, 1).get_by_role("checkbox", name="Done").check()
    screenshot(agent, "steps-edited")
    assert audit(agent) == []
    save(drawer)
    expect(drawer).to_be_hidden()
    assert stored(desk, key) == [
        {"text": "Order", "minutes": None, "done": True, "position": 1},
        {"text": "Call back", "minutes": None, "done": False, "position": 2},
    ]
    drawer = opened(agent, key)
    expect(what(drawer, 1)).to_have_value("Order")
    expect(what(drawer, 2)).to_have_value("Call back")


def test_what_the_server_refuses_stands_at_its_row_and_nothing_is_saved(
    windows: Windows, desk: Desk, screenshot: Screenshot
) -> None:
    key = new_ticket(desk, "Refused steps")
    agent = windows.open("agent")
    drawer = opened(agent, key)
    for text in ("Fine", "Too long", "Without a number"):
        drawer.get_by_role("button", name="Add step").click()
        agent.keyboard.type(text)
    drawer.get_by_role("button", name="Add step").click()  # left blank: no row
    minutes = step(drawer, 2).get_by_role("textbox", name="Minutes")
    minutes.fill("999")
    what(drawer, 3).fill("")
    step(drawer, 3).get_by_role("textbox", name="Minutes").fill("5")
    save(drawer)
    expect(step(drawer, 2).get_by_text("Ensure this value is less than or equal to 480.")).to_be_visible()
    expect(step(drawer, 3).get_by_text("This field is required.")).to_be_visible()
    expect(minutes).to_be_focused()
    expect(drawer.locator('[aria-invalid="true"]')).to_have_count(2)
    screenshot(agent, "steps-refused")
    assert audit(agent) == []
    assert stored(desk, key) == []
    minutes.fill("60")
    what(drawer, 3).fill("With a number")
    save(drawer)
    expect(drawer).to_be_hidden()
    assert [(each["text"], each["minutes"]) for each in stored(desk, key)] == [
        ("Fine", None),
        ("Too long", 60),
        ("With a number", 5),
    ]


def test_a_new_ticket_comes_with_its_steps(windows: Windows, desk: Desk, screenshot: Screenshot) -> None:
    agent = windows.open("agent")
    agent.get_by_role("button", name="New ticket").click()
    form = agent.get_by_role("dialog", name="New ticket")
    form.get_by_role("textbox", name="Title").fill("Born with steps")
    choose(agent, form.get_by_role("combobox", name="Team"), "Support")
    choose(agent, form.get_by_role("combobox", name="Customer"), "Amara Silva")
    expect(form.get_by_text("No steps yet.")).to_be_visible()
    form.get_by_role("button", name="Add step").click()
    agent.keyboard.type("Say hello")
    screenshot(agent, "steps-new-ticket")
    save(form)
    expect(form).to_be_hidden()
    line = rows(agent).filter(has_text="Born with steps")
    expect(line).to_have_count(1)
    assert [each["text"] for each in stored(desk, int(line.get_attribute("data-id") or 0))] == ["Say hello"]


def test_steps_fit_a_telephone_and_dark_colours(windows: Windows, desk: Desk, screenshot: Screenshot) -> None:
    key = new_ticket(desk, "Steps at night")
    page = windows.open("agent", color_scheme="dark", width=360)
    drawer = opened(page, key)
    for _ in range(2):
        drawer.get_by_role("button", name="Add step").click()
    step(drawer, 2).get_by_role("button", name="Delete").click()
    expect(step(drawer, 1).get_by_role("button", name="Delete")).to_be_focused()
    screenshot(page, "steps-telephone")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360
    assert audit(page) == []


def test_rows_are_back_where_a_form_was_left_and_what_others_did_meanwhile_is_asked(
    windows: Windows, desk: Desk
) -> None:
    key = new_ticket(desk, "Left in the middle")
    agent = windows.open("agent")
    drawer = opened(agent, key)
    for text in ("Call", "Look", "Order"):
        drawer.get_by_role("button", name="Add step").click()
        agent.keyboard.type(text)
    save(drawer)
    expect(drawer).to_be_hidden()

    drawer = opened(agent, key)
    what(drawer, 1).fill("Call back")
    step(drawer, 2).get_by_role("button", name="Delete").click()
    what(drawer, 3).fill("Order two")
    drawer.get_by_role("button", name="Add step").click()
    agent.keyboard.type("Write")
    agent.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    theirs = opened(windows.open("manager"), key)
    what(theirs, 1).fill("Call me")
    step(theirs, 2).get_by_role("textbox", name="Minutes").fill("5")
    step(theirs, 3).get_by_role("button", name="Delete").click()
    save(theirs)
    expect(theirs).to_be_hidden()

    drawer = opened(agent, key)
    expect(drawer.get_by_text("What you had typed here and not saved is back.")).to_be_visible()
    expect(drawer.get_by_text("Step 2 is deleted when you save.")).to_be_visible()
    expect(what(drawer, 1)).to_have_value("Call back")
    expect(step(drawer, 3).get_by_text("Somebody else has deleted this.")).to_be_visible()
    expect(what(drawer, 3)).to_have_value("Order two")
    expect(what(drawer, 4)).to_have_value("Write")
    save(drawer)
    dialog = agent.get_by_role("dialog", name="Somebody else has changed this")
    dialog.get_by_role("group", name="Step 1: What").get_by_role("radio", name="Mine: Call back").check()
    expect(dialog.get_by_role("group", name="Step 2")).to_contain_text("Theirs: What: Look, Minutes: 5")
    dialog.get_by_role("group", name="Step 3").get_by_role("radio", name="Mine: What: Order two").check()
    assert audit(agent) == []
    dialog.get_by_role("button", name="Save the choice").click()
    expect(drawer).to_be_hidden()
    assert [(each["text"], each["minutes"]) for each in stored(desk, key)] == [
        ("Call back", None),
        ("Look", 5),
        ("Order two", None),
        ("Write", None),
    ]

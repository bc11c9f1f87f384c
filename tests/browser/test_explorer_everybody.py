"""Whether everybody can use the explorer: by keyboard, on a telephone, light and dark; and below a prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import ColorScheme, Desk, another_server
from .explorers import Explorer, explorer
from .prefixed_asgi import PREFIX
from .test_first_view import MOST_LAYOUT_SHIFT, OBSERVED, SHIFTS
from .test_page import audit
from .tickets import new_ticket

Screenshot = Callable[[Page, str], None]


def views(window: Explorer) -> Iterator[str]:
    """Opens one after another; each with its name."""
    page = window.page
    yield "start"
    window.rows("desk.Ticket")
    page.get_by_role("button", name="Filters").click()
    yield "rows"
    page.locator('[role="row"][data-id] [data-field="id"] button').first.click()
    form = page.get_by_role("dialog")
    expect(form.get_by_role("textbox", name="Title")).to_be_visible()
    yield "row"
    form.get_by_role("button", name="Close").click()
    expect(form).to_be_hidden()
    window.show("desk.Ticket", "fields")
    expect(page.get_by_role("region", name="Filters")).to_be_visible()
    yield "fields"
    window.show("desk.Ticket", "message")
    expect(window.send()).to_contain_text("was answered")
    yield "message"
    window.show("desk.Ticket", "why")
    expect(page.get_by_role("region", name="Why messages came").get_by_role("listitem").first).to_be_visible()
    page.get_by_role("button", name="Frames", exact=True).click()
    yield "why-and-frames"
    page.get_by_role("button", name="Close frames").click()
    page.goto(f"{window.url}#/figures")
    expect(page.get_by_role("img")).to_have_count(8)
    yield "figures"


@pytest.mark.parametrize(("color_scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 360)])
def test_every_view_is_accessible_and_fits(
    desk: Desk, browser: Browser, screenshot: Screenshot, color_scheme: ColorScheme, width: int
) -> None:
    with explorer(browser, desk, color_scheme=color_scheme, width=width) as window:
        for name in views(window):
            screenshot(window.page, f"explorer-{name}-{color_scheme}-{width}")
            assert audit(window.page) == [], name
            assert window.page.evaluate("() => document.documentElement.scrollWidth") == width, name


def test_on_a_telephone_streams_are_behind_a_button(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk, width=360) as window:
        page = window.page
        page.get_by_role("button", name="Streams").click()
        nav = page.get_by_role("navigation", name="Streams")
        nav.get_by_role("searchbox").fill("tag")
        nav.get_by_role("link", name="Tag").click()
        expect(nav).to_have_count(0)
        expect(page.get_by_role("heading", name="desk.Tag")).to_be_visible()


def test_nothing_is_pushed_down_on_a_telephone_when_the_form_of_a_row_is_there(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk, width=390, init=f"({OBSERVED})()") as window:
        window.rows("desk.Ticket")
        window.page.get_by_title("Open this row").first.click()
        drawer = window.page.get_by_role("dialog")
        expect(drawer.get_by_role("textbox", name="Title")).to_be_visible()
        expect(drawer.get_by_label("JSON of the row")).to_contain_text('"title"')
        shifts = window.page.evaluate(SHIFTS)
        assert sum(value for value, _ in shifts) <= MOST_LAYOUT_SHIFT, shifts


def test_a_row_is_opened_and_changed_by_keyboard_alone(desk: Desk, browser: Browser) -> None:
    key = new_ticket(desk, "For the keyboard")
    with explorer(browser, desk) as window:
        window.rows("desk.Ticket")
        page = window.page
        expect(page.locator(f'[role="row"][data-id="{key}"]')).to_be_visible()
        page.get_by_role("button", name="Add ticket").focus()
        for step in ("Tab", "ArrowDown"):  # to the header of the key, to the newest row
            page.keyboard.press(step)
        page.keyboard.press("Enter")
        form = page.get_by_role("dialog")
        expect(form.get_by_role("textbox", name="Title")).to_have_value("For the keyboard")
        page.keyboard.press("Escape")
        expect(form).to_be_hidden()


def test_dark_colours_are_remembered(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk) as window:
        toggle = window.page.get_by_role("button", name="Dark colours")
        toggle.click()
        expect(toggle).to_have_attribute("aria-pressed", "true")
        window.page.reload()
        expect(toggle).to_have_attribute("aria-pressed", "true")


@pytest.fixture
def prefixed(desk: Desk) -> Iterator[Desk]:
    """The example's database, served below ``/shop``."""
    with another_server(desk, "tests.browser.prefixed_asgi") as running:
        yield running


def test_below_a_prefix_page_socket_and_forms_are_found(prefixed: Desk, browser: Browser) -> None:
    with explorer(browser, prefixed, path=f"{PREFIX}/api/explorer/", by_the_login_page=True) as window:
        window.rows("desk.Tag")
        page = window.page
        expect(page.get_by_text("WebSocket", exact=True)).to_be_visible()
        page.get_by_role("button", name="Add tag").click()
        form = page.get_by_role("dialog")
        form.get_by_role("textbox", name="Name").fill("below a prefix")
        form.get_by_role("button", name="Save").click()
        expect(page.locator("main").get_by_text("below a prefix")).to_be_visible()
        window.show("desk.Tag", "message")
        window.choose("By", "HTTP")
        window.choose("Event", "list")
        expect(window.send()).to_contain_text("below a prefix")

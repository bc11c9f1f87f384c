"""The client of docs/howto/vanilla.md, as it stands there, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from .conftest import ROOT, Desk

CODE, PAGE = map(
    str, re.findall(r"```(?:js|html)\n(.*?)```", (ROOT / "docs" / "howto" / "vanilla.md").read_text(), re.S)
)
QUERY = "{ order: 'name', limit: 3, query: 'Vanilla' }"


def html() -> str:
    """The page that the how-to has, for a stream of the help desk."""
    page = PAGE.replace("shop.Order", "desk.Customer").replace(
        "customer: 'Acme', amount: '12.50'", "name: 'Vanilla D', email: 'd@v.example', company: 'V', city: 'Bonn'"
    )
    page = page.replace("const { call } = liveList", "const { call } = window.list = liveList")
    page = page.replace("(rows) => {", "(rows, beside) => { window.beside = beside")
    return page.replace("row.customer", "`${row.name} ${row.city}`").replace("{ order: '-amount', limit: 10 }", QUERY)


@pytest.fixture
def page(desk: Desk, browser: Browser) -> Any:
    context = browser.new_context()
    found = context.new_page()
    problems: list[str] = []
    found.on("pageerror", lambda error: problems.append(str(error)))
    with desk.client("admin") as client:
        for cookie in client.cookies.jar:
            context.add_cookies([{"name": cookie.name, "value": str(cookie.value), "url": desk.url}])
    found.route("**/static/live.js", lambda route: route.fulfill(content_type="text/javascript", body=CODE))
    clear(desk)
    for letter in "ABC":
        add(desk, f"Vanilla {letter}")
    yield found
    clear(desk)
    context.close()
    assert problems == []


def add(desk: Desk, name: str) -> int:
    with desk.client("admin") as client:
        row = {"name": name, "email": f"{name[-1]}@v.example", "company": "V", "city": "Rome"}
        made = client.post("/api/desk.Customer/", json=row)
        assert made.status_code == 201, made.text
        return int(made.json()["id"])


def change(desk: Desk, who: str, **fields: Any) -> None:
    with desk.client("admin") as client:
        found = client.get("/api/desk.Customer/", params={"query": "Vanilla"}).json()["rows"]
        (row,) = (each for each in found if each["name"] == who)
        assert client.patch(f"/api/desk.Customer/{row['id']}/", json=fields).status_code == 200


def clear(desk: Desk) -> None:
    with desk.client("admin") as client:
        for row in client.get("/api/desk.Customer/", params={"query": "Vanilla"}).json()["rows"]:
            client.delete(f"/api/desk.Customer/{row['id']}/")


def show(page: Page, desk: Desk) -> None:
    """The page, at an address of the server: Chromium lets no other one connect to it."""
    page.goto(f"{desk.url}/api/hello/")
    page.set_content(html())


BACK_MS = 60_000
"""Pauses between attempts grow, up to 45 s, while a server takes its time to start."""


def shows(page: Page, *texts: str, within_ms: int = 10_000) -> None:
    expect(page.locator("li")).to_have_text([f"Vanilla {text}" for text in texts], timeout=within_ms)


def test_it_has_sixty_lines_or_so() -> None:
    assert CODE.count("\n") <= 72


def test_the_list_follows_its_query_through_every_kind_of_message(page: Page, desk: Desk) -> None:
    show(page, desk)
    shows(page, "A Rome", "B Rome", "C Rome")
    change(desk, "Vanilla B", city="Oslo")
    shows(page, "A Rome", "B Oslo", "C Rome")
    change(desk, "Vanilla A", name="Vanilla Z")
    shows(page, "B Oslo", "C Rome", "Z Rome")
    change(desk, "Vanilla C", name="Vanilla A")  # moves within the list: taken out, and put in by its key
    shows(page, "A Rome", "B Oslo", "Z Rome")
    page.get_by_role("button", name="New").click()
    shows(page, "A Rome", "B Oslo", "D Bonn")  # the last one is on the next page now


def test_a_refusal_is_an_error_with_a_code(page: Page, desk: Desk) -> None:
    show(page, desk)
    shows(page, "A Rome", "B Rome", "C Rome")
    dialogs: list[str] = []

    def accept(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.accept()

    page.on("dialog", accept)
    page.get_by_role("button", name="New").click()
    page.get_by_role("button", name="New").click()  # its address is taken
    page.wait_for_timeout(1000)
    assert len(dialogs) == 1


def test_another_query_takes_the_place_of_the_list_and_is_live(page: Page, desk: Desk) -> None:
    show(page, desk)
    shows(page, "A Rome", "B Rome", "C Rome")
    page.evaluate("list.ask({ order: '-name', limit: 2, query: 'Vanilla' })")
    shows(page, "C Rome", "B Rome")
    change(desk, "Vanilla A", name="Vanilla Z")
    shows(page, "Z Rome", "C Rome")


def test_who_is_not_signed_in_is_shown_nothing_and_told_why(page: Page, desk: Desk) -> None:
    page.context.clear_cookies()
    show(page, desk)
    page.wait_for_function("window.beside")
    shows(page)
    assert page.evaluate("beside.error") == {"code": 4401, "message": "nobody is signed in"}


def test_after_a_lost_connection_it_is_brought_up_to_date(page: Page, desk: Desk) -> None:
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    show(page, desk)
    shows(page, "A Rome", "B Rome", "C Rome")
    desk.stop()
    desk.start()
    change(desk, "Vanilla B", city="Oslo")
    shows(page, "A Rome", "B Oslo", "C Rome", within_ms=BACK_MS)
    assert '"have"' in sent[-1]
    assert '"have"' not in sent[0]

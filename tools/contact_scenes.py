"""The states of the demo and of the explorer that ``tools/contact_sheet.py`` photographs, and how each is reached."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

NUMBERS = itertools.count(1)
ROWS = '[aria-label="{}"] :is([role="row"], li)[data-id]'
"""Rows of a grid, on a telephone cards."""


@dataclass
class Stage:
    """One page of one user, and the hands of another one."""

    page: Page
    url: str
    manager: httpx.Client

    def open(self, path: str = "/", table: str = "Tickets") -> Page:
        self.page.goto(self.url + path)
        self.rows(table).first.wait_for()
        return self.page

    def rows(self, table: str = "Tickets") -> Locator:
        return self.page.locator(ROWS.format(table))

    def new_ticket(self, title: str, **fields: Any) -> int:
        first = {name: self._first(name) for name in ("desk.Customer", "auth.Group")}
        ticket = {"title": title, "customer": first["desk.Customer"], "group": first["auth.Group"], **fields}
        return int(self.manager.post("/api/desk.Ticket/", json=ticket).raise_for_status().json()["id"])

    def change(self, key: int, **fields: Any) -> None:
        self.manager.patch(f"/api/desk.Ticket/{key}/", json=fields).raise_for_status()

    def delete(self, key: int) -> None:
        self.manager.delete(f"/api/desk.Ticket/{key}/").raise_for_status()

    def _first(self, stream: str) -> int:
        return int(self.manager.get(f"/api/{stream}/", params={"limit": 1}).json()["rows"][0]["id"])


Scene = Callable[[Stage], object]
SCENES: dict[str, Scene] = {}
GRID_ONLY = {"filters of a column", "draft that moved", "draft of a deleted row", "refused cell"}
"""Scenes of cells, which cards do not have."""


def scene(name: str) -> Callable[[Scene], Scene]:
    def add(function: Scene) -> Scene:
        SCENES[name] = function
        return function

    return add


@scene("board")
def board(stage: Stage) -> None:
    stage.open()
    expect(stage.page.get_by_role("group", name="Totals")).to_contain_text("Price")


@scene("filters")
def filters(stage: Stage) -> None:
    stage.open("/?filters.status=open&filters.priority__in=%5B%22high%22%5D").get_by_role(
        "button", name=re.compile("^Filters")
    ).click()
    stage.page.get_by_role("group", name="Filters").wait_for()


@scene("filters of a column")
def column_filters(stage: Stage) -> None:
    header = stage.open().get_by_role("columnheader", name="Price")
    header.hover()
    header.get_by_role("button", name=re.compile("menu", re.I)).click()
    stage.page.get_by_role("menuitem", name="Filter").click()
    stage.page.get_by_role("group", name="Filters").wait_for()


@scene("order")
def order(stage: Stage) -> None:
    stage.open("/?order=status,-price").get_by_role("button", name=re.compile("^Order")).click()


@scene("columns")
def columns(stage: Stage) -> None:
    stage.open().get_by_role("button", name="Columns", exact=True).click()
    stage.page.get_by_role("group", name="Columns").wait_for()


@scene("views")
def views(stage: Stage) -> None:
    page = stage.open("/?filters.status=open")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("textbox", name="Name of the view").fill("Open ones")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Open ones", exact=True).wait_for()


@scene("selected")
def selected(stage: Stage) -> None:
    stage.open()
    for index in range(3):
        stage.rows().nth(index).get_by_role("checkbox").first.check()


@scene("change several")
def change_several(stage: Stage) -> None:
    selected(stage)
    page = stage.page
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_role("combobox", name="Field").click()
    page.get_by_role("option", name="Priority").click()


@scene("deleted, undo")
def deleted(stage: Stage) -> None:
    stage.open()
    stage.rows().first.get_by_role("button", name="Delete").click()
    stage.page.get_by_role("button", name="Undo").wait_for()


@scene("no match")
def no_match(stage: Stage) -> None:
    stage.page.goto(f"{stage.url}/?query=nothing-is-called-so")
    stage.page.get_by_text("No tickets match.").wait_for()


@scene("empty")
def empty(stage: Stage) -> None:
    stage.page.goto(f"{stage.url}/tasks")
    stage.page.get_by_role("button", name="Start a task").wait_for()


@scene("error")
def error(stage: Stage) -> None:
    stage.page.goto(f"{stage.url}/?order=nonsense")
    stage.page.get_by_role("button", name="Retry").wait_for()


@scene("loading")
def loading(stage: Stage) -> None:
    stage.page.route_web_socket(re.compile(".*"), lambda _socket: None)
    stage.page.route("**/api/**", lambda _route: None)
    stage.page.goto(stage.url)
    stage.page.get_by_role("navigation", name="Pages").wait_for()
    stage.page.get_by_role("toolbar", name="Table").wait_for()


@scene("offline")
def offline(stage: Stage) -> None:
    page = stage.open()
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.get_by_text("Offline. What you see may be old").wait_for(timeout=30_000)


@scene("signed out")
def signed_out(stage: Stage) -> None:
    page = stage.open()
    token = next(str(each["value"]) for each in page.context.cookies() if each["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Referer": stage.url, "Origin": stage.url}
    assert page.context.request.post(f"{stage.url}/logout/", headers=headers).ok
    page.get_by_text("You are signed out").wait_for(timeout=30_000)


@scene("ticket, drawer")
def drawer(stage: Stage) -> None:
    stage.open("/?ticket=9990")
    stage.page.get_by_role("dialog").get_by_role("textbox", name="Title").wait_for()


@scene("new ticket")
def new_ticket(stage: Stage) -> None:
    stage.open("/?new=")
    stage.page.get_by_role("dialog").get_by_role("textbox", name="Title").wait_for()


@scene("form with errors")
def form_errors(stage: Stage) -> None:
    new_ticket(stage)
    stage.page.get_by_role("button", name="Save").click()
    stage.page.get_by_text("This field is required.").first.wait_for()


@scene("create in place")
def create_in_place(stage: Stage) -> None:
    new_ticket(stage)
    stage.page.get_by_role("combobox", name="Customer").fill("Nobody yet")
    stage.page.get_by_role("option", name="Add customer").click()
    stage.page.get_by_role("dialog", name="Add customer").get_by_role("textbox", name="Name").wait_for()


@scene("conflict in a form")
def conflict(stage: Stage) -> None:
    key = stage.new_ticket("Two write this one")
    page = stage.page
    page.goto(f"{stage.url}/tickets/{key}")
    page.get_by_role("textbox", name="Title").fill("What I call it")
    stage.change(key, title="What they call it")
    page.get_by_role("heading", name="What they call it").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("dialog", name="Somebody else has changed this").wait_for()


@scene("draft that moved")
def draft_moved(stage: Stage) -> None:
    word = f"Aardvark{next(NUMBERS)}"
    keys = [stage.new_ticket(f"{word} {number:02}") for number in range(12)]
    stage.open(f"/?order=title&limit=10&query={word}")
    typed(stage, keys[2])
    stage.change(keys[2], title=f"{word} 99")
    stage.page.get_by_text("has moved to page 2").wait_for()


@scene("draft of a deleted row")
def draft_deleted(stage: Stage) -> None:
    key = stage.new_ticket("Soon deleted")
    stage.open()
    typed(stage, key)
    stage.delete(key)
    stage.page.get_by_text("was deleted, or may no longer be seen").wait_for()


@scene("refused cell")
def refused(stage: Stage) -> None:
    key = stage.new_ticket("Much too dear", price="7.00")
    stage.open()
    cell = stage.page.locator(f'[role="row"][data-id="{key}"] [data-field="price"]')
    cell.dblclick()
    cell.locator("input").fill("much")
    cell.locator("input").press("Enter")
    stage.page.get_by_text("A valid number is required.").wait_for()


def typed(stage: Stage, key: int) -> None:
    """Begins to change a title."""
    cell = stage.page.locator(f'[role="row"][data-id="{key}"] [data-field="title"]')
    cell.dblclick()
    cell.locator("input").fill("Half a sentence that")


@scene("ticket, page")
def ticket_page(stage: Stage) -> None:
    stage.page.goto(f"{stage.url}/tickets/9990")
    stage.page.get_by_role("textbox", name="Title").wait_for()


@scene("no such ticket")
def no_ticket(stage: Stage) -> None:
    stage.page.goto(f"{stage.url}/tickets/987654")
    stage.page.get_by_text("There is no such ticket").wait_for()


@scene("customers")
def customers(stage: Stage) -> None:
    stage.open("/customers?filters.vip=true", "Customers")


@scene("people")
def people(stage: Stage) -> None:
    stage.open("/people", "Users")


@scene("tasks")
def tasks(stage: Stage) -> None:
    stage.page.goto(f"{stage.url}/tasks")
    stage.page.get_by_role("button", name="Start a task").click()
    stage.page.get_by_role("progressbar").first.wait_for()


@scene("events")
def events(stage: Stage) -> None:
    stage.page.goto(f"{stage.url}/events")
    stage.page.get_by_role("button", name="Send").click()
    expect(stage.page.get_by_role("region", name="Messages heard")).to_contain_text("all layers")


@scene("side by side")
def side_by_side(stage: Stage) -> None:
    stage.page.goto(f"{stage.url}/watch/")
    for name in ("manager", "agent"):
        stage.rows(f"Tickets of {name}").first.wait_for()
    stage.page.get_by_text("= SQL count").first.wait_for(timeout=20_000)


@scene("sign in")
def sign_in(stage: Stage) -> None:
    stage.page.context.clear_cookies()
    stage.page.goto(f"{stage.url}/login/")
    stage.page.get_by_label("Username").wait_for()


def explorer(stage: Stage, place: str, ready: Callable[[Page], Locator]) -> None:
    stage.page.goto(f"{stage.url}/api/explorer/#{place}")
    ready(stage.page).first.wait_for()


@scene("explorer, start")
def explorer_start(stage: Stage) -> None:
    explorer(stage, "/", lambda page: page.get_by_role("heading"))


@scene("explorer, rows")
def explorer_rows(stage: Stage) -> None:
    explorer(stage, "/stream/desk.Ticket/rows", lambda page: page.locator('[role="row"][data-id]'))


@scene("explorer, row")
def explorer_row(stage: Stage) -> None:
    explorer_rows(stage)
    stage.page.get_by_title("Open this row").first.click()
    stage.page.get_by_role("dialog").get_by_role("textbox", name="Title").wait_for()


@scene("explorer, fields")
def explorer_fields(stage: Stage) -> None:
    explorer(stage, "/stream/desk.Ticket/fields", lambda page: page.get_by_role("region", name="Fields"))


@scene("explorer, message")
def explorer_message(stage: Stage) -> None:
    explorer(stage, "/stream/desk.Ticket/message", lambda page: page.get_by_role("button", name="Send", exact=True))
    stage.page.get_by_role("button", name="Send", exact=True).click()


@scene("explorer, why")
def explorer_why(stage: Stage) -> None:
    explorer(stage, "/stream/desk.Ticket/why", lambda page: page.get_by_role("region", name="Who shares it"))


@scene("explorer, figures")
def explorer_figures(stage: Stage) -> None:
    explorer(stage, "/figures", lambda page: page.get_by_role("heading"))

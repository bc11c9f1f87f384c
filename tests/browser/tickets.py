"""What a test does at the table, and how it makes tickets to do it with."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
from playwright.sync_api import Locator, Page

from .conftest import Desk

numbers = itertools.count(1)
ROWS = '[role="row"][data-id]'
"""Rows of a grid that show something (not the header, not a skeleton)."""


def grid(page: Page) -> Locator:
    return page.get_by_role("grid", name="Tickets")


def rows(page: Page) -> Locator:
    return grid(page).locator(ROWS)


def row(page: Page, key: int) -> Locator:
    return grid(page).locator(f'[role="row"][data-id="{key}"]')


def cell(page: Page, key: int, field: str) -> Locator:
    return row(page, key).locator(f'[role="gridcell"][data-field="{field}"]')


def edit(page: Page, key: int, field: str, text: str) -> None:
    """As one does it: double-click, type, Enter."""
    cell(page, key, field).dblclick()
    editor = cell(page, key, field).locator("input")
    editor.fill(text)
    editor.press("Enter")


def search(page: Page, text: str) -> None:
    page.get_by_role("searchbox", name="Search tickets").fill(text)


def team(client: httpx.Client, name: str) -> int:
    found = client.get("/api/auth.Group/", params={"query": name}).json()["rows"]
    return int(found[0]["id"])


def new_ticket(desk: Desk, title: str | None = None, *, team_name: str = "Support", **fields: Any) -> int:
    """Key of a new ticket: the newest, so it stands in the first line of everyone who may see it."""
    with desk.client("manager") as manager:
        customer = manager.get("/api/desk.Customer/", params={"limit": 1}).json()["rows"][0]["id"]
        ticket = {"title": title or f"Ticket of a test {next(numbers)}", "customer": customer, **fields}
        answer = manager.post("/api/desk.Ticket/", json={**ticket, "group": team(manager, team_name)})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])


def change(desk: Desk, key: int, **fields: Any) -> None:
    """Somebody else writes, by HTTP."""
    with desk.client("manager") as manager:
        manager.patch(f"/api/desk.Ticket/{key}/", json=fields).raise_for_status()


def delete(desk: Desk, key: int) -> None:
    with desk.client("manager") as manager:
        manager.delete(f"/api/desk.Ticket/{key}/").raise_for_status()

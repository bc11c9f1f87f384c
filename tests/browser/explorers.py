"""Windows with the explorer in them, and what is done there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from .conftest import ColorScheme, Desk, sign_in

ADDRESS = "/api/explorer/"


@dataclass
class Explorer:
    """One window."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)
    """What stands on its console, refusals of the Content-Security-Policy among it."""
    hosts: set[str] = field(default_factory=set)

    def heard(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.problems.append(said.text)

    def show(self, stream: str, view: str) -> Page:
        self.page.goto(f"{self.url}#/stream/{stream}/{view}")
        expect(self.page.get_by_role("heading", name=stream, exact=True)).to_be_visible()
        return self.page

    def rows(self, stream: str) -> Locator:
        """The rows of a stream's table, once they are there."""
        rows = self.show(stream, "rows").locator('[role="row"][data-id]')
        expect(rows.first).to_be_visible()
        return rows

    def choose(self, label: str, option: str) -> None:
        """In a select."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def send(self) -> Locator:
        """Press Send; gives what is answered."""
        self.page.get_by_role("button", name="Send", exact=True).click()
        return self.page.get_by_role("region", name="Answer", exact=True)


@contextmanager
def explorer(
    browser: Browser,
    desk: Desk,
    username: str = "admin",
    *,
    color_scheme: ColorScheme = "light",
    width: int = 1440,
    path: str = ADDRESS,
    init: str | None = None,
    by_the_login_page: bool = False,
    expect_problems: bool = False,
    **options: Any,
) -> Iterator[Explorer]:
    """A window of somebody who has signed in, with the explorer open; nothing may stand on its console at the end.

    Args:
        path: Where the explorer is.
        init: A script that runs before all others.
        by_the_login_page: Signs in there, to which the explorer leads; otherwise has done so before.
        expect_problems: The test looks at the console itself.
    """
    has_signed_in: Any = {} if by_the_login_page else {"storage_state": desk.cookies_of(username)}
    size: Any = {"width": width, "height": 900}
    context = browser.new_context(viewport=size, color_scheme=color_scheme, **has_signed_in, **options)
    page = context.new_page()
    if init is not None:
        page.add_init_script(init)
    window = Explorer(page, f"{desk.url}{path}")
    page.on("console", window.heard)
    page.on("pageerror", lambda error: window.problems.append(str(error)))
    page.on("request", lambda request: window.hosts.add(urlsplit(request.url).netloc))
    page.goto(window.url)
    if by_the_login_page:
        sign_in(page, username)
        page.wait_for_url(f"**{path}")
    expect(page.get_by_role("heading", name="Streams of this project")).to_be_visible()
    yield window
    context.close()
    assert expect_problems or window.problems == [], window.problems
    assert window.hosts - {"", urlsplit(desk.url).netloc} == set()

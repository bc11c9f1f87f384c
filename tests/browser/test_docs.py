"""The page of the API's documents, in a real browser: it is drawn, asks no other host, and can be tried out."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from .conftest import Desk, sign_in


def test_swagger_ui_shows_the_streams_asks_nobody_else_and_sends_the_token(desk: Desk, browser: Browser) -> None:
    page = browser.new_page()
    asked: set[str] = set()
    problems: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: problems.append(str(error)))
    login = page.goto(f"{desk.url}/login/")
    assert login is not None
    assert login.status == 200, login.text()
    sign_in(page, "manager")
    page.wait_for_url(f"{desk.url}/")
    page.goto(f"{desk.url}/api/docs/")
    operation = page.locator(".opblock-post").filter(has=page.locator('[data-path="/api/desk.Tag"]'))
    expect(operation).to_be_visible()
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea").first.fill('{"name": "from the docs"}')
    with page.expect_response(f"{desk.url}/api/desk.Tag") as answered:
        operation.get_by_role("button", name="Execute").click()
    assert answered.value.status == 201, answered.value.text()
    assert asked - {"", urlsplit(desk.url).netloc} == set()
    assert problems == []
    page.close()

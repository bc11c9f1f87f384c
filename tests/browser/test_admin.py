"""Change lists of Django's admin that stay live, in two windows of a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from .conftest import Desk

LIST = "/admin/desk/customer/?q=Liveadmin"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'"
"""Nothing inline, and nothing from elsewhere."""
API = "/api/desk.Customer/"
NAMES = ("Liveadmin Ada", "Liveadmin Bo", "Liveadmin Cy")


@pytest.fixture(autouse=True)
def customers(desk: Desk) -> Iterator[None]:
    """Three, of whom nobody else shows any."""
    clear(desk)
    for name in NAMES:
        add(desk, name)
    yield
    clear(desk)


def clear(desk: Desk) -> None:
    with desk.client("admin") as client:
        for each in client.get(API, params={"query": "Liveadmin"}).json()["rows"]:
            client.delete(f"{API}{each['id']}/")


def add(desk: Desk, name: str) -> int:
    """Somebody makes a customer by the API; returns the key."""
    with desk.client("admin") as client:
        email = f"{name[-2:]}@live.example"
        made = client.post(API, json={"name": name, "email": email, "company": "Live", "city": "Rome"})
        assert made.status_code == 201, made.text
        return int(made.json()["id"])


def stored(desk: Desk, name: str) -> dict[str, Any]:
    with desk.client("admin") as client:
        found = client.get(API, params={"query": "Liveadmin"}).json()["rows"]
        return next(dict(each) for each in found if each["name"] == name)


@pytest.fixture
def context(desk: Desk, browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who has signed in to the admin; nothing may stand on any console."""
    problems: list[str] = []
    made = browser.new_context(viewport={"width": 1200, "height": 700}, storage_state=desk.cookies_of("admin"))
    made.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    yield made
    made.close()
    assert problems == []


def rows(page: Page) -> Locator:
    return page.locator("#result_list tbody tr")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has_text=name)


def opened(context: BrowserContext, desk: Desk, address: str = LIST) -> Page:
    """A window on the list, once it is told of changes."""
    page = context.new_page()
    with page.expect_response(lambda response: response.url.endswith("/live/")):
        page.goto(desk.url + address)
    return page


def city(page: Page, name: str) -> Locator:
    return row(page, name).locator("input[name$=city]")


def test_what_one_window_changes_the_other_shows(context: BrowserContext, desk: Desk) -> None:
    one, other = opened(context, desk), opened(context, desk)
    city(other, "Liveadmin Bo").fill("Oslo")
    other.get_by_role("button", name="Save").first.click()
    expect(other.locator(".success")).to_be_visible()
    expect(city(one, "Liveadmin Bo")).to_have_value("Oslo")


def test_rows_enter_and_leave_with_the_count(context: BrowserContext, desk: Desk) -> None:
    page = opened(context, desk)
    key = add(desk, "Liveadmin Di")
    expect(rows(page)).to_have_count(4)
    expect(page.locator(".paginator")).to_contain_text("4 customers")
    with desk.client("admin") as client:
        assert client.delete(f"{API}{key}/").status_code == 200
    expect(rows(page)).to_have_count(3)
    expect(row(page, "Liveadmin Di")).to_have_count(0)


def test_a_list_that_was_empty_gets_rows_and_loses_them(context: BrowserContext, desk: Desk) -> None:
    page = opened(context, desk, "/admin/desk/customer/?q=Liveadmin+Di")
    expect(page.locator("#result_list")).to_have_count(0)
    key = add(desk, "Liveadmin Di")
    expect(rows(page)).to_have_count(1)
    with desk.client("admin") as client:
        client.delete(f"{API}{key}/")
    expect(page.locator("#result_list")).to_have_count(0)


def test_what_a_person_has_begun_is_kept(
    context: BrowserContext, desk: Desk, screenshot: Callable[[Page, str], None]
) -> None:
    page, other = opened(context, desk), opened(context, desk)
    row(page, "Liveadmin Ada").locator("input.action-select").check()
    page.locator("select[name=action]").first.select_option("delete_selected")
    city(page, "Liveadmin Bo").fill("Lisb")
    city(page, "Liveadmin Bo").press("ArrowLeft")
    row(other, "Liveadmin Cy").locator("input[name$=vip]").check()
    other.get_by_role("button", name="Save").first.click()
    expect(row(page, "Liveadmin Cy").locator("input[name$=vip]")).to_be_checked()
    expect(row(page, "Liveadmin Ada").locator("input.action-select")).to_be_checked()
    expect(row(page, "Liveadmin Ada")).to_have_class("selected")
    expect(page.locator(".action-counter").first).to_have_text("1 of 3 selected")
    expect(page.locator("select[name=action]").first).to_have_value("delete_selected")
    expect(city(page, "Liveadmin Bo")).to_have_value("Lisb")
    expect(city(page, "Liveadmin Bo")).to_be_focused()
    page.keyboard.type("_")
    expect(city(page, "Liveadmin Bo")).to_have_value("Lis_b")
    screenshot(page, "admin-live")
    page.locator("select[name=action]").first.select_option("")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".success")).to_be_visible()
    assert stored(desk, "Liveadmin Bo")["city"] == "Lis_b"


def test_a_radio_button_that_was_chosen_stays_the_one(context: BrowserContext, desk: Desk) -> None:
    """As ``radio_fields`` has them in ``list_editable``: several of one name."""

    def with_radios(route: Route) -> None:
        answer = route.fetch()
        radios = "".join(
            f'<input type="radio" name="\\1" value="{each}"{" checked" * (each == "b")}>' for each in "abc"
        )
        text = re.sub(r'<input type="text" name="(form-\d+-city)"[^>]*>', radios, answer.text())
        route.fulfill(response=answer, body=text)

    context.route(lambda address: "/admin/desk/customer/?" in address, with_radios)
    page = opened(context, desk)
    chosen = row(page, "Liveadmin Bo").locator("input[value=c]")
    chosen.check()
    add(desk, "Liveadmin Di")
    expect(rows(page)).to_have_count(4)
    expect(chosen).to_be_checked()
    expect(row(page, "Liveadmin Ada").locator("input[value=b]")).to_be_checked()


def test_choosing_goes_on_as_before_in_rows_that_came_later(context: BrowserContext, desk: Desk) -> None:
    page, other = opened(context, desk), opened(context, desk)
    add(desk, "Liveadmin Di")
    expect(rows(page)).to_have_count(4)
    page.locator("#action-toggle").check()
    expect(page.locator(".action-counter").first).to_have_text("4 of 4 selected")
    row(page, "Liveadmin Di").locator("input.action-select").uncheck()
    expect(page.locator(".action-counter").first).to_have_text("3 of 4 selected")
    page.locator("select[name=action]").first.select_option("delete_selected")
    page.get_by_role("button", name=re.compile("Go|Run")).first.click()
    page.get_by_role("button", name=re.compile("Yes")).click()
    expect(rows(page)).to_have_count(1)
    expect(rows(other)).to_have_count(1)


def test_a_row_with_an_unsaved_value_does_not_leave_with_it(context: BrowserContext, desk: Desk) -> None:
    page, key = opened(context, desk), stored(desk, "Liveadmin Bo")["id"]
    city(page, "Liveadmin Bo").fill("unsaved")
    with desk.client("admin") as client, page.expect_response(lambda response: response.url.endswith(LIST)):
        client.delete(f"{API}{key}/")
    page.wait_for_timeout(500)
    expect(city(page, "Liveadmin Bo")).to_have_value("unsaved")


def sign_in_anew(context: BrowserContext, desk: Desk) -> None:
    """By the admin's own page, to a session that no other test has."""
    context.clear_cookies()
    page = context.new_page()
    page.goto(f"{desk.url}/admin/login/?next={LIST}")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("admin")
    page.get_by_role("button", name="Log in").click()
    expect(rows(page)).to_have_count(3)
    page.close()


def test_who_may_not_see_it_any_more_is_told_nothing_more(context: BrowserContext, desk: Desk) -> None:
    sign_in_anew(context, desk)
    page = opened(context, desk)
    other = opened(context, desk)
    other.locator("#logout-form button").click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with desk.client("admin") as client:
        key = stored(desk, "Liveadmin Ada")["id"]
        assert client.patch(f"{API}{key}/", json={"city": "canary"}).status_code == 200
    time.sleep(2)
    assert asked == []
    expect(city(page, "Liveadmin Ada")).to_have_value("Rome")


def test_a_window_that_nobody_sees_holds_no_connection(context: BrowserContext, desk: Desk) -> None:
    page = opened(context, desk)
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => window.isHidden, configurable: true})")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/live/")):
        page.evaluate("window.isHidden = true; document.dispatchEvent(new Event('visibilitychange'))")
    add(desk, "Liveadmin Di")
    with page.expect_response(lambda response: response.url.endswith("/live/")):
        page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(rows(page)).to_have_count(4)


def test_it_needs_nothing_inline_and_nothing_from_elsewhere(context: BrowserContext, desk: Desk) -> None:
    page = context.new_page()

    def guarded(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": POLICY})

    page.route(re.compile(r"customer/\?q="), guarded)
    with page.expect_response(lambda response: response.url.endswith("/live/")):
        page.goto(desk.url + LIST)
    add(desk, "Liveadmin Di")
    expect(rows(page)).to_have_count(4)
    page.unroute_all(behavior="wait")

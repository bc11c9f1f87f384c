"""A page whose socket is blocked, in a real browser: its rows are there within two seconds, and stay live."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import ROOT, Desk

CORE = ROOT / "packages" / "core" / "dist"
PAGE = """
import { ChannelsClient } from "/core/index.js"

const began = performance.now()
window.client = new ChannelsClient({ backoff: { minMs: 100, maxMs: 500 } })
window.read = client.live("desk.Ticket", "search", { limit: 3, order: "id" }, state => {
  if (state.status === "success") window.tookMs ??= performance.now() - began
})
"""
REFUSED = "window.WebSocket = class { constructor() { throw new Error('blocked') } }"
HANGING = "window.WebSocket = class { addEventListener() {} send() {} close() {} }"


def built(route: Route) -> None:
    """What a bundler would find for the npm package."""
    route.fulfill(path=CORE / route.request.url.partition("/core/")[2], content_type="text/javascript")


@pytest.fixture
def page(desk: Desk, browser: Browser) -> Iterator[Page]:
    """An empty page of an agent who has signed in."""
    context = browser.new_context()
    with desk.client("agent") as client:
        cookies = [{"name": name, "value": value, "url": desk.url} for name, value in client.cookies.items()]
    context.add_cookies([cookie for cookie in cookies if cookie["name"] == "sessionid"])  # type: ignore[misc]
    context.route("**/core/**", built)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("socket", [REFUSED, HANGING])
def test_rows_are_shown_within_two_seconds_and_stay_live(socket: str, desk: Desk, page: Page) -> None:
    page.goto(f"{desk.url}/api/hello/")
    page.evaluate(f"() => {{ window.Real = WebSocket; {socket} }}")
    page.add_script_tag(content=PAGE, type="module")
    page.wait_for_function("window.tookMs", timeout=5_000)
    assert page.evaluate("tookMs") < 2_000
    assert page.evaluate("client.getState().transport") == "http"

    first = page.evaluate("read.getSnapshot().data.rows[0]")
    with desk.client("agent") as other:
        title = f"{first['title'][:40]} {socket[:12]}"
        assert other.patch(f"/api/desk.Ticket/{first['id']}/", json={"title": title}).status_code == 200
    page.wait_for_function("title => read.getSnapshot().data.rows[0].title === title", arg=title)
    page.evaluate("row => client.save('desk.Ticket', { id: row.id, title: row.title })", first)
    assert page.evaluate("read.getSnapshot().data.rows[0].title") == first["title"]

    page.evaluate("window.WebSocket = Real; dispatchEvent(new Event('online'))")
    page.wait_for_function("client.getState().transport === 'ws'", timeout=15_000)
    assert page.evaluate("[client.stats.divergences, read.getSnapshot().isLive]") == [0, True]

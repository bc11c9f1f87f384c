"""A page without a connection, in a real browser: its writes survive a reload, are made once, and overwrite nobody unseen."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import ROOT, Desk

CORE = ROOT / "packages" / "core" / "dist"
PAGE = """
import { ChannelsClient } from "/core/index.js"
import { indexedDb } from "/core/persist/index.js"
import { seen, Writes } from "/core/writes/index.js"

window.client = new ChannelsClient({ backoff: { minMs: 100, maxMs: 500 }, writes: { persist: indexedDb() } })
window.read = client.live("desk.Ticket", "search", { limit: 2, order: "id" }, () => undefined)
window.writes = Writes.of(client)
window.seen = seen
window.rename = (id, title) => writes.write({ stream: "desk.Ticket", action: "save", id, values: { title } })
"""
BLOCK = """() => {
  window.WebSocket = class { constructor() { throw new Error("offline") } }
  window.fetch = () => Promise.reject(new TypeError("offline"))
  client.reconnect()
}"""


def built(route: Route) -> None:
    """What a bundler would find for the npm package."""
    route.fulfill(path=CORE / route.request.url.partition("/core/")[2], content_type="text/javascript")


@pytest.fixture
def page(desk: Desk, browser: Browser) -> Iterator[Page]:
    """A page of an agent who has signed in."""
    context = browser.new_context()
    with desk.client("agent") as client:
        session = client.cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": session, "url": desk.url}])
    context.route("**/core/**", built)
    page = context.new_page()
    show(desk, page)
    yield page
    context.close()


def show(desk: Desk, page: Page) -> None:
    page.goto(f"{desk.url}/api/hello/")
    page.add_script_tag(content=PAGE, type="module")
    page.wait_for_function("window.read?.getSnapshot().status === 'success'")


def kept(page: Page, number: int) -> None:
    """Wait until so many writes are in the browser's database: what is put there is not told."""
    page.wait_for_function(
        """number => new Promise(resolve => {
          const opening = indexedDB.open("channels-binding", 1)
          opening.onsuccess = () => {
            const asked = opening.result.transaction("writes").objectStore("writes").count()
            asked.onsuccess = () => { opening.result.close(); resolve(asked.result === number) }
          }
        })""",
        arg=number,
    )


def rows(page: Page) -> Any:
    return page.evaluate("read.getSnapshot().data.rows.map(({ id, title }) => [id, title])")


def test_what_was_written_offline_survives_a_reload_and_is_made_once(desk: Desk, page: Page) -> None:
    (first, title), (second, _) = rows(page)
    page.evaluate(BLOCK)
    page.evaluate("([a, b]) => { rename(a, 'one'); rename(a, 'two'); rename(b, 'mine') }", [first, second])
    page.wait_for_function("writes.getSnapshot().length === 3")
    with desk.client("agent") as other:
        assert other.patch(f"/api/desk.Ticket/{second}/", json={"title": "theirs"}).status_code == 200
        kept(page, 3)
        show(desk, page)
        page.wait_for_function("writes.getSnapshot().map(each => each.state).join() === 'refused'")
        titles = [other.get(f"/api/desk.Ticket/{key}/").json()["title"] for key in (first, second)]
        assert titles == ["two", "theirs"]
        told = page.evaluate("writes.getSnapshot().map(({ key, error, base }) => [error.code, base.id, key])")
        assert [each[:2] for each in told] == [["precondition_failed", second]]
        page.evaluate("key => writes.retry(key)", told[0][2])
        page.wait_for_function("writes.getSnapshot().length === 0")
        assert other.get(f"/api/desk.Ticket/{second}/").json()["title"] == "mine"
        other.patch(f"/api/desk.Ticket/{first}/", json={"title": title})
        show(desk, page)
        assert page.evaluate("writes.getSnapshot()") == []


def test_two_tabs_keep_what_each_has_written_and_each_sends_its_own(desk: Desk, page: Page) -> None:
    (key, title), (other, _) = rows(page)
    second = page.context.new_page()
    show(desk, second)
    for tab in (page, second):
        tab.evaluate(BLOCK)
    second.evaluate("([id, other]) => { rename(id, 'of the second'); rename(other, 'given up') }", [key, other])
    second.wait_for_function("writes.getSnapshot().length === 2")
    page.evaluate("id => { rename(id, 'of the first') }", other)
    kept(page, 3)
    show(desk, page)  # has what it kept, and sends it; what the second keeps is not its to send
    page.wait_for_function("read.getSnapshot().data.rows[1].title === 'of the first'")
    assert rows(page)[0][1] == title
    assert second.evaluate("writes.getSnapshot().map(({ state }) => state)") == ["waiting", "waiting"]
    second.evaluate("writes.drop(writes.getSnapshot()[1].key)")
    kept(second, 1)
    second.close()  # so the page that is still open sends it
    page.wait_for_function("read.getSnapshot().data.rows[0].title === 'of the second'")
    assert [each[1] for each in rows(page)] == ["of the second", "of the first"]
    page.wait_for_function("writes.getSnapshot().length === 0")


def test_the_second_of_two_who_write_the_same_field_is_told_and_nothing_is_lost(desk: Desk, page: Page) -> None:
    (key, _), _ = rows(page)
    told = page.evaluate(
        """async ([id, other]) => {
          const shown = seen(client, "desk.Ticket", id)
          await fetch(`/api/desk.Ticket/${id}/`, {
            method: "PATCH", body: JSON.stringify({ title: other }),
            headers: { "Content-Type": "application/json", "X-CSRFToken": (await (await fetch("/api/hello/")).json()).csrf },
          })
          const write = { stream: "desk.Ticket", action: "save", id, values: { title: "mine" }, ifVersion: shown.v }
          return writes.write(write).then(() => "written", error => [error.code, error.current.title])
        }""",
        [key, "theirs, first"],
    )
    assert told == ["precondition_failed", "theirs, first"]
    page.wait_for_function("read.getSnapshot().data.rows[0].title === 'theirs, first'")

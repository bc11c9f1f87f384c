"""A page of somebody who is signed out, in a real browser: it is told so, and shows everything once they have signed in."""

from playwright.sync_api import Browser, Route

from tests.browser.conftest import ROOT, Desk

CORE = ROOT / "packages" / "core" / "dist"
PAGE = """
import { ChannelsClient } from "/core/index.js"

window.client = new ChannelsClient()
window.seen = []
client.live("desk.Tag", "list", {}, state => seen.push(state.error?.code ?? state.status))
"""


def built(route: Route) -> None:
    """What a bundler would find for the npm package."""
    route.fulfill(path=CORE / route.request.url.partition("/core/")[2], content_type="text/javascript")


def test_the_page_learns_that_nobody_is_signed_in_and_goes_on_after_signing_in(desk: Desk, browser: Browser) -> None:
    context = browser.new_context()
    context.route("**/core/**", built)
    page = context.new_page()
    page.goto(f"{desk.url}/login/")
    page.add_script_tag(content=PAGE, type="module")
    page.wait_for_function("window.seen?.includes('unauthenticated')")
    assert page.evaluate("[client.getState().status, client.getState().nextRetryAt]") == ["unauthorized", None]

    form: dict[str, str | float | bool] = {
        "username": "agent",
        "password": "agent",
        "csrfmiddlewaretoken": page.input_value("[name=csrfmiddlewaretoken]"),
    }
    answer = context.request.post(f"{desk.url}/login/", form=form, headers={"Referer": f"{desk.url}/login/"})
    assert answer.ok
    page.evaluate("client.reconnect()")
    page.wait_for_function("seen.at(-1) === 'success'")
    assert page.evaluate("client.getState().status") == "open"
    context.close()

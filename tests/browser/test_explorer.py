"""The explorer on the running example: what one sees there, sends from there, and learns there."""

from __future__ import annotations

import json
import re

import httpx
from playwright.sync_api import Browser, Route, expect

from .conftest import Desk, sign_in
from .explorers import ADDRESS, explorer
from .tickets import new_ticket

BLOCKED = "window.WebSocket = class { constructor() { throw new Error('blocked') } }"


def test_rows_appear_and_change_as_others_write_and_are_edited_here(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk) as window:
        rows = window.rows("desk.Ticket")
        key = new_ticket(desk, "Seen in the explorer")
        row = window.page.locator(f'[role="row"][data-id="{key}"]')
        expect(row.locator('[data-field="title"]')).to_have_text("Seen in the explorer")
        with desk.client("manager") as client:
            client.patch(f"/api/desk.Ticket/{key}/", json={"title": "Renamed"})
        expect(row.locator('[data-field="title"]')).to_have_text("Renamed")

        row.get_by_role("button", name=str(key)).click()
        form = window.page.get_by_role("dialog")
        form.get_by_role("textbox", name="Title").fill("Renamed here")
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("region", name="JSON of the row")).to_contain_text('"title": "Renamed here"')
        expect(row.locator('[data-field="title"]')).to_have_text("Renamed here")
        form.get_by_role("button", name="Delete").click()
        window.page.get_by_role("dialog", name="Delete ticket").get_by_role("button", name="Delete").click()
        expect(row).to_have_count(0)
        expect(rows.first).to_be_visible()


def test_hostile_values_are_text(desk: Desk, browser: Browser) -> None:
    hostile = '<img src=x onerror="document.title=1">{{7*7}}'
    key = new_ticket(desk, hostile)
    with explorer(browser, desk) as window:
        window.rows("desk.Ticket")
        cell = window.page.locator(f'[role="row"][data-id="{key}"] [data-field="title"]')
        expect(cell).to_have_text(hostile)
        window.page.get_by_role("button", name="Frames", exact=True).click()
        window.page.locator("summary").first.click()
        assert window.page.locator('img[src="x"]').count() == 0
        assert window.page.title() == "desk.Ticket · Explorer"


def test_messages_go_by_either_transport_and_are_prepared(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk) as window:
        page = window.show("desk.Ticket", "message")
        page.get_by_role("button", name="Frames", exact=True).click()
        window.choose("Event", "search")
        data = page.get_by_role("textbox", name="Data (JSON)")
        assert json.loads(data.input_value()) == {"page": 1, "limit": 25, "order": "id", "filters": {}}
        data.fill('{"limit": 1, "query": "printer"}')
        for way, carrier in (("WebSocket", "ws"), ("HTTP", "http")):
            window.choose("By", way)
            expect(window.send()).to_contain_text('"limit": 1')
            line = page.locator("aside summary", has_text="desk.Ticket.search").first
            expect(line).to_contain_text(carrier)
        window.choose("By", "what works")
        data.fill('{"limit": 1, "filters": {"nope": 1}}')
        answer = window.send()
        expect(answer).to_contain_text("was refused")
        expect(answer).to_contain_text('"code": "invalid"')
        data.fill("{")
        expect(page.get_by_text("This is no JSON")).to_be_visible()
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()


def test_a_read_is_kept_live_on_demand(desk: Desk, browser: Browser) -> None:
    key = new_ticket(desk, "To be watched")
    with explorer(browser, desk) as window:
        page = window.show("desk.Ticket", "message")
        window.choose("Event", "retrieve")
        page.get_by_role("textbox", name="Data (JSON)").fill(f'{{"id": {key}}}')
        page.get_by_role("switch", name="Keep it live").check()
        expect(window.send()).to_contain_text("To be watched")
        with desk.client("manager") as client:
            client.patch(f"/api/desk.Ticket/{key}/", json={"title": "Watched"})
        answer = page.get_by_role("region", name="Answer", exact=True)
        expect(answer).to_contain_text('"title": "Watched"')
        expect(answer).to_contain_text("is live, state 2")


def test_events_of_ones_own_come_with_an_example_and_show_no_rows(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk) as window:
        page = window.show("desk.life", "rows")
        expect(page.get_by_role("tab")).to_have_text(["Events", "Message"])
        page.get_by_role("tab", name="Message").click()
        window.choose("Event", "start")
        assert json.loads(page.get_by_role("textbox", name="Data (JSON)").input_value()) == {"per_second": 5}
        window.choose("Event", "status")
        page.keyboard.press("Tab")
        page.get_by_role("textbox", name="Data (JSON)").press("Control+Enter")
        expect(page.get_by_role("region", name="Answer", exact=True)).to_contain_text('"running": false')


def test_why_a_message_came_and_who_shares_the_list(desk: Desk, browser: Browser) -> None:
    key = new_ticket(desk, "Why me?")
    with explorer(browser, desk) as window:
        page = window.show("desk.Ticket", "why")
        sharing = page.get_by_role("region", name="Who shares it")
        expect(sharing).to_contain_text("those of whom get_audience() says the same")
        expect(sharing).to_contain_text("desk.bindings.tickets.TicketBinding")
        messages = page.get_by_role("region", name="Why messages came").get_by_role("listitem")
        expect(messages).to_have_count(1)
        with desk.client("manager") as client:
            client.patch(f"/api/desk.Ticket/{key}/", json={"title": "Because of this"})
        expect(messages.first).to_contain_text("diff")
        expect(messages.first).to_contain_text(f"desk.Ticket {key}")
        expect(messages.first).to_contain_text("only rows that had changed")
        page.get_by_role("textbox", name="Which list").fill('{"filters": {"status": "open"}}')
        page.get_by_role("button", name="Ask").click()
        expect(sharing).to_contain_text("by value (status in")


def test_frames_are_filtered_paused_and_cleared(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk) as window:
        window.rows("desk.Tag")
        page = window.page
        page.get_by_role("button", name="Frames", exact=True).click()
        lines = page.locator("aside summary")
        expect(lines.first).to_be_visible()
        page.get_by_role("searchbox", name="Filter").fill("desk.Tag.search")
        expect(lines).to_have_count(2)
        window.choose("Direction", "in")
        expect(lines).to_have_count(1)
        lines.first.click()
        expect(page.get_by_role("region", name=re.compile("^Frame of desk.Tag.search"))).to_contain_text(
            '"type": "snapshot"'
        )
        page.get_by_role("button", name="Pause").click()
        with desk.client("manager") as client:
            client.post("/api/desk.Tag/", json={"name": f"tag {new_ticket(desk)}", "color": "#123456"})
        expect(page.locator("main").get_by_text(re.compile(r"^tag \d+$")).first).to_be_visible()
        expect(lines).to_have_count(1)
        page.get_by_role("button", name="Go on").click()
        expect(lines).to_have_count(2)
        page.get_by_role("button", name="Clear").click()
        expect(lines).to_have_count(0)


def test_the_server_s_figures_are_plotted(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk) as window:
        page = window.page
        page.get_by_role("link", name="Figures").click()
        expect(page.get_by_text(re.compile(r"Process \d+: .*connection"))).to_be_visible()
        evaluations = page.get_by_role("img", name=re.compile("^Evaluations a second: all 0"))
        expect(evaluations).to_be_visible()
        assert page.get_by_role("img").count() == 8


def test_where_no_socket_can_be_opened_rows_come_by_http(desk: Desk, browser: Browser) -> None:
    with explorer(browser, desk, init=BLOCKED) as window:
        window.rows("desk.Ticket")
        expect(window.page.get_by_text("HTTP", exact=True)).to_be_visible()
        key = new_ticket(desk, "By HTTP")
        row = window.page.locator(f'[role="row"][data-id="{key}"] [data-field="title"]')
        expect(row).to_have_text("By HTTP")


def test_three_hundred_streams_are_found_by_name(desk: Desk, browser: Browser) -> None:
    streams = [{"stream": f"app{n % 20}.Model{n}", "label": f"things {n}", "model": True} for n in range(300)]

    def many(route: Route) -> None:
        route.fulfill(json={"streams": streams})

    with explorer(browser, desk) as window:
        page = window.page
        page.route("**/explorer/streams/", many)
        page.reload()
        nav = page.get_by_role("navigation", name="Streams")
        expect(nav.get_by_role("listitem")).to_have_count(300)
        nav.get_by_role("searchbox", name="Find among 300 streams").fill("model299")
        expect(nav.get_by_role("listitem")).to_have_count(1)
        expect(nav.get_by_role("link", name="Model299")).to_be_visible()


def test_nobody_is_sent_to_the_login_page_and_back_and_agents_are_told(desk: Desk, browser: Browser) -> None:
    answer = httpx.get(f"{desk.url}{ADDRESS}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/login/?next={ADDRESS}")
    page = browser.new_page()
    page.goto(f"{desk.url}{ADDRESS}")
    sign_in(page, "agent")
    expect(page.get_by_text("agent is signed in; the explorer is for the staff (is_staff).")).to_be_visible()
    page.close()

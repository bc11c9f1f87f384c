"""Files in the rows beside a form: dropped, previewed, sent with progress, shown, cleared."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import Desk, another_server
from .explorers import Explorer, explorer
from .test_page import audit

DROP = """(target, { text, name }) => {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
  const dataTransfer = new DataTransfer()
  dataTransfer.items.add(new File([bytes], name, { type: 'image/png' }))
  for (const type of ['dragenter', 'dragover', 'drop'])
    target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }))
}"""
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
"""Bytes a second: what is sent takes long enough to be seen."""
IS_UNDER_WAY = "() => Number(document.querySelector('[role=progressbar][aria-valuenow]')?.ariaValueNow) >= 10"


@pytest.fixture(scope="module")
def filed(desk: Desk) -> Iterator[Desk]:
    with another_server(desk, "tests.browser.filed_asgi") as running:
        yield running


def picture(size: int) -> bytes:
    """Of so many pixels each way, which are as good as random: a PNG of them cannot be made small."""
    made = io.BytesIO()
    Image.effect_noise((size, size), 100).save(made, "PNG")
    return made.getvalue()


def drop(row: Locator, content: bytes, name: str) -> None:
    row.locator("input[type=file]").evaluate(DROP, {"text": base64.b64encode(content).decode(), "name": name})


def row(page: Page, number: int) -> Locator:
    return page.get_by_role("dialog").get_by_role("group", name=f"Ticket {number}", exact=True)


def open_row(window: Explorer, key: int) -> None:
    window.rows("desk.Filed")
    window.page.locator(f'[role="row"][data-id="{key}"]').get_by_title("Open this row").click()
    expect(window.page.get_by_role("dialog").get_by_role("group", name="tickets")).to_be_visible()


def stored(desk: Desk, customer: int) -> dict[str, Any]:
    """Where the files are, by the titles of the tickets."""
    with desk.client("manager") as manager:
        tickets = manager.get("/api/desk.Ticket/", params={"customer": customer}).json()["rows"]
    return {each["title"]: each["attachment"] for each in tickets}


def test_a_picture_dropped_into_a_row_is_previewed_sent_with_progress_shown_and_cleared(
    filed: Desk, browser: Browser
) -> None:
    with filed.client("manager") as manager:
        made = manager.post("/api/desk.Customer/", json={"name": "Aaaron", "email": "aaaron@example.com"})
    key = made.raise_for_status().json()["id"]
    content = picture(900)
    with explorer(browser, filed) as window:
        page = window.page
        open_row(window, key)
        for number in (1, 2):
            page.get_by_role("button", name="Add ticket").click()
            page.keyboard.type(f"Picture {number}")
            row(page, number).get_by_role("combobox", name="Team").click()
            page.get_by_role("option", name="Support").click()
        drop(row(page, 1), content, "first.png")
        preview = row(page, 1).get_by_role("img", name="Preview of first.png")
        expect(preview).to_be_visible()
        assert preview.evaluate("async image => (await image.decode(), image.naturalWidth)") == 900
        expect(row(page, 2).get_by_role("img")).to_have_count(0)
        drop(row(page, 2), picture(30), "second.png")
        assert audit(page) == []

        slow = page.context.new_cdp_session(page)
        slow.send("Network.enable")
        slow.send("Network.emulateNetworkConditions", SLOW)
        page.get_by_role("button", name="Save", exact=True).click()
        progress = page.get_by_role("progressbar", name=re.compile("^Uploading"))
        expect(progress).to_be_visible()
        page.wait_for_function(IS_UNDER_WAY)
        slow.send("Network.emulateNetworkConditions", {**SLOW, "uploadThroughput": -1})
        expect(progress).to_have_count(0)

        first = row(page, 2)  # the newest ticket comes first
        link = first.get_by_role("link", name=re.compile(r"^first.*\.png$"))
        expect(link).to_be_visible()
        expect(preview).to_have_count(0)
        files = stored(filed, key)
        assert list(files) == ["Picture 2", "Picture 1"]
        with filed.client("manager") as manager:
            assert manager.get(files["Picture 1"]).content == content

        first.get_by_role("checkbox", name="Clear Attachment").check()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(link).to_have_count(0)
        assert {title: bool(file) for title, file in stored(filed, key).items()} == {
            "Picture 1": False,
            "Picture 2": True,
        }

"""What a visitor waits for: how much is loaded before there is something to see, and whether it then stays where it is."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .conftest import PAGE, SHOWN, Windows

FIRST_VIEW_BYTES = 200_000
"""Of the board without the Data Grid, which comes into a place that is kept for it, compressed."""
MOST_LAYOUT_SHIFT = 0.02
"""The sum of all shifts, which is more than browsers' own measure (the worst five seconds)."""
OBSERVED = """() => {
  window.shifts = []
  const note = list => window.shifts.push(...list.getEntries().filter(entry => !entry.hadRecentInput))
  new PerformanceObserver(note).observe({ type: 'layout-shift', buffered: true })
}"""
SHIFTS = (
    "() => window.shifts.map(({ value, sources }) => [value, sources.map(({ node }) => node?.outerHTML?.slice(0, 90))])"
)


def loaded_with(*names: str) -> dict[str, str]:
    """The files of these entries, and of what they import: a file's name → the source that it was made of."""
    manifest = json.loads((PAGE.parent / ".vite" / "manifest.json").read_text())
    found: dict[str, str] = {}
    pending = [*names]
    while pending:
        name = pending.pop()
        chunk = manifest[name]
        if chunk["file"] not in found:
            found[chunk["file"]] = name
            pending += chunk.get("imports", ())
    return found


def test_the_board_is_small_before_its_grid_is_there() -> None:
    files = loaded_with("index.html", "src/Root.tsx", "src/pages/Board.tsx")
    sizes = {name: len(gzip.compress((PAGE.parent / name).read_bytes())) for name in files}
    assert sum(sizes.values()) <= FIRST_VIEW_BYTES, sizes
    with_grid = loaded_with("../../packages/mui/dist/table/Grid.js")
    assert sum((PAGE.parent / name).stat().st_size for name in {*with_grid} - {*files}) > 300_000, (
        "the grid is elsewhere"
    )


@pytest.mark.parametrize("width", [1440, 360])
def test_nothing_moves_while_the_board_is_loaded(windows: Windows, width: int) -> None:
    page = windows.open("manager", width=width)
    page.add_init_script(f"({OBSERVED})()")
    page.reload()
    expect(page.locator(SHOWN).first).to_be_visible()
    expect(page.get_by_role("group", name="Totals").get_by_text("Rows")).to_contain_text(re.compile(r"Rows 1\d,\d+"))
    shifts = page.evaluate(SHIFTS)
    assert sum(value for value, _ in shifts) <= MOST_LAYOUT_SHIFT, shifts


SLOW = """() => {
  const { WebSocket } = window
  window.WebSocket = class extends WebSocket {
    addEventListener(type, listener) {
      super.addEventListener(type, type === 'message' ? event => setTimeout(listener, 600, event) : listener)
    }
  }
}"""
"""Each message comes later than browsers take a shift for the answer to a key or a tap (half a second)."""


@pytest.fixture
def phone(windows: Windows) -> Iterator[Page]:
    """A telephone whose network is slow, which notes what moves."""
    page = slow_page(windows, 390)
    yield page
    page.close()


@pytest.fixture(params=[390, 1280], ids=["phone", "desktop"])
def slow(windows: Windows, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The same on a screen of this width as well."""
    page = slow_page(windows, request.param)
    yield page
    page.close()


def slow_page(windows: Windows, width: int) -> Page:
    page = windows.open("manager", width=width).context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    page.add_init_script(f"({SLOW})()")
    page.add_init_script(f"({OBSERVED})()")
    return page


@pytest.mark.parametrize(
    ("path", "ready"),
    [
        ("/", SHOWN),
        ("/customers", '[aria-label="Customers"] [role="row"][data-id]'),
        ("/people", '[aria-label="Users"] [role="row"][data-id]'),
        ("/tasks", "text=/None yet|of \\d+/"),
        ("/events", '[aria-label="Last frames"] details'),
        ("/tickets/9000", 'form[aria-label="Ticket"] input[name="title"]'),
    ],
)
def test_nothing_moves_while_a_page_is_loaded(windows: Windows, slow: Page, path: str, ready: str) -> None:
    slow.goto(windows.desk.url + path)
    expect(slow.locator(ready).first).to_be_visible(timeout=30_000)
    slow.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shifts = slow.evaluate(SHIFTS)
    assert sum(value for value, _ in shifts) <= MOST_LAYOUT_SHIFT, shifts


def test_no_task_moves_while_the_one_above_it_goes_on(windows: Windows, slow: Page) -> None:
    with windows.desk.client("manager") as manager:
        for _ in range(2):
            manager.post("/api/desk.Task/start/", json={})
            slow.goto(f"{windows.desk.url}/tasks")
            expect(slow.get_by_role("main").get_by_text("done", exact=True).first).to_be_visible(timeout=60_000)
    assert slow.get_by_role("main").get_by_role("region").count() > 1
    shifts = slow.evaluate(SHIFTS)
    assert sum(value for value, _ in shifts) <= MOST_LAYOUT_SHIFT, shifts


@pytest.mark.parametrize("width", [1280, 1440])
def test_every_column_of_the_tickets_has_its_place(windows: Windows, width: int) -> None:
    page = windows.open("manager", width=width)
    last = page.get_by_role("columnheader", name="Actions").bounding_box()
    table = page.get_by_role("grid", name="Tickets").bounding_box()
    assert last
    assert table
    assert last["x"] + last["width"] <= table["x"] + table["width"] + 1


@pytest.mark.parametrize("width", [390, 1280])
def test_the_parts_of_the_page_are_all_in_view(windows: Windows, width: int) -> None:
    page = windows.open("manager", width=width)
    parts = page.get_by_role("navigation", name="Pages")
    assert parts.evaluate("parts => parts.scrollWidth <= parts.clientWidth")


def test_the_list_of_a_field_stays_where_it_opened_and_so_does_what_is_made_in_place(
    windows: Windows, phone: Page
) -> None:
    phone.goto(f"{windows.desk.url}/?new=1")
    customer = phone.get_by_role("combobox", name="Customer")
    customer.click()
    expect(phone.get_by_role("option").nth(3)).to_be_visible()
    customer.fill("Nobody of this name")
    expect(phone.get_by_role("option")).to_have_count(1)
    phone.get_by_role("option", name="Add").click()
    expect(phone.get_by_role("dialog").last.get_by_label("Name")).to_have_value("Nobody of this name")
    shifts = phone.evaluate(SHIFTS)
    assert sum(value for value, _ in shifts) <= MOST_LAYOUT_SHIFT, shifts

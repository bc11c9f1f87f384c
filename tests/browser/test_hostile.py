"""What a server may hold that no field expects: each value in each kind of column and field, on one page."""

from __future__ import annotations

import subprocess

from playwright.sync_api import Browser, expect

from .conftest import ROOT

LEAST = 60
"""Values."""
BUILD = ROOT / "packages" / "mui" / "tests" / "hostile" / "build.mjs"
PAGE = "<!doctype html><div id=root></div>"
RUNNABLE = """() => [...document.querySelectorAll('[href], [src], [srcdoc]')]
  .filter(each => /^[\\s\\x00-\\x1f]*(javascript|data):/i.test(each.getAttribute('href') ?? each.getAttribute('src') ?? '')
    || each.hasAttribute('srcdoc'))
  .map(each => each.outerHTML.slice(0, 200))"""
HANDLERS = """() => [...document.querySelectorAll('#root *')]
  .filter(each => each.getAttributeNames().some(name => name.startsWith('on')))
  .map(each => each.outerHTML.slice(0, 200))"""


def test_no_value_of_a_server_runs_or_takes_the_page_with_it(browser: Browser) -> None:
    script = subprocess.run(["node", str(BUILD)], capture_output=True, text=True, check=True).stdout
    page = browser.new_page(viewport={"width": 2600, "height": 900})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto("http://127.0.0.1:9/")
    page.add_script_tag(content=script)
    values, columns, kinds = (page.evaluate(f"() => window.expected.{name}") for name in ("values", "columns", "kinds"))
    assert values >= LEAST
    cards = page.get_by_role("listitem")
    expect(cards, "a card for each value").to_have_count(values, timeout=120_000)
    rows = page.get_by_role("grid", name="things").locator('[role="row"][data-id]')
    expect(rows).to_have_count(values, timeout=60_000)
    assert rows.locator('[role="gridcell"]').count() == values * columns
    assert page.locator("form[aria-label=Fields] > section").count() == values * kinds
    assert page.locator("section[aria-label=Narrowed]").count() == values
    page.evaluate("() => window.edit()")
    edited = rows.locator(".MuiDataGrid-cell--editing")
    expect(edited.first).to_be_attached(timeout=200_000)
    assert edited.count() > values * 10
    assert rows.locator('[role="gridcell"]').count() == values * columns
    expect(page.get_by_text("The page is here.")).to_be_visible()
    assert page.evaluate("() => window.hasRun") is None
    assert page.evaluate(RUNNABLE) == []
    assert page.evaluate(HANDLERS) == []
    assert problems == []
    page.close()

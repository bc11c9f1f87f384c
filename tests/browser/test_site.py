"""The documentation as a site (`make docs`): built strictly, read in a browser as files, and asking nobody else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import ROOT, ColorScheme
from .test_page import audit

PAGES = (
    "index.html",
    "tutorial/2-a-page.html",
    "howto/decide-who-may.html",
    "reference/settings.html",
    "topics/how-it-works.html",
    "benchmarks/results/results.html",
)
"""One of each kind; the last has tables that are wider than it. (All of them take minutes.)"""


def built(folder: Path, config: Path = ROOT / "mkdocs.yml") -> subprocess.CompletedProcess[str]:
    """By the command of `make docs`. mkdocs.yml is strict: a link or anchor that leads nowhere, or a page that the navigation
    lacks, is no site."""
    (arguments,) = re.findall(r"python -m (mkdocs build.*)$", (ROOT / "Makefile").read_text(), re.M)
    command = [sys.executable, "-m", *arguments.split(), "--config-file", str(config), "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = built(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize("wrong", ["[there](no-such-page.md)", "[there](mcp.md#no-such-anchor)"])
def test_a_link_that_leads_nowhere_is_no_site(wrong: str, tmp_path: Path) -> None:
    """mkdocs counts no warnings where it is told to be quiet."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    with (tmp_path / "docs" / "howto" / "tenants.md").open("a") as page:
        page.write(f"\n{wrong}\n")
    config = tmp_path / "mkdocs.yml"
    config.write_text(f"INHERIT: {ROOT / 'mkdocs.yml'}\nhooks: [{ROOT / 'tools/site/hooks.py'}]\ndocs_dir: docs\n")
    done = built(tmp_path / "site", config)
    assert done.returncode != 0
    assert "no-such-" in done.stdout + done.stderr


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; what it asks for has to be a file, and nothing may be wrong on its console."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert problems == []


def test_no_page_names_another_host_but_in_links_that_people_follow(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 60
    text = "\n".join(page.read_text() for page in pages)
    assert re.findall(r"<(?!a )[^>]*(?:src|href|srcset|content)=[\"']?(?:https?:)?//[^>]*>", text) == []
    styles = "\n".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//", styles) == []


def test_the_home_page_has_the_picture_and_leads_on(site: Path, page: Page) -> None:
    page.goto((site / "index.html").as_uri())
    picture = page.get_by_role("img", name="Manager and agent of the demo side by side")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 600
    page.get_by_role("navigation", name="Tabs").get_by_role("link", name="How-to").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_search_finds_pages_without_a_server(site: Path, page: Page) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_role("textbox", name="Search").click()
    page.get_by_role("textbox", name="Search").type("search_vector")
    expect(page.locator(".md-search-result__link").first).to_contain_text("Search")


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("image-alt", '<img src="../demo.png">'),
        ("color-contrast", '<p style="color: #ddd; background: #fff">Nobody reads this.</p>'),
        ("link-name", '<a href="mcp.html"></a>'),
        ("label", '<input type="text">'),
    ],
)
def test_a_page_that_somebody_cannot_read_is_found(rule: str, broken: str, site: Path, browser: Browser) -> None:
    copy = site / "howto" / "broken.html"
    text = (site / "howto" / "tenants.html").read_text()
    copy.write_text(text.replace("</article>", f"{broken}</article>"))
    page = browser.new_page()
    try:
        page.goto(copy.as_uri())
        assert [each.partition(":")[0] for each in audit(page)] == [rule]
    finally:
        page.close()
        copy.unlink()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read_it(site: Path, browser: Browser, name: str, scheme: ColorScheme) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto((site / name).as_uri())
    assert audit(page) == []
    context.close()

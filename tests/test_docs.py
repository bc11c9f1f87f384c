"""The reference is complete and true: every setting, every error code, and their values."""

import json
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from benchmarks import report

from channels_binding import exceptions
from channels_binding.conf import ALIASES, Settings
from channels_binding.exceptions import BindingError, all_errors
from tests.schema import SPEC

DOCS = Path(__file__).parents[1] / "docs"
REFERENCE = DOCS / "reference"
KINDS = ("tutorial", "howto", "reference", "topics")
ALL_PAGES = sorted([DOCS / "index.md", *(page for kind in KINDS for page in (DOCS / kind).glob("*.md"))])
PAGES = "\n".join(page.read_text() for page in ALL_PAGES)
OURS = [kind for kind in all_errors() if kind.__module__ == exceptions.__name__]


def rows(page: str) -> dict[str, list[str]]:
    """First cell of each table row, without its backticks → the others."""
    found = {}
    for line in (REFERENCE / page).read_text().splitlines():
        if match := re.match(r"\| `(\w+)` \| (.*) \|$", line):
            found[match[1]] = [cell.strip() for cell in match[2].split(" | ")]
    return found


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_documented_with_its_default(setting: object) -> None:
    name, default = setting.name, setting.default  # type: ignore[attr-defined]
    assert default is not MISSING
    documented, meaning = rows("settings.md")[name]
    said = documented.strip("`")
    assert (json.loads(said) if said.startswith('"') else eval(said)) == default
    assert len(meaning) > 15


def test_no_setting_is_documented_that_does_not_exist() -> None:
    assert set(rows("settings.md")) == {setting.name for setting in fields(Settings)}


def test_both_spellings_of_a_setting_are_documented() -> None:
    assert all(f"`{alias}`" in PAGES for alias in ALIASES)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.code)
def test_every_error_code_is_documented_with_its_status_retry_and_class(kind: type[BindingError]) -> None:
    status, retry, cls, when = rows("errors.md")[kind.code]
    assert status == str(kind.status)
    assert retry == ("yes" if kind.retry else "no")
    assert cls == f"`{kind.__name__}`"
    assert len(when) > 15


def test_the_documented_codes_are_those_of_the_contract_in_its_order() -> None:
    codes = json.loads((SPEC / "errors.json").read_text())
    assert [name for name, cells in rows("errors.md").items() if cells[0].isdigit()] == list(codes)


def test_every_python_name_that_the_reference_imports_is_there() -> None:
    for module, names in re.findall(r"^from (channels_binding(?:\.[\w.]+)?) import ([\w, ]+)$", PAGES, re.M):
        imported = __import__(module, fromlist=["*"])
        assert all(hasattr(imported, name.strip()) for name in names.split(","))


def test_the_adapters_of_the_page_are_those_that_make_clients_runs() -> None:
    page = (Path(__file__).parents[1] / "docs" / "howto" / "admin-frameworks.md").read_text()
    assert (Path(__file__).parents[1] / "tools" / "clients" / "adapters.mjs").read_text() in page


def test_the_figures_of_the_pages_are_those_that_were_measured() -> None:
    """`python -m benchmarks.report` writes them."""
    found = json.loads((report.FOLDER / "results.json").read_text())
    assert (report.FOLDER / "results.md").read_text() == report.as_text(found)
    places = [*report.placed(found)]
    assert {path.name for path, _, _ in places} == {"README.md", "performance.md"}
    for path, name, text in places:
        assert f"<!-- {name} -->\n{text}\n<!-- /{name} -->" in path.read_text(), f"{path.name}: {name}"


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = (DOCS.parent / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    assert [name for page in ALL_PAGES if (name := str(page.relative_to(DOCS))) not in navigation] == []


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_lists_and_tables_have_an_empty_line_before_them(page: Path) -> None:
    """GitHub needs none, the site does."""
    text = re.sub(r"^```.*?^```$|<!--.*?-->", "", page.read_text(), flags=re.M | re.S)
    lines = zip(["", *text.splitlines()], text.splitlines(), strict=False)
    begun = re.compile(r"(- |\d+\. |\||  )")
    assert [line for before, line in lines if begun.match(line) and before.strip() and not begun.match(before)] == []

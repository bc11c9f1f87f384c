"""What CONTRIBUTING.md draws of the floors is what import-linter holds."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
MOST_FLOORS = 14


@pytest.fixture(scope="module")
def floors() -> ModuleType:
    spec = importlib.util.spec_from_file_location("floors", ROOT / "tools" / "floors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_drawn_from_the_contracts(floors: ModuleType) -> None:
    page, project = floors.PAGE.read_text(), (ROOT / "pyproject.toml").read_text()
    assert floors.BEGIN in page
    assert page == floors.drawn(page, project), "Stale: run 'python tools/floors.py'."


def test_a_floor_that_is_added_is_drawn(floors: ModuleType) -> None:
    project = (ROOT / "pyproject.toml").read_text()
    page = floors.PAGE.read_text()
    assert "attic" in floors.drawn(page, project.replace('  "dispatch",', '  "attic",\n  "dispatch",'))


def test_the_house_has_few_floors_and_no_module_without_one(floors: ModuleType) -> None:
    root, *_ = found = floors.contracts((ROOT / "pyproject.toml").read_text())
    assert root["containers"] == ["channels_binding"]
    assert len(root["layers"]) <= MOST_FLOORS
    assert all(contract["exhaustive"] for contract in found)

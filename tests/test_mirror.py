"""Tests mirror the source: each module has its test file at the same place, each test file its module."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE, TESTS = ROOT / "src" / "channels_binding", ROOT / "tests"

NO_MODULE = {
    "test_spec.py",
    "test_mirror.py",
    "test_exports.py",
    "test_floors.py",
    "test_docs.py",
    "test_floods.py",
    "test_flush.py",
    "test_lock.py",
    "test_services.py",
    "live/test_oracle.py",
}
"""Test files that watch the house as a whole."""
OTHER_FOLDERS = {"conformance", "integration", "browser", "project", "typing"}
"""Tests of several modules together."""
NO_TEST = {"types.py": "declares words, and does nothing"}
"""Modules that have nothing to test, and why."""


def modules() -> set[str]:
    """All but migrations, which follow from ``models.py``."""
    found = {path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if path.name != "__init__.py"}
    return {str(path) for path in found if path.parts[0] != "migrations"}


def found_tests() -> set[str]:
    return {
        str(path.relative_to(TESTS))
        for path in TESTS.rglob("test_*.py")
        if path.relative_to(TESTS).parts[0] not in OTHER_FOLDERS
    }


def mirrored(module: str) -> str:
    """``live/window.py`` → ``live/test_window.py``."""
    path = Path(module)
    return str(path.with_name(f"test_{path.name.lstrip('_')}"))


def test_every_module_has_its_test_file() -> None:
    lacking = {module for module in modules() - set(NO_TEST) if not (TESTS / mirrored(module)).exists()}
    assert lacking == set()


def test_every_test_file_has_its_module() -> None:
    assert found_tests() - {mirrored(module) for module in modules()} == NO_MODULE


@pytest.mark.parametrize("module", sorted(NO_TEST))
def test_what_needs_no_test_exists_and_has_none(module: str) -> None:
    assert (SOURCE / module).exists()
    assert not (TESTS / mirrored(module)).exists()


def test_every_folder_of_modules_is_a_folder_of_tests() -> None:
    folders = {str(Path(module).parent) for module in modules()}
    assert [folder for folder in folders if not (TESTS / folder / "__init__.py").exists()] == []

"""Tests mirror the source: each module has its tests at the same place, each test file its module.

``live/streams.py`` has ``live/test_streams.py``. Where one file would be too long, a folder takes its place, with test files by
subject and what they share: ``security/authentication.py`` has ``security/test_authentication/test_jwt.py`` and others.
"""

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
    "test_groups.py",
    "test_lock.py",
    "test_private_names.py",
    "test_reference.py",
    "test_services.py",
    "test_skill.py",
    "test_temporary.py",
    "live/queries/test_work.py",
    "live/test_oracle.py",
    "live/test_shared.py",
}
"""Test files that watch the house as a whole."""
OTHER_FOLDERS = {"conformance", "foreign", "integration", "browser", "pages", "project", "typing"}
"""Tests of several modules together."""
MAX_LINES = 500
"""Of a Python file in ``tests/``: what one can still hold in one's head."""
NO_TEST = {"types.py": "declares words, and does nothing"}
"""Modules that have nothing to test, and why."""


def modules() -> set[str]:
    """All but migrations, which follow from ``models.py``."""
    found = {path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if path.name != "__init__.py"}
    return {str(path) for path in found if path.parts[0] != "migrations"}


def found_tests() -> set[str]:
    """Test files, and folders that stand for one: ``security/test_authentication``."""
    found = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    return {str(_whole(path)) for path in found if path.parts[0] not in OTHER_FOLDERS}


def _whole(path: Path) -> Path:
    """``security/test_authentication/test_jwt.py`` → ``security/test_authentication.py``."""
    return path.parent.with_suffix(".py") if path.parent.name.startswith("test_") else path


def mirrored(module: str) -> str:
    """``live/streams.py`` → ``live/test_streams.py``."""
    path = Path(module)
    return str(path.with_name(f"test_{path.name.lstrip('_')}"))


def test_every_module_has_its_tests() -> None:
    assert {module for module in modules() - set(NO_TEST) if mirrored(module) not in found_tests()} == set()


def test_every_test_file_has_its_module() -> None:
    assert found_tests() - {mirrored(module) for module in modules()} == NO_MODULE


def test_a_module_has_a_test_file_or_a_folder_and_not_both() -> None:
    folders = [path.parent for path in TESTS.rglob("test_*/__init__.py")]
    assert [folder for folder in folders if folder.with_suffix(".py").exists()] == []


@pytest.mark.parametrize("module", sorted(NO_TEST))
def test_what_needs_no_test_exists_and_has_none(module: str) -> None:
    assert (SOURCE / module).exists()
    assert mirrored(module) not in found_tests()


def test_every_folder_of_modules_is_a_folder_of_tests() -> None:
    folders = {str(Path(module).parent) for module in modules()}
    assert [folder for folder in folders if not (TESTS / folder / "__init__.py").exists()] == []


def test_no_file_of_tests_is_longer_than_one_can_hold() -> None:
    lines = {path: path.read_text().count("\n") for path in TESTS.rglob("*.py")}
    assert {str(path.relative_to(TESTS)): count for path, count in lines.items() if count > MAX_LINES} == {}

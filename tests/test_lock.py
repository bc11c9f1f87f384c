"""The lock file names a version of everything that the project asks for, and no place to download it from."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKED = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if line and not line.startswith("#")
]
ASKED = [
    *PROJECT["project"]["dependencies"],
    *(each for group in PROJECT["project"]["optional-dependencies"].values() for each in group),
    *(each for name in ("example", "test", "lint", "docs") for each in PROJECT["dependency-groups"][name]),
]


@pytest.mark.parametrize("asked", [Requirement(each) for each in ASKED], ids=str)
def test_what_is_asked_for_is_locked_to_a_version_that_fits(asked: Requirement) -> None:
    found = [each for each in LOCKED if canonicalize_name(each.name) == canonicalize_name(asked.name)]
    assert found, "make lock"
    for each in found:
        (pin,) = each.specifier
        assert pin.operator == "=="
        assert pin.version in asked.specifier, "make lock"


def test_it_names_no_place() -> None:
    assert [each for each in LOCKED if each.url] == []
    assert "://" not in (ROOT / "requirements.lock").read_text()

"""The package as pip gives it: the wheel alone, in an empty environment. ``make matrix`` tries every Python and extra."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tools import bare

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "channels_binding"


def imported() -> dict[str, set[str]]:
    """Package of others → modules of ours that import it."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                found.setdefault(name.partition(".")[0], set()).add(str(path.relative_to(SOURCE)))
    known = {*sys.stdlib_module_names, "channels_binding", ""}
    return {name: places for name, places in found.items() if name not in known}


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    declared = {_named(re.split(r"[<>=\[;~! ]", each)[0]) for each in (*project["dependencies"], *extras)}
    distributions = packages_distributions()
    tests_only = {"pytest", "pytest_django", "pytest_asyncio"}  # pytest_plugin.py is loaded by pytest alone
    undeclared = {
        name: places
        for name, places in imported().items()
        if name not in tests_only and declared.isdisjoint(map(_named, distributions.get(name, [name])))
    }
    assert undeclared == {}


def _named(distribution: str) -> str:
    return distribution.lower().replace("_", "-")


def test_the_wheel_answers_in_an_empty_environment_and_with_all_extras(tmp_path: Path) -> None:
    bare.check(bare.build(tmp_path), sys.executable, (), tuple(bare.IMPORTS))

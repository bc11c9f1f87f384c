"""Private names of Django, REST framework and other packages: CONTRIBUTING lists which module uses which, and this compares."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "channels_binding"

DOCUMENTED = {"_meta", "_default_manager", "_base_manager", "_asdict", "_fields"}
"""Names that begin with an underscore and are documented all the same: Django's, and those of named tuples."""
OURS = {"_neighbours", "_publishers", "_actions", "_default_serializer", "_count", "_seq"}
"""What one module of ours has and another one uses; names that are made up for SQL."""
PREFIX = ("_channels_binding_", "_cb_")
"""What we note on objects of others."""
ROW = re.compile(r"^\| `(?P<module>[\w/]+\.py)` \| (?P<names>.+?) \| `(?P<test>tests/[\w/]+\.py)` \|$", re.M)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def used(path: Path) -> set[str]:
    """Private names of others that a module uses: as attributes, as imports, or as text (for ``getattr``)."""
    ours = OURS | DOCUMENTED | {*defined(tree_of(path))}
    return {
        name
        for name, is_on_self in mentioned(tree_of(path))
        if re.fullmatch(r"_[a-z]\w*", name) and name not in (ours | defined_anywhere() if is_on_self else ours)
        if not name.startswith(PREFIX)
    }


def mentioned(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Names, and whether each is looked up on ``self``, and so may be inherited from another module of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr, is_self(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, False
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("channels_binding"):
            yield from ((alias.name, False) for alias in node.names)


def defined(tree: ast.Module) -> Iterator[str]:
    """Names that the module's own classes, functions and ``self`` have."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            yield node.attr


@cache
def defined_anywhere() -> frozenset[str]:
    return frozenset(name for module in modules() for name in defined(tree_of(module)))


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def listed() -> dict[str, set[str]]:
    """Module → names, as CONTRIBUTING lists them."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    return {row["module"]: {*re.findall(r"`(_\w+)`", row["names"])} for row in ROW.finditer(page)}


def test_every_private_name_of_another_package_is_listed_beside_its_module() -> None:
    found = {str(path.relative_to(SOURCE)): used(path) for path in modules()}
    assert listed() == {module: names for module, names in found.items() if names}


@pytest.mark.parametrize("test", [row["test"] for row in ROW.finditer((ROOT / "CONTRIBUTING.md").read_text())])
def test_the_test_that_is_named_beside_them_exists(test: str) -> None:
    assert (ROOT / test).exists()

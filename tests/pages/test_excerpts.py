"""Every Python block of the documentation compiles, and every name in it is there: defined on the page, imported, or known.

An excerpt stands in for a file of the reader's. Its names of this package, Django and others are looked up where they are said
to be imported from; ``READERS`` are the reader's own models and functions. What the class of a binding declares has to be an
attribute or a hook of a binding.
"""

import ast
import builtins
import importlib
import importlib.util
import re
import symtable
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.quickstart import ROOT

from channels_binding.bindings import AsyncBinding, PresenceBinding
from tests.test_docs import ALL_PAGES

PAGES = [*ALL_PAGES, ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "spec" / "profile.md"]
KNOWN = {
    "channels_binding.consumers": ("AsyncBinding", "AsyncConsumer", "Binding", "PresenceBinding", "bind"),
    "channels_binding.exceptions": ("NotFound", "Unauthenticated"),
    "channels_binding.testing": ("BindingClient", "BindingCommunicator"),
    "rest_framework.permissions": ("AllowAny", "IsAdminUser", "IsAuthenticated"),
    "rest_framework.serializers": ("IntegerField", "ModelSerializer"),
    "rest_framework.throttling": ("UserRateThrottle",),
    "django_filters": ("FilterSet", "NumberFilter"),
    "django.contrib.auth": ("authenticate",),
    "django.contrib.auth.models": ("User",),
    "django.forms": ("BaseInlineFormSet", "inlineformset_factory"),
    "django.test": ("TestCase",),
    "django.urls": ("include", "path"),
    "asgiref.sync": ("sync_to_async",),
}
"""What an excerpt need not import before the reader's eyes."""
READERS = {
    "Article", "Board", "Chapter", "Letter", "Novel", "NovelForm", "Order", "Task", "Ticket", "TicketHistory", "InvoiceViewSet",
    "BASE_DIR", "IsOwner", "OrderBinding", "corsheaders",
}  # fmt: skip
OTHERS = {"django_tenants", "celery", "corsheaders", "django_tasks"}
"""Packages that are not installed where the tests run: their names are not looked up."""


def blocks(page: Path) -> list[str]:
    """Python of a page, indented ones too; the lines of classes that an excerpt leaves out stand above it."""
    found = re.findall(r"^( *)```python\n(.*?)^\1```$", page.read_text(), re.M | re.S)
    return [_whole(textwrap.dedent(text)) for _, text in found]


def _whole(text: str) -> str:
    return f"class Binding(AsyncBinding):\n{text}" if text.startswith("    ") else text


def undefined(text: str) -> set[str]:
    """Names that are asked of a module and that nothing in it makes."""
    module = symtable.symtable(text, "page", "exec")
    made = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    made |= {child.get_name() for child in module.get_children()}
    return {name for name in _asked(module) if name not in made and not hasattr(builtins, name)}


def _asked(table: symtable.SymbolTable) -> Iterator[str]:
    is_module = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or is_module):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _asked(child)


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def is_there(module: str, name: str) -> bool:
    """Whether a name can be imported; of the reader's own modules it is believed."""
    if module.partition(".")[0] in {"shop", "mysite", *OTHERS}:
        return True
    try:
        if hasattr(importlib.import_module(module), name) or not name:
            return True
    except RuntimeError:  # models of an app that is not installed here
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        return name in symtable.symtable(Path(spec.origin).read_text(), module, "exec").get_identifiers()
    return importlib.util.find_spec(f"{module}.{name}") is not None


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in KNOWN.items() for name in names])
def test_what_excerpts_need_not_import_is_there(module: str, name: str) -> None:
    assert is_there(module, name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_s_python_compiles_and_its_names_are_there(page: Path) -> None:
    texts = blocks(page)
    lacking = [each for text in texts for each in imported(ast.parse(text)) if not is_there(*each)]
    assert lacking == []
    known = {*READERS, *(name for names in KNOWN.values() for name in names)}
    made = {name for text in texts for name in _made(ast.parse(text))}
    assert {name for text in texts for name in undefined(text)} - known - made == set()


def _made(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
    yield from (name or module.partition(".")[0] for module, name in imported(tree))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_binding_declares_on_a_page_is_read(page: Path) -> None:
    """An attribute or a hook that there is not would do nothing in the reader's project."""
    unread = []
    for text in blocks(page):
        for node in ast.walk(ast.parse(text)):
            bases = [each.id for each in getattr(node, "bases", ()) if isinstance(each, ast.Name)]
            if isinstance(node, ast.ClassDef) and any(base.endswith("Binding") for base in bases):
                unread += [name for name in _declared(node) if not _is_read(name, text)]
    assert unread == []


def _declared(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.Assign):
            yield from (target.id for target in each.targets if isinstance(target, ast.Name))
        elif isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and not each.decorator_list:
            yield each.name


def _is_read(name: str, text: str) -> bool:
    is_asked = len(re.findall(rf"\b{name}\b", text)) > 1  # a method of the reader's own, that a handler calls
    return hasattr(AsyncBinding, name) or hasattr(PresenceBinding, name) or is_asked

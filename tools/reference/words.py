"""Docstrings, signatures and attributes as Markdown."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any


def said(documented: Any) -> str:
    """A docstring as Markdown, in one line: what comes before ``Args:`` and such, and before an example."""
    text = textwrap.dedent(inspect.getdoc(documented) or "") if not isinstance(documented, str) else documented
    text = re.split(r"\n\s*(?:Args|Raises|Returns|Yields):|\n\n\s*>>> |\n\n\s*\w+ = |\n\n {4}", text)[0]
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    assert not any("|" in cell for row in rows for cell in row), rows
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def signature(name: str, function: Any) -> str:
    """``get_object(key, reader=None, *, lock=False)``, without ``self`` and types."""
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in inspect.signature(function).parameters.values()
        if each.name not in ("self", "cls")
    ]
    shown = str(inspect.Signature(parameters)) if parameters else "()"
    return f"`{name}{re.sub(r'<object object at [^>]*>', '…', shown)}`"


def arguments(function: Any) -> Iterator[str]:
    """The lines of ``Args:`` in a docstring, as a list."""
    found = re.search(r"\n\s*Args:\n(.*?)(?:\n\s*\n|\Z)", inspect.getdoc(function) or "", re.S)
    for name, text in re.findall(r"^ +(\*{0,2}\w+): (.+(?:\n {8,}.+)*)", found[1] if found else "", re.M):
        yield f"- `{name}`: {said(text)}"


# Attributes: their docstrings stand below them, where only the parser sees them


def declared(cls: type) -> dict[str, tuple[str, str, str]]:
    """Attribute → (type, default, what its docstring says)."""
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body  # type: ignore[attr-defined]
    found = {}
    for node, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and not node.target.id.startswith("_"):
            kind = ast.unparse(node.annotation).removeprefix("ClassVar[").removesuffix("]" * node_is_class(node))
            is_said = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            text = said(str(below.value.value)) if is_said else ""
            found[node.target.id] = (kind, ast.unparse(node.value) if node.value else "", text)
    return found


def node_is_class(node: ast.AnnAssign) -> int:
    return ast.unparse(node.annotation).startswith("ClassVar[")


def _kind(text: str) -> str:
    """``Sequence[Any] | None`` → `Sequence` or None."""
    words = {"Any": "anything", "None": "None"}
    return " or ".join(words.get(each.strip(), f"`{each.strip()}`") for each in text.split(" | ")) if text else ""

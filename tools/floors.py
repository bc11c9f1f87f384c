"""The floors of the house as CONTRIBUTING.md shows them: drawn from import-linter's contracts in pyproject.toml.

Usage: python tools/floors.py
"""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- floors: drawn by tools/floors.py -->", "<!-- end of floors -->"


def contracts(text: str) -> list[dict[str, Any]]:
    """Those that order modules in layers, as they stand in pyproject.toml."""
    found: list[dict[str, Any]] = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    return [contract for contract in found if contract["type"] == "layers"]


def chart(contract: dict[str, Any]) -> str:
    """One node a floor, the highest first; what stands on one floor does not import its neighbours."""
    floors = [re.split(r" [:|] ", layer) for layer in contract["layers"]]
    nodes = [f'  f{number}["{" · ".join(floor)}"]' for number, floor in enumerate(floors)]
    arrows = [f"  {' --> '.join(f'f{number}' for number in range(len(floors)))}"]
    return "\n".join(
        [f"{contract['name']} (`{contract['containers'][0]}`):\n", "```mermaid", "flowchart TB", *nodes, *arrows, "```"]
    )


def drawn(page: str, project: str) -> str:
    """A page with its charts as the contracts are now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    charts = "\n\n".join(chart(contract) for contract in contracts(project))
    return f"{before}{BEGIN}\n\n{charts}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(), (ROOT / "pyproject.toml").read_text()))

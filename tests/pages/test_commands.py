"""Commands of other programs that docs/howto/deploy.md gives: each option is one that the program has."""

import re
import shlex
import subprocess
import sys

import pytest
from tools.quickstart import ROOT

PAGE = (ROOT / "docs" / "howto" / "deploy.md").read_text()
LISTED = re.search(r"^CMD (\[.*\])$", PAGE, re.M)
LINES = [
    *(shlex.split(line) for line in re.findall(r"^((?:uvicorn|daphne) .*)$", PAGE, re.M)),
    *(shlex.split(line) for line in re.findall(r"^ExecStart=\S*/(uvicorn .*)$", PAGE, re.M)),
    re.findall(r'"([^"]*)"', LISTED[1] if LISTED else ""),
]


def test_four_commands_are_found() -> None:
    assert [line[0] for line in LINES] == ["uvicorn", "daphne", "uvicorn", "uvicorn"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_its_options_are_there(line: list[str]) -> None:
    said = subprocess.run([sys.executable, "-m", line[0], "--help"], capture_output=True, text=True, check=True).stdout
    options = [word for word in line if word.startswith("-") and not word.lstrip("-").isdigit()]
    assert options
    assert [option for option in options if not re.search(rf"(?<![\w-]){option}(?![\w-])", said)] == []

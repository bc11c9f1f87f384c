"""Models of Django and of well-known packages, bound in three lines: ``sweep.py``, and what docs/howto/history.md makes of
some (``recipes.py``), in a process that has them installed."""

import os
import subprocess
import sys

import pytest


@pytest.mark.backends
@pytest.mark.parametrize("file", ["sweep.py", "recipes.py"])
def test_models_of_others_are_shown_written_described_and_live(file: str) -> None:
    command = [sys.executable, "-m", "pytest", f"tests/foreign/{file}", "--ds", "tests.foreign.project.settings"]
    done = subprocess.run([*command, "-q", "-p", "no:randomly"], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    assert " passed" in done.stdout

"""Models of Django and of well-known packages, bound in three lines: ``sweep.py``, in a process that has them installed."""

import os
import subprocess
import sys

import pytest


@pytest.mark.backends
def test_models_of_others_are_shown_written_described_and_live() -> None:
    command = [sys.executable, "-m", "pytest", "tests/foreign/sweep.py", "--ds", "tests.foreign.project.settings"]
    done = subprocess.run([*command, "-q", "-p", "no:randomly"], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    assert " passed" in done.stdout

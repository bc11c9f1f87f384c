"""Nothing is left in the machine's temporary folder when a run is over."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.temporary import PREFIX

LEAVING = """
import subprocess, sys
from tests import temporary
temporary.begin()
killed = "import os, signal, tempfile; print(tempfile.mkdtemp(prefix='left-')); os.kill(os.getpid(), signal.SIGKILL)"
print(subprocess.run([sys.executable, "-u", "-c", killed], capture_output=True, text=True).stdout)
"""


def test_what_a_killed_process_leaves_is_removed_with_the_folder_of_the_run(tmp_path: Path) -> None:
    mine = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    command = [sys.executable, "-c", LEAVING]
    done = subprocess.run(command, env={**mine, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).match(f"{tmp_path}/{PREFIX}*/left-*")
    assert [*tmp_path.iterdir()] == []


def test_what_a_killed_run_has_left_is_removed_by_the_next(tmp_path: Path) -> None:
    mine = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    begin = "import os, signal; from tests import temporary; temporary.begin(); os.kill(os.getpid(), signal.SIGKILL)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", begin], env={**mine, "TMPDIR": str(tmp_path)}, check=False)
        assert len([*tmp_path.iterdir()]) == 1


def test_this_run_has_one() -> None:
    assert Path(tempfile.gettempdir()).name.startswith(PREFIX)
    assert os.environ["TMPDIR"] == tempfile.gettempdir()
    assert not Path(os.environ["PYTEST_DEBUG_TEMPROOT"]).name.startswith(PREFIX)

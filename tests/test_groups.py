"""pytest-xdist keeps tests together that share what their file has started: or each process would start it anew."""

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = """
import pytest
from tests import groups

def pytest_itemcollected(item):
    groups.mark(item)

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    groups.keep_together(config, items)
"""
TESTS = """
import os
import pathlib
import pytest

@pytest.fixture(scope="module")
def server():
    with pathlib.Path(__file__).with_suffix(".started").open("a") as started:
        print(os.environ["PYTEST_XDIST_WORKER"], file=started)

@pytest.mark.parametrize("number", range(8))
def test_it(server, number):
    pass
"""
FILES = ("test_one.py", "test_other.py")


def test_what_a_file_has_started_is_started_by_one_process(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name in FILES:
        (tmp_path / name).write_text(TESTS)
    without = [part for name in ("django", "randomly", "cacheprovider") for part in ("-p", f"no:{name}")]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        *without,
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "--no-loadscope-reorder",
    ]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {**inherited, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "16 passed" in done.stdout, done.stdout + done.stderr
    assert [len((tmp_path / name).with_suffix(".started").read_text().split()) for name in FILES] == [1, 1]

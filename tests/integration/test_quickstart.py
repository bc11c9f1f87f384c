"""What README asks somebody new to do, done as it is written (tools/quickstart.py). ``make matrix`` does it on every Python."""

import re
import sys
from pathlib import Path

from tools import bare, quickstart


def test_the_quick_start_of_the_readme_works_as_it_is_written_and_the_client_finds_the_server(tmp_path: Path) -> None:
    said = quickstart.follow(bare.build(tmp_path), sys.executable)
    assert {*re.findall(r"\((\w+\.[EWI]\d+)\)", said)} == {"channels_binding.I002"}, (
        "one process: the layer in memory will do"
    )

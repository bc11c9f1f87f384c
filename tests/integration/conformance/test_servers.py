"""Our own server fulfils the contract over each ASGI server that a project may choose."""

import json
import subprocess
import sys

import pytest

from channels_binding_conformance.running import POINTS
from tests.integration.conformance.servers import COMMANDS, serving


@pytest.mark.parametrize("server", COMMANDS)
def test_every_point_holds(server: str) -> None:
    with serving("channels_binding_conformance.server:application", server) as host:
        command = [sys.executable, "-m", "channels_binding_conformance.cli", "--url", f"ws://{host}/ws/", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert [each for each in told["points"] if not each["passed"]] == []
    assert (told["passed"], told["failed"], done.returncode) == (len(POINTS), 0, 0)

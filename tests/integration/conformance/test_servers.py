"""Our own server fulfils the contract over each ASGI server that a project may choose."""

import json
import subprocess
import sys

import pytest

from channels_binding_conformance.connection import Server
from channels_binding_conformance.running import POINTS, run
from tests.integration.conformance.servers import COMMANDS, serving

LATE = (
    "live.exact",
    "live.reply-after-diffs",
    "live.replaced",
    "live.unsubscribe",
    "live.back-same",
    "live.back-changed",
)
"""Points that write and look at what follows."""


@pytest.mark.parametrize("server", COMMANDS)
def test_every_point_holds(server: str) -> None:
    with serving("channels_binding_conformance.server:application", server) as host:
        command = [sys.executable, "-m", "channels_binding_conformance.cli", "--url", f"ws://{host}/ws/", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert [each for each in told["points"] if not each["passed"]] == []
    assert (told["passed"], told["failed"], done.returncode) == (len(POINTS), 0, 0)


async def test_a_slow_server_is_not_blamed_for_a_reply_that_goes_before_its_diffs() -> None:
    with serving("tests.integration.conformance.slow_server:application") as host:
        server = Server(f"ws://{host}/ws/", f"http://{host}/api/", f"http://{host}/conformance/")
        results = await run(server, [POINTS[name] for name in LATE])
    assert [(each.point.name, each.came) for each in results if not each.passed] == []

"""One run: rounds of traffic and faults, each ended by a checkpoint; then what was done and what was wrong."""

import asyncio
import json
import random
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from tests.integration.cluster import PYTHON, Cluster, LiveClient, converge
from tools.soak.faults import LIBFAKETIME, MODES, Clock, Faults, Servers, environment_of

PROCESSES = 2
ROUND_SECONDS = 30.0
"""Traffic and faults between two checkpoints."""
UNDISTURBED_SECONDS = 4.0
"""Traffic before the first fault of a round."""
QUIET_SECONDS = 75.0
"""The most that a checkpoint takes: an audit (60 s) finds what the database has committed and nobody lived to say."""
LISTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("zoo.Note", {"limit": 25, "order": "-rank"}),
    ("zoo.Note", {"limit": 10, "page": 2, "order": ["title", "-id"]}),
    ("zoo.Note", {"limit": 20, "filters": {"done": True}}),
    ("zoo.Note", {"limit": 20, "filters": {"labels__name": "l1"}, "order": "id"}),
    ("zoo.Note", {"limit": 20, "query": "s1", "order": "-id"}),
    ("zoo.OwnNote", {"limit": 25, "order": "-id"}),
    ("zoo.OwnNote", {"limit": 10, "filters": {"rank__gte": 5}, "order": "rank"}),
    ("zoo.TeamNote", {"limit": 25}),
)
FLOORS = {"writes": 200, "pushes": 100, "faults": 3, "checkpoints": 1}
"""Of each minute, at the least: a run that does less says nothing, and fails."""


class Witness(LiveClient):
    """A live list that counts what it is sent, and what it should never have been sent."""

    def __init__(self, *arguments: Any, user: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.user = user
        self.pushes = self.leaks = 0

    def apply(self, message: dict[str, Any]) -> None:
        self.pushes += "id" not in message
        data = message.get("data", {})
        sent = [*data.get("rows", ()), *(row for _, row, *_ in data.get("put", ()) if isinstance(row, dict))]
        if self.stream == "zoo.OwnNote":
            self.leaks += sum(row["owner"] != self.user for row in sent)
        super().apply(message)


class Writer:
    """The process that writes."""

    started: ClassVar[list[subprocess.Popen[str]]] = []

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.process = subprocess.Popen(
            [*PYTHON, "-m", "tools.soak.writes", str(seed)], env=cluster.env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.started.append(self.process)
        self.counted = Counter[str]()
        self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the writer has ended"
        return line

    def say(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        if command != "go":
            self.counted = Counter(json.loads(self._line()))

    def end(self) -> Counter[str]:
        self.say("end")
        self.process.wait(30)
        return self.counted


class Soak:
    """The state of a run, and what it has found."""

    def __init__(self, cluster: Servers, seed: int) -> None:
        self.cluster, self.seed, self.chance = cluster, seed, random.Random(seed)
        self.clients: list[Witness] = []
        self.faults = Faults(cluster, self.clients, self.chance)  # type: ignore[arg-type]
        self.writes, self.checkpoints = Counter[str](), list[float]()
        self.modes = Counter[str]()
        self.wrong: list[str] = []

    async def run(self, minutes: float) -> None:
        """Rounds until the time is over or something was wrong."""
        for name, session in self.cluster.sessions.items():
            user = {"ann": 1, "bob": 2}[name]
            self.clients += [Witness(self.cluster, session, data, stream, user=user) for stream, data in LISTS]
        for client in self.clients:
            client.begin()
        until, number = time.monotonic() + minutes * 60, 0
        try:
            while not self.wrong and (time.monotonic() < until or not self.checkpoints):
                await self.round(MODES[number % len(MODES)], min(ROUND_SECONDS, max(5.0, until - time.monotonic())))
                number += 1
        finally:
            for client in self.clients:
                await client.end()

    async def round(self, mode: str, seconds: float) -> None:
        await self.change_to(mode)
        writer = await asyncio.to_thread(Writer, self.cluster, self.chance.randrange(10**6))
        try:
            until = time.monotonic() + seconds
            await self._traffic(UNDISTURBED_SECONDS)
            while time.monotonic() < until and not self.found():
                await self._traffic(self.chance.uniform(1, 3))
                print(f"  {time.strftime('%H:%M:%S')} {await self.faults.make()}", flush=True)
        finally:
            self.writes += await asyncio.to_thread(writer.end)
        if not self.found():
            await self.checkpoint()
        self.wrong += self.found()

    async def _traffic(self, seconds: float) -> None:
        """Let it go on, for as long as nothing is wrong."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.found():  # noqa: ASYNC110  # looked at, not told
            await asyncio.sleep(0.1)

    async def change_to(self, mode: str) -> None:
        """Every process says and hears changes in another way from now on."""
        if self.modes:
            self.cluster.more_env |= environment_of(mode)
            for port in self.cluster.ports:
                await asyncio.to_thread(self.cluster.replace, port)
        self.modes[mode] += 1

    async def checkpoint(self) -> None:
        try:
            took = await converge([*self.clients], QUIET_SECONDS)
        except AssertionError as error:
            self.wrong.append(str(error)[:2_000])
            return
        self.checkpoints.append(took)
        print(
            f"  {time.strftime('%H:%M:%S')} checkpoint: {len(self.clients)} lists right after {took:.1f} s", flush=True
        )

    def found(self) -> list[str]:
        """What was wrong with what the clients were sent."""
        sums = {
            "rows of others were sent": sum(each.leaks for each in self.clients),
            "pushes did not follow the one before": sum(each.mismatches for each in self.clients),
            "lists were not what their checksum says": sum(each.divergences for each in self.clients),
        }
        return [f"{count} {what}" for what, count in sums.items() if count]

    def done(self) -> dict[str, int]:
        return {
            "writes": self.writes.total(), "pushes": sum(each.pushes for each in self.clients),
            "faults": self.faults.made.total(), "checkpoints": len(self.checkpoints),
        }  # fmt: skip


async def soak(minutes: float, seed: int, sabotage: str | None) -> int:
    """Returns the exit code: 1 where something was wrong, or too little was done to say that nothing was."""
    env = environment_of(MODES[0]) | ({"SOAK_SABOTAGE": sabotage} if sabotage else {})
    application = "tools.soak.sabotaged:application" if sabotage else "tests.project.asgi:application"
    commands = [("bindings_triggers", "install")]
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        clock = Clock(Path(folder) / "clock")
        options = {"processes": PROCESSES, "env": env, "commands": commands, "application": application}
        with Servers(clock, is_proxied=True, **options) as cluster:
            print(f"seed {seed}, {cluster.postgres.version}, {cluster.redis.version}", flush=True)
            if LIBFAKETIME is None:
                print("no clock is moved: libfaketime is not installed", flush=True)
            run = Soak(cluster, seed)
            began = time.monotonic()
            await run.run(minutes)
            return report(run, minutes, time.monotonic() - began)


def report(run: Soak, minutes: float, seconds: float) -> int:
    done = run.done()
    print(f"{seconds:.0f} s, seed {run.seed}: {', '.join(f'{count:,} {what}' for what, count in done.items())}")
    print(f"  writes: {dict(run.writes)}")
    print(f"  faults: {dict(run.faults.made)}")
    print(f"  ways between processes: {dict(run.modes)}")
    print(f"  right after (s): {[round(each, 1) for each in run.checkpoints]}")
    too_little = [f"only {done[what]} {what}" for what, floor in FLOORS.items() if done[what] < int(floor * minutes)]
    for line in (*run.wrong, *(() if run.wrong else too_little)):
        print("  WRONG:", line)
    return int(bool(run.wrong or too_little))

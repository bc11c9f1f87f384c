"""Side by side in one run: the sides take turns, round by round, so that what else the machine does meets all of them."""

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one round cost a side, per call."""

    seconds: float
    cpu_seconds: float | None = None
    """Of the server's process; None in this process."""


class Side(Protocol):
    """One of those that are compared."""

    name: str

    def round(self) -> Cost:
        """Do the same work once more."""

    def close(self) -> None:
        """The case is over: what is open must not burden the next one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours against one peer: how many times as fast, and what a call cost."""

    case: str
    ours: str
    peer: str
    target: float | None
    ratios: Sequence[float]
    cpu_ratio: float | None
    ours_ms: float
    peer_ms: float


def compare(
    case: str, ours: Sequence[Side], peers: Mapping[str, float | None], sides: Mapping[str, Side], rounds: int
) -> list[Comparison]:
    """Let all sides take turns; the first round warms up and does not count."""
    everyone = [*ours, *(sides[name] for name in peers)]
    costs: dict[str, list[Cost]] = {side.name: [] for side in everyone}
    for number in range(rounds + 1):
        for side in everyone if number % 2 else reversed(everyone):
            cost = side.round()
            if number:
                costs[side.name].append(cost)
    for side in everyone:
        side.close()
    return [
        _comparison(case, mine.name, name, target, costs[mine.name], costs[sides[name].name])
        for mine in ours
        for name, target in peers.items()
    ]


def _comparison(
    case: str, ours: str, peer: str, target: float | None, our_costs: list[Cost], peer_costs: list[Cost]
) -> Comparison:
    ratios = [theirs.seconds / mine.seconds for mine, theirs in zip(our_costs, peer_costs, strict=True)]
    our_cpu, peer_cpu = _cpu(our_costs), _cpu(peer_costs)
    cpu_ratio = peer_cpu / our_cpu if our_cpu and peer_cpu else None
    return Comparison(case, ours, peer, target, ratios, cpu_ratio, _median_ms(our_costs), _median_ms(peer_costs))


def _cpu(costs: Sequence[Cost]) -> float:
    return sum(cost.cpu_seconds or 0.0 for cost in costs)


def _median_ms(costs: Sequence[Cost]) -> float:
    return statistics.median(cost.seconds for cost in costs) * 1000


def cpu_seconds(pid: int) -> float:
    """Processor seconds that a process and its children have taken so far (proc(5), fields utime and stime)."""
    with open(f"/proc/{pid}/stat") as stat, open(f"/proc/{pid}/task/{pid}/children") as children:
        fields, pids = stat.read().rpartition(")")[2].split(), children.read().split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(cpu_seconds(int(child)) for child in pids)

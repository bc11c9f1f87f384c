"""``make bench``, or ``make bench BENCH="rows http-list --rounds 9 --databases sqlite"``: our cost beside that of others.

With ``--add`` what was measured before stays, of the cases that are not named:
``python -m tests.services run -- python -m benchmarks.run aggregates --add``, on PostgreSQL.

Writes benchmarks/results/: what was measured (results.json), a table (results.md) and plots.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.cases import CASES
from benchmarks.databases import NAMES

ROOT = Path(__file__).parents[1]
PROGRAMS = {
    "saves": ["saves"],
    "fanout": ["fanout"],
    "p99": ["live", "p99"],
    "connect": ["live", "connect"],
    "memory": ["live", "memory"],
    "quiet": ["sockets", "quiet", "--sockets", "3000"],
    "storm": ["sockets", "storm", "--sockets", "5000"],
    "slopes": ["slopes"],
    "invalidation": ["invalidation"],
    "aggregates": ["aggregates"],
    "frames": ["frames"],
}
"""Cases that are programs of their own: ``python -m benchmarks.live p99``."""
PACKAGES = (
    "django", "djangorestframework", "channels", "django-ninja", "djangochannelsrestframework", "orjson", "uvicorn",
    "gunicorn", "django-bolt",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", choices=[*CASES, *PROGRAMS, []], help="all, unless named")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--databases", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--add", action="store_true", help="to what was measured before")
    asked = parser.parse_args()
    cases = asked.cases or [*CASES, *PROGRAMS]
    of_table = [name for name in cases if name in CASES]
    results: list[dict[str, Any]] = []
    for database in asked.databases if of_table else ():
        results += measured("table", database, *of_table, "--rounds", str(asked.rounds))
    found = {"machine": machine(), "table": results}
    if asked.add:
        before = json.loads(report.FOLDER.joinpath("results.json").read_text())
        found = before if not results else {**before, **found}
    found |= {name: measured(*PROGRAMS[name]) for name in cases if name in PROGRAMS}
    report.write(found)
    print(report.FOLDER.joinpath("results.md").read_text())


def measured(program: str, *arguments: str) -> Any:
    """What ``python -m benchmarks.<program>`` prints."""
    command = [sys.executable, "-m", f"benchmarks.{program}", *arguments]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def machine() -> dict[str, Any]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 1),
        "versions": {"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


if __name__ == "__main__":
    main()

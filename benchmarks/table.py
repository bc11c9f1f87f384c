"""Cases of the table on one database, as JSON: ``python -m benchmarks.table postgres rows http-list --rounds 9``."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, ROWS, servers
from benchmarks.databases import NAMES, Database, database
from benchmarks.servers import CLIENT_CORES

ONCE = {"rows", "socket-echo", "start-up"}
"""What depends on no database, or asks it for the same rows on both sides and measures what is made of them: on SQLite only."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=NAMES)
    parser.add_argument("cases", nargs="+", choices=[*CASES])
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    results: list[dict[str, Any]] = []
    with database(asked.database, ROWS) as found:
        os.sched_setaffinity(0, CLIENT_CORES)  # what is started meanwhile inherits it: PostgreSQL's connections
        prepare(found)
        with servers(found) as running:
            for name in asked.cases:
                if name in ONCE and asked.database != "sqlite":
                    continue
                print(f"… {name} on {found.name}", file=sys.stderr)
                compared = CASES[name](running, asked.rounds)
                results += [{**asdict(each), "database": found.name} for each in compared]
    print(json.dumps(results))


def prepare(database: Database) -> None:
    """Django in this process, for what is measured without a server."""
    sys.path.insert(0, str(Path(__file__).parent))
    os.environ.update(database.copy(), BENCH_SIDE="ours", DJANGO_SETTINGS_MODULE="shop.settings")
    import django

    django.setup()


if __name__ == "__main__":
    main()

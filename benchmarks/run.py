"""``make bench``, or ``make bench BENCH="rows socket-search --rounds 9"``: what we cost, beside what others do.

Prints a table, and leaves it in benchmarks/results.md (which git ignores). ``fanout`` and ``invalidation``, the costs of
live lists, are programs of their own (``python -m benchmarks.fanout``); they run when they are named.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.md"
OTHERS = ("fanout", "invalidation")
PACKAGES = (
    "django", "djangorestframework", "channels", "django-ninja", "djangochannelsrestframework", "orjson", "uvicorn",
)  # fmt: skip


def main() -> None:
    from cases import CASES, ROWS, servers
    from measuring import HEADS
    from servers import make_database

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", choices=[*CASES, *OTHERS, []], help="the table's, unless named")
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    environment = dict(os.environ)  # as it is before this process is the shop's
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "db.sqlite3"
        make_database(database, ROWS)
        prepare(database)
        rows = [HEADS]
        with servers(database) as running:
            for name in [name for name in asked.cases or CASES if name not in OTHERS]:
                print(f"… {name}", file=sys.stderr)
                rows += [comparison.row() for comparison in CASES[name](running, asked.rounds)]
    for name in [name for name in asked.cases if name in OTHERS]:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=FOLDER.parent, env=environment, check=True)
    if len(rows) == 1:
        return
    report = f"{machine()}\n\n{table(rows)}\n"
    RESULTS.write_text(report)
    print(report)


def prepare(database: Path) -> None:
    """Django in this process, for what is measured without a server."""
    os.environ.update(BENCH_SIDE="ours", BENCH_DATABASE=str(database), DJANGO_SETTINGS_MODULE="shop.settings")
    import django

    django.setup()


def machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"Python {platform.python_version()}, {os.cpu_count()} cores; {versions}."


def table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER))
    main()

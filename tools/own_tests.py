"""How much of each module its own test file runs: ``querysets/pages.py`` by ``querysets/test_pages.py``, lines and branches.

    python -m tools.own_tests                     every module, the least first
    python -m tools.own_tests live/queries        those of a package

Exits with 1 if one is below MINIMUM. What other tests run of a module by the way does not count here: who changes it should
find what holds it in one file.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE, TESTS = ROOT / "src" / "channels_binding", ROOT / "tests"
MINIMUM = 85.0
"""Percent."""


def pairs(below: str = "") -> list[tuple[Path, Path]]:
    """Modules that have a test file of their own, each with it. ``tests/test_mirror.py`` sees to it that those are all."""
    modules = [path for path in sorted(SOURCE.rglob("*.py")) if str(path.relative_to(SOURCE)).startswith(below)]
    found = [(path, TESTS / path.relative_to(SOURCE).with_name(f"test_{path.name.lstrip('_')}")) for path in modules]
    return [(module, test) for module, test in found if test.exists()]


def percent(module: Path, test: Path) -> float:
    """Percent of a module's lines and branches that a test file runs; 0 if it is not green by itself, and why is printed."""
    with tempfile.TemporaryDirectory(prefix="own-tests-") as folder:
        variables = {**os.environ, "COVERAGE_FILE": f"{folder}/data"}
        coverage = [sys.executable, "-m", "coverage"]
        ran = subprocess.run(
            [*coverage, "run", "--branch", f"--include={module}", "-m", "pytest", "-q", "-x", str(test)],
            cwd=ROOT, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            print(f"{test.relative_to(ROOT)} is not green by itself:\n{ran.stdout[-3000:]}", flush=True)
            return 0.0
        subprocess.run([*coverage, "json", "-q", "-o", f"{folder}/report"], cwd=ROOT, env=variables, check=True)
        return float(json.loads(Path(folder, "report").read_text())["totals"]["percent_covered"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Each module by its own test file.")
    parser.add_argument("below", nargs="?", default="", help="Of which package, as a path: live/queries.")
    asked = pairs(parser.parse_args().below)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = zip(pool.map(lambda pair: percent(*pair), asked), asked, strict=True)
        ordered = sorted((part, str(module.relative_to(SOURCE))) for part, (module, _) in measured)
    for part, module in ordered:
        print(f"{part:5.1f} %  {module}{'' if part >= MINIMUM else '  ← below the minimum'}")
    sys.exit(any(part < MINIMUM for part, _ in ordered))


if __name__ == "__main__":
    main()

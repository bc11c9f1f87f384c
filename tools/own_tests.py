"""How much of each module its own tests run: ``querysets/pages.py`` by ``querysets/test_pages.py``, lines and branches.

    python -m tools.own_tests                     every module, the least first
    python -m tools.own_tests live/queries rest   those of packages
    python -m tools.own_tests live --jobs 1       one after the other: as many as there are cores otherwise

Exits with 1 if one is below MINIMUM. What other tests run of a module by the way does not count here: who changes it should
find what holds it in one place (``own_tests``).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCE, TESTS = ROOT / "src" / "channels_binding", ROOT / "tests"
MINIMUM = 85.0
"""Percent."""


class Measured(NamedTuple):
    percent: float
    missing: list[int]
    """Lines that did not run."""


def own_tests(module: Path) -> Path:
    """A module's tests: a file of its name, or a folder of its name where one file would be too long.

    ``querysets/pages.py`` → ``querysets/test_pages.py``; ``security/authentication.py`` → ``security/test_authentication/``.
    """
    file = TESTS / module.relative_to(SOURCE).with_name(f"test_{module.name.lstrip('_')}")
    return file if file.exists() else file.with_suffix("")


def pairs(*below: str) -> list[tuple[Path, Path]]:
    """Modules that have tests of their own, each with them. ``tests/test_mirror.py`` sees to it that those are all."""
    modules = [path for path in sorted(SOURCE.rglob("*.py")) if str(path.relative_to(SOURCE)).startswith(below or "")]
    return [(module, own_tests(module)) for module in modules if own_tests(module).exists()]


def measured(module: Path, tests: Path) -> Measured:
    """What of a module's lines and branches its tests run; nothing if they are not green by themselves, and why is printed."""
    with tempfile.TemporaryDirectory(prefix="own-tests-") as folder:
        variables = {**os.environ, "COVERAGE_FILE": f"{folder}/data"}
        coverage = [sys.executable, "-m", "coverage"]
        ran = subprocess.run(
            [*coverage, "run", "--branch", "-m", "pytest", "-q", "-x", str(tests)],
            cwd=ROOT, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            print(f"{tests.relative_to(ROOT)} is not green by itself:\n{ran.stdout[-3000:]}", flush=True)
            return Measured(0.0, [])
        subprocess.run([*coverage, "combine", "-q"], cwd=ROOT, env=variables, check=True)
        subprocess.run(
            [*coverage, "json", "-q", "--fail-under=0", f"--include={module}", "-o", f"{folder}/report"],
            cwd=ROOT, env=variables, check=True,
        )  # fmt: skip
        (found,) = json.loads(Path(folder, "report").read_text())["files"].values()
        return Measured(found["summary"]["percent_covered"], found["missing_lines"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Each module by its own tests.")
    parser.add_argument("below", nargs="*", help="Of which packages or modules, as paths: live/queries rest/http.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="How many modules are measured at a time.")
    given = parser.parse_args()
    asked = pairs(*given.below)
    with ThreadPoolExecutor(given.jobs) as pool:
        results = zip(pool.map(lambda pair: measured(*pair), asked), asked, strict=True)
        ordered = sorted((result, str(module.relative_to(SOURCE))) for result, (module, _) in results)
    for (percent, missing), module in ordered:
        print(f"{percent:5.1f} %  {module}{'' if percent >= MINIMUM else f'  ← below the minimum; not run: {missing}'}")
    sys.exit(any(result.percent < MINIMUM for result, _ in ordered))


if __name__ == "__main__":
    main()

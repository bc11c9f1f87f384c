"""The Python tests with the wheel and the newest of all that it asks for, on each Python that is here and each Django.

    python -m tools.matrix                              every pair
    python -m tools.matrix --python 3.13 --django 6     one
    python -m tools.matrix -- tests/live -x             other tests than all of those that need nothing but Python

They run on SQLite and in memory. What starts servers and browsers runs in ``make test``.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import bare, pythons

ROOT = Path(__file__).parents[1]
DJANGOS = {"5.2": "django>=5.2,<5.3", "6": "django>=6.0"}
NEEDS = {"6": "3.12"}
"""Django → the oldest Python that it runs on."""
TESTS = ("tests", "--ignore=tests/browser", "--ignore=tests/integration")
EXTRAS = "redis,openapi,server,mcp,conformance"
VERSIONS = """
import sys, django, rest_framework, channels
print("Python", sys.version.split()[0], "Django", django.__version__, "REST framework", rest_framework.VERSION,
      "Channels", channels.__version__, flush=True)
"""


def pairs(commands: dict[str, str], djangos: list[str]) -> list[tuple[str, str]]:
    """Which (Python, Django) go together: ``[("3.11", "5.2"), ("3.12", "5.2"), ("3.12", "6"), …]``."""
    return [
        (python, django)
        for python in commands
        for django in djangos
        if tuple(map(int, python.split("."))) >= tuple(map(int, NEEDS.get(django, "3.0").split(".")))
    ]


def run(wheel: Path, command: str, django: str, tests: list[str]) -> bool:
    """Run the tests in an environment of their own. Returns whether they were green; prints what ran."""
    with bare.environment(command) as python:
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
        asked = [f"{wheel}[{EXTRAS}]", DJANGOS[django], "--group", "example", "--group", "test"]
        subprocess.run([*pip, "install", *asked], cwd=ROOT, check=True)
        subprocess.run([str(python), "-c", VERSIONS], check=True)
        pytest = [str(python), "-m", "pytest", "-q", "-n", "auto", "--dist", "loadgroup", *tests]
        return subprocess.run(pytest, cwd=ROOT, check=False).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description="The Python tests, on each Python and each Django.")
    parser.add_argument("--python", action="append", help="3.12; by default every one that is here.")
    parser.add_argument("--django", action="append", choices=DJANGOS, help="By default each.")
    parser.add_argument("tests", nargs="*", default=TESTS, help="Arguments of pytest.")
    options = parser.parse_args()
    commands = {
        version: command for version, command in pythons.found().items() if version in (options.python or [version])
    }
    failed = []
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        wheel = bare.build(Path(folder))
        for python, django in pairs(commands, options.django or [*DJANGOS]):
            if not run(wheel, commands[python], django, [*options.tests]):
                failed.append(f"Python {python} with Django {django}")
    if failed or not commands:
        sys.exit(f"Not green: {', '.join(failed) or 'there was no Python to run with'}")


if __name__ == "__main__":
    main()

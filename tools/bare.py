"""The wheel alone, in an empty environment: it installs, it imports, and it answers a call over both transports.

    python -m tools.bare                               every Python and extra that is promised
    python -m tools.bare --python python3.12 --extra redis

Each environment is made anew in a temporary folder, with nothing but the wheel and what it declares.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools import pythons

ROOT = Path(__file__).parents[1]
EXTRAS = ("", "redis", "postgres", "openapi", "server", "mcp", "conformance")
IMPORTS = {
    "redis": "channels_binding.contrib.redis_streams",
    "postgres": "psycopg",
    "openapi": "channels_binding.contract.openapi",
    "server": "uvicorn",
    "mcp": "mcp.server.lowlevel",
    "conformance": "channels_binding_conformance.running",
}
"""Extra → what it is for."""
CALL = ROOT / "tools" / "bare_call.py"


def build(folder: Path) -> Path:
    """The wheel of this checkout."""
    _run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


@contextmanager
def environment(python: str) -> Iterator[Path]:
    """An empty environment of an interpreter; gives its ``python``. It has no pip: ours installs into it, which is faster."""
    with tempfile.TemporaryDirectory(prefix="bare-") as folder:
        made = Path(folder) / "venv"
        if python == sys.executable:
            venv.create(made)
        else:
            _run([python, "-m", "venv", "--without-pip", str(made)], Path(folder))
        yield made / "bin" / "python"


def check(wheel: Path, python: str, *steps: Sequence[str]) -> None:
    """Install the wheel in an empty environment, with the extras of each step after the other, and have it answer each time.

    Raises:
        RuntimeError: It does not; with what it said.
    """
    with environment(python) as bare:
        pip = [sys.executable, "-m", "pip", "--python", str(bare), "--quiet", "--disable-pip-version-check"]
        for extras in steps:
            named = f"{wheel}[{','.join(extras)}]" if extras else str(wheel)
            _run([*pip, "install", "--no-compile", named], ROOT)
            with tempfile.TemporaryDirectory(prefix="bare-project-") as folder:
                _run([str(bare), "-I", str(CALL), *(IMPORTS[extra] for extra in extras)], Path(folder))


def _run(command: Sequence[str], folder: Path) -> None:
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO", "TEST_"))
    }
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def main() -> None:
    from tools import quickstart  # which needs this module

    parser = argparse.ArgumentParser(description="The wheel alone, in empty environments.")
    parser.add_argument("--python", action="append", help="An interpreter; by default every one that is promised.")
    parser.add_argument("--extra", action="append", help="An extra; by default none, and each.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bare-wheel-") as folder:
        wheel = build(Path(folder))
        for python in options.python or pythons.found().values():
            for extra in EXTRAS if options.extra is None else options.extra:
                check(wheel, python, [extra] if extra else [])
                print(f"{python} {extra or 'without extras'}: it answers", flush=True)
            if options.extra is None:
                quickstart.follow(wheel, python)
                print(f"{python}: README's quick start leads to a row that two windows see", flush=True)


if __name__ == "__main__":
    main()

"""The Python interpreters of this machine: those on the PATH that run, and pyenv's."""

import os
import shutil
import subprocess
from pathlib import Path

PROMISED = ("3.11", "3.12", "3.13", "3.14")


def find(version: str) -> str | None:
    """``"3.12"`` → the command of such an interpreter; None if there is none. Of several of pyenv's the newest."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    of_pyenv = sorted((root / "versions").glob(f"{version}.*/bin/python{version}"), key=_release)
    on_path = shutil.which(f"python{version}")
    candidates = [*([on_path] if on_path else []), *map(str, reversed(of_pyenv))]
    return next(filter(_runs, candidates), None)


def _release(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.parents[1].name.split(".") if part.isdigit())


def _runs(command: str) -> bool:
    """pyenv puts a command on the PATH for every version that it knows, installed or not."""
    return subprocess.run([command, "-c", "import venv"], capture_output=True, check=False).returncode == 0


def found() -> dict[str, str]:
    """Version → command, of those that are promised; says which are not there."""
    commands = {version: find(version) for version in PROMISED}
    for version, command in commands.items():
        if command is None:
            print(f"Python {version}: not on this machine", flush=True)
    return {version: command for version, command in commands.items() if command is not None}

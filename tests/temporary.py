"""One folder for the temporary files of a run: what servers leave that were killed, browsers and tests is removed with it."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "channels-binding-run-"


def begin() -> None:
    """Make it, and have this process and all that it starts use it. Processes of pytest-xdist use that of who started them.

    Pytest keeps its own folders (``tmp_path``) where they were: the last three runs can be looked at.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    _remove_those_of_the_dead(Path(tempfile.gettempdir()))
    maker = os.getpid()
    folder = tempfile.mkdtemp(prefix=f"{PREFIX}{maker}-")
    os.chmod(folder, 0o711)  # PostgreSQL may have to run as another user
    os.environ["TMPDIR"] = tempfile.tempdir = folder

    @atexit.register
    def remove() -> None:
        if os.getpid() == maker:  # a fork has the same one
            shutil.rmtree(folder, ignore_errors=True)


def _remove_those_of_the_dead(folder: Path) -> None:
    """A run that was killed has removed nothing."""
    for each in folder.glob(f"{PREFIX}*-*"):
        maker = each.name.removeprefix(PREFIX).partition("-")[0]
        try:
            os.kill(int(maker), 0)
        except ProcessLookupError:
            shutil.rmtree(each, ignore_errors=True)
        except (ValueError, PermissionError):  # somebody else's
            continue

"""The files of the page, as ``packages/explorer`` was built: which there are, and which the page begins with."""

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "dist"
ENTRY = "src/main.tsx"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
COMMAND = "make explorer"


class NotBuilt(Exception):
    """A checkout without the files. A wheel has them: it cannot be made without (``hatch_build.py``)."""


class Build(NamedTuple):
    """What there is, by the hashed name of each file: ``main-B3u7JccV.js``."""

    entry: str
    preloaded: tuple[str, ...]
    """What the entry imports at once."""
    names: frozenset[str]


@lru_cache(maxsize=2)
def _read(folder: Path, changed_at: float) -> Build:
    chunks = json.loads((folder / "manifest.json").read_text())
    entry = chunks[ENTRY]
    imported = (chunks[each]["file"] for each in entry.get("imports", ()))
    names = {path.name for path in (folder / "assets").iterdir()}
    return Build(_name(entry["file"]), tuple(map(_name, imported)), frozenset(names))


def _name(path: str) -> str:
    return path.removeprefix("assets/")


def current() -> Build:
    """The build that is there; read again after another one.

    Raises:
        NotBuilt: There is none.
    """
    try:
        return _read(FOLDER, (FOLDER / "manifest.json").stat().st_mtime)
    except (OSError, KeyError, ValueError) as error:
        raise NotBuilt(f"The explorer is not built: {COMMAND}") from error


@lru_cache(maxsize=64)
def content(name: str, *, compressed: bool) -> bytes:
    """A file's bytes; its name says what is in it, so it is read once."""
    read = (FOLDER / "assets" / name).read_bytes()
    return gzip.compress(read, mtime=0) if compressed else read

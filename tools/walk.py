"""Pages of docs/ done as they are written: their Python is put into a Django project, which its own tests then try.

A ``python`` block whose first line names a file (``# shop/models.py``) is that file; with ``, at its end`` it is added to
what is there. Every project begins as the quick start of README.md leaves it. Blocks that name no file are excerpts:
``tests/pages/test_excerpts.py`` compiles them.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from tools.quickstart import ROOT, blocks

FILE = re.compile(r"(?:#|//) ((?:shop|mysite|page)/[\w/.-]+\.(?:py|html|tsx?))(, at its end)?$")
OF_ANY_PROJECT = {"channels_binding.W007", "channels_binding.W009"}
"""What checks say of a database that is a file, and of a layer in memory, when tests run without DEBUG."""
SUPERUSER = {"USERNAME": "manager", "PASSWORD": "manager", "EMAIL": "manager@example.com"}
FOR_TESTS = """
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        "TEST": {"NAME": BASE_DIR / "test.sqlite3"},
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MIGRATION_MODULES = {"shop": None}
"""


def files_of(page: Path) -> list[str]:
    """The blocks of a page that are files, in order."""
    found = re.findall(r"^```(?:python|tsx?)\n(.*?)^```$", page.read_text(), re.M | re.S)
    return [block for block in found if FILE.match(block.partition("\n")[0])]


def write(folder: Path, block: str) -> None:
    """``# mysite/settings.py, at its end`` is added to what is there; else the block is the whole file."""
    first, _, text = block.partition("\n")
    match = FILE.match(first)
    assert match is not None, first
    path = folder / match[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if match[2] else "") + text)


def begin(folder: Path) -> None:
    """The project of README's quick start, without its environment: the packages of this interpreter are taken."""
    manage(folder, "startproject", "mysite", ".", program="django")
    manage(folder, "startapp", "shop")
    for kind, text in blocks():
        if kind == "python":
            write(folder, text)


def manage(folder: Path, *arguments: str, program: str = "manage.py") -> str:
    """Run a command of the project; returns what it has said.

    Raises:
        RuntimeError: It fails; with what it has said.
    """
    command = [sys.executable, *(["-m", "django"] if program == "django" else [program]), *arguments]
    done = subprocess.run(command, cwd=folder, env=variables(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"$ {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def variables() -> dict[str, str]:
    """Without what a test run has set for its own project; with what ``createsuperuser --noinput`` asks for."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "TEST_", "PYTHONPATH"))
    }
    superuser = {f"DJANGO_SUPERUSER_{name}": value for name, value in SUPERUSER.items()}
    return {**kept, **superuser, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "default"}


def follow(page: Path, tests: Path, folder: Path) -> str:
    """Make the project of a page, check it, and run tests in it; returns what they have said.

    Raises:
        RuntimeError: Something of it fails.
    """
    begin(folder)
    for block in files_of(page):
        write(folder, block)
    if "class Order(" not in (folder / "shop" / "models.py").read_text():
        (folder / "shop" / "admin.py").write_text("")  # the quick start's, of its model
    (folder / "shop" / "tests_beside.py").write_text(tests.read_text())
    settings = folder / "mysite" / "settings.py"
    settings.write_text(settings.read_text() + FOR_TESTS)
    said = manage(folder, "test", "--verbosity", "1", "--pattern", "tests*.py")
    if found := {*re.findall(r"channels_binding\.\w\d+", said)} - OF_ANY_PROJECT:
        raise RuntimeError(f"Checks have found {found}:\n{said}")
    return said

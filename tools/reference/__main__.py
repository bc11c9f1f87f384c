"""Writes the pages of docs/reference that follow from the source: names, defaults, and what their docstrings say.

python -m tools.reference            # writes them
python -m tools.reference --check    # fails if one is out of date, as tests/test_reference.py does
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def main() -> None:
    parser = argparse.ArgumentParser(description="The generated pages of docs/reference.")
    parser.add_argument("--check", action="store_true", help="Fail if one is out of date.")
    check = parser.parse_args().check
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
    sys.path[:0] = [str(ROOT), str(ROOT / "example" / "backend")]
    import django

    django.setup()
    from tools.reference.pages import pages

    stale = {name: text for name, text in pages().items() if _written(REFERENCE / name) != text}
    if check and stale:
        sys.exit(f"Out of date: {', '.join(stale)}. Run python -m tools.reference")
    for name, text in stale.items():
        (REFERENCE / name).write_text(text)
        print(f"docs/reference/{name}")


def _written(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    main()

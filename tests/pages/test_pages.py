"""How-tos that are whole projects: each is written down as it says, and then tried by the file of its name here."""

from pathlib import Path

import pytest
from tools import walk
from tools.quickstart import ROOT

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith(("test_", "__")))
PAGES = {name: ROOT / "docs" / "howto" / f"{name.replace('_', '-')}.md" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_shows_works(name: str, tmp_path: Path) -> None:
    assert walk.files_of(PAGES[name]), "No block of the page names a file."
    said = walk.follow(PAGES[name], HERE / f"{name}.py", tmp_path)
    assert "\nOK" in said
    assert "Ran 0 tests" not in said


def test_every_page_whose_blocks_are_files_is_tried() -> None:
    whole = [
        page.name for page in (ROOT / "docs" / "howto").glob("*.md") if "\n# shop/bindings.py\n" in page.read_text()
    ]
    assert set(whole) <= {page.name for page in PAGES.values()}

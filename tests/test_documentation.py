"""Pages that messages name are there, in a checkout as in the wheel."""

import re
from pathlib import Path

import channels_binding
from channels_binding.documentation import page

SOURCE = Path(channels_binding.__file__).parent


def test_every_page_that_the_source_names_is_there() -> None:
    text = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    named = set(re.findall(r"page\(['\"]([\w/.-]+)['\"]\)", text))
    assert named >= {"howto/broker.md", "reference/settings.md"}
    assert [name for name in named if not Path(page(name)).is_file()] == []
    assert re.findall(r"(?:see|See) docs/", text) == []

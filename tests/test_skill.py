"""docs/llms.txt names every page, and what docs/skill/SKILL.md tells assistants is so: its code runs, its names are there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands
from tools import llms

from channels_binding.consumers import AsyncBinding
from channels_binding.live import notify

ROOT = Path(__file__).parents[1]
SKILL = (ROOT / "docs" / "skill" / "SKILL.md").read_text()
RUN = """
import sys, types
import django; django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from tests.project.zoo import models
sys.modules["notes"] = types.ModuleType("notes")
sys.modules["notes.models"] = models
call_command("migrate", run_syncdb=True, verbosity=0)
for block in sys.argv[1:]:
    exec(block, globals())
ann, bob = [get_user_model().objects.create_user(name) for name in ("ann", "bob")]
test_a_user_sees_their_own_notes(ann, bob)
print("it runs")
"""


def test_every_page_is_in_llms_txt_as_it_is() -> None:
    assert llms.TARGET.read_text() == llms.made(), "python -m tools.llms"
    folders = ("howto", "reference", "topics")
    pages = [str(page.relative_to(llms.DOCS)) for folder in folders for page in (llms.DOCS / folder).glob("*.md")]
    assert [page for page in pages if f"({page})" not in llms.made()] == []


def test_each_line_of_llms_txt_says_something_and_leads_somewhere() -> None:
    for title, target in re.findall(r"^- \[(.+?)\]\((.+?)\)", llms.made(), re.M):
        assert title
        assert (llms.DOCS / target).exists()


def test_the_code_of_the_skill_runs_as_it_stands_there(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", SKILL, re.S)
    assert len(blocks) == 2
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.project.settings",
        "TEST_DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "TEST_REDIS_URL": "",
    }
    command = [sys.executable, "-W", "ignore", "-c", RUN, *blocks]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "it runs\n", done.stderr


def test_the_pages_and_commands_that_the_skill_names_are_there() -> None:
    named = re.findall(r"\b(?:howto|reference|topics)/[\w-]+\.md", SKILL)
    assert len(named) > 10
    assert [page for page in named if not (ROOT / "docs" / page).exists()] == []
    commands = set(re.findall(r"manage\.py (\w+)", SKILL))
    assert commands == {"check", "bindings", "bindings_types"}
    assert commands <= {*get_commands()}
    assert callable(notify)


@pytest.mark.parametrize(
    "name", ["serializer_class", "filterset_class", "ordering_fields", "throttle_classes", "search_fields"]
)
def test_the_attributes_that_the_skill_names_are_read_and_have_their_hooks(name: str) -> None:
    assert f"`{name}`" in SKILL or f"{name} =" in SKILL
    assert hasattr(AsyncBinding, name)


def test_what_the_skill_says_is_not_read_is_what_check_e020_speaks_of() -> None:
    checks = (ROOT / "docs" / "reference" / "checks.md").read_text()
    (row,) = (line for line in checks.splitlines() if line.startswith("| `E020`"))
    (said,) = re.findall(r"(`lookup_field`.*) are not read", SKILL)
    assert [name for name in re.findall(r"`([^`]+)`", said) if name not in row] == []


def test_the_skill_is_short_and_says_when_it_is_to_be_used() -> None:
    assert SKILL.count("\n") < 100
    head = SKILL.split("---")[1]
    assert re.search(r"^name: [a-z-]+$", head, re.M)
    assert "Use when" in head

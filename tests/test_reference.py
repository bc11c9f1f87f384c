"""Everything public has a page that names it, and the pages that follow from the source are up to date."""

import inspect
import re
from collections.abc import Iterator

import pytest
from tools.reference import names
from tools.reference.pages import REFERENCE, pages

from channels_binding.bindings import AsyncBinding, PresenceBinding
from channels_binding.bindings.actions import bind
from channels_binding.bindings.options import BindingOptions
from channels_binding.consumers import AsyncConsumer
from tests.test_docs import ALL_PAGES, DOCS
from tests.test_exports import NAMES

SOURCE = DOCS.parent / "src" / "channels_binding"
TEXT = "\n".join(page.read_text() for page in ALL_PAGES)
HOOK = re.compile(r"(?:get|check|perform|may|filter)_|clean$|handle_")
"""What a method is called that is there to be overridden."""


def section(title: str) -> str:
    """Of the page of bindings."""
    return (REFERENCE / "bindings.md").read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def on_a_page(name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", TEXT) is not None


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_that_is_made_is_up_to_date(name: str) -> None:
    assert (REFERENCE / name).read_text() == pages()[name], "python -m tools.reference"


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda value: str(value).removeprefix("channels_binding."))
def test_a_public_name_is_on_a_page(module: str, name: str) -> None:
    assert on_a_page(name)


def test_the_page_of_names_has_no_other_ones_than_are_public() -> None:
    fixtures = {("channels_binding.pytest_plugin", name) for name in ("binding_client", "binding_connect")}
    shown = {(module, name) for module, (_, listed) in names.MODULES.items() for name in listed}
    assert shown - fixtures - {("channels_binding.testing", "session_cookie")} <= set(NAMES)


def test_an_attribute_of_a_binding_says_what_it_means() -> None:
    declared = re.findall(r"^\| `(\w+)` \| `[^|]+` \| (.*) \|$", section("Attributes"), re.M)
    attributes = {name for name in BindingOptions.__annotations__ if not name.startswith("_")}
    assert {name for name, _ in declared} == attributes
    assert [name for name, meaning in declared if len(meaning) < 15] == []


def hooks() -> Iterator[str]:
    for name, value in inspect.getmembers(AsyncBinding):
        if HOOK.match(name) and (inspect.isfunction(value) or inspect.ismethod(value)):
            yield name


def test_a_method_that_is_called_like_a_hook_is_documented_or_known_to_be_ours() -> None:
    """A new one is named in tools/reference/names.py: in ``HOOKS`` where projects override it, else in ``OURS``."""
    public = {*names.FOR_HANDLERS, *(name for listed in names.HOOKS.values() for name in listed)}
    assert set(hooks()) - public == {*names.OURS} - public
    assert public & {*names.OURS} == set()
    assert [name for name in public if not hasattr(AsyncBinding, name)] == []


def test_every_hook_says_what_it_is_for() -> None:
    found = re.findall(r"^\| `(\w+)\(.*?\)` \| (.*) \|$", (REFERENCE / "bindings.md").read_text(), re.M)
    assert len(found) > 40
    assert [name for name, meaning in found if len(meaning) < 10] == []


def test_every_built_in_action_is_on_the_page() -> None:
    listed = re.findall(r"^\| `(\w+)`", section("Built-in actions"), re.M)
    assert {*listed} == {*AsyncBinding._actions, *PresenceBinding._actions}


def test_every_argument_of_bind_is_on_the_page() -> None:
    page = (REFERENCE / "bindings.md").read_text()
    assert all(f"- `{name}`: " in page for name in inspect.signature(bind).parameters)


@pytest.mark.parametrize("name", [name for name in vars(AsyncConsumer) if not name.startswith("_")])
def test_every_hook_of_a_consumer_is_on_the_page(name: str) -> None:
    assert f"| `{name}(" in (REFERENCE / "consumers.md").read_text()


def test_every_command_is_on_the_page() -> None:
    commands = [path.stem for path in (SOURCE / "management" / "commands").glob("*.py") if path.stem != "__init__"]
    page = (REFERENCE / "commands.md").read_text()
    assert [name for name in commands if f"## `manage.py {name}`" not in page] == []

"""The shared shapes are those of spec/, each with all that it refers to."""

import json
from pathlib import Path

from channels_binding.contract import components

SPEC = Path(__file__).parents[2] / "spec" / "messages.schema.json"
COPY = Path(components.__file__).with_name("messages.schema.json")


def test_the_copy_in_the_package_is_the_one_of_the_contract() -> None:
    assert COPY.read_bytes() == SPEC.read_bytes(), "cp spec/messages.schema.json src/channels_binding/contract/"


def test_every_definition_is_a_component_that_refers_to_components() -> None:
    found = components.definitions()
    assert {name.removeprefix("cb.") for name in found} == set(json.loads(SPEC.read_text())["$defs"])
    assert "#/$defs/" not in json.dumps(dict(found))


def test_a_closure_holds_what_is_referred_to_and_no_more() -> None:
    assert set(components.closure("cb.error")) == {
        f"cb.{name}" for name in ("error", "fieldErrors", "fieldError", "row", "pk", "etag")
    }
    assert set(components.closure("cb.labels")) == {"cb.labels"}

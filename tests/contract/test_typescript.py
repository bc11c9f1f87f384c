"""TypeScript of the zoo, and what becomes of each kind of schema."""
# ruff: noqa: E501 (tables are read across)

import re
from typing import Any, TypedDict

import pytest

from channels_binding.bindings import AsyncBinding, bind
from channels_binding.contract.typescript import _Types, interface_name, module
from tests.project.zoo.models import Note
from tests.throwaway import throwaway


class Asked(TypedDict):
    number: int


@pytest.fixture(scope="module")
def text() -> str:
    return module()


def test_what_an_aggregate_answers_is_typed_by_its_names(text: str) -> None:
    money = text[text.index("'zoo.Money': {") :]
    assert (
        "measures: { count: number; 'sum:amount': string | null; 'avg:amount': string | null; 'min:amount': string | null;"
        in money
    )
    assert "groups: { amount: string; rate: string | null }" in money
    assert "measures" not in text[text.index("'zoo.Label': {") : text.index("'zoo.Lapse': {")], (
        "where it is not offered"
    )


def block(text: str, head: str) -> str:
    found = re.search(rf"^{re.escape(head)} \{{\n(.*?)^\s*\}}$", text, re.M | re.S)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("schema", "taken"),
    [
        ({"type": "string", "format": "date"}, "string"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"type": ["integer", "string"], "format": "int64"}, "number"),
        ({"type": ["integer", "null", "string"]}, "number | null"),
        ({"enum": ["a", "it's", None, 3, True]}, "'a' | 'it\\'s' | null | 3 | true"),
        ({"const": True}, "true"),
        ({}, "unknown"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "(string | null)[]"),
        ({"type": "array", "items": {"type": "integer"}}, "number[]"),
        ({"type": "object", "additionalProperties": True}, "Record<string, unknown>"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "Record<string, number>"),
        ({"type": "object", "additionalProperties": False}, "Record<never, never>"),
        ({"type": "object", "properties": {"a": {}, "b-c": {}}, "required": ["a"]}, "{ a: unknown; 'b-c'?: unknown }"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"allOf": [{"type": "object", "properties": {"a": {}}}, {"type": "object"}]}, "{ a?: unknown } & Record<string, unknown>"),
    ],
)  # fmt: skip
def test_each_kind_of_schema_has_its_words(schema: Any, taken: str) -> None:
    shapes: Any = None
    assert _Types(shapes, is_whole=False).of(schema) == taken


def test_a_row_is_whole_and_an_input_says_what_may_be_left_out(text: str) -> None:
    assert (
        block(text, "export interface ZooOwnNoteRow")
        == "  id: number\n  title: string\n  rank: number\n  owner: number | null\n"
    )
    stream = block(text, "  'zoo.OwnNote':")
    assert "    row: ZooOwnNoteRow\n" in stream
    assert "    create: { title: string; rank?: number }\n" in stream
    assert "    update: { title?: string; rank?: number }\n" in stream
    assert "    filters: { rank__gte: number | string }\n" in stream
    assert "    order: 'id' | 'title' | 'rank' | 'owner'\n" in stream


def test_what_a_stream_does_not_offer_cannot_be_given() -> None:
    with throwaway():

        class Read(AsyncBinding):
            stream, model, fields = "types.Read", Note, ("id", "title")
            actions = ("retrieve", "search")

        class Made(AsyncBinding):
            stream, model, fields = "types.Made", Note, ("id", "title")
            actions = ("create", "save")

        class Nothing(AsyncBinding):
            stream = "types.Nothing"

        text = module()
    assert "    create: never\n    update: never\n" in block(text, "  'types.Read':")
    assert "    create: { title: string }\n    update: never\n" in block(text, "  'types.Made':")
    assert "    create: never\n    update: never\n" in block(text, "  'types.Nothing':")


def test_choices_keys_and_decimals_are_as_they_travel(text: str) -> None:
    assert "colour: 'red' | 'green'" in block(text, "export interface ZooOptionsRow")
    assert "amount: string" in block(text, "export interface ZooMoneyRow")
    assert "    pk: string\n" in block(text, "  'zoo.Token':")


def test_events_are_typed_by_annotations_and_by_what_the_stream_says_it_sends() -> None:
    with throwaway():

        class Events(AsyncBinding):
            stream = "types.Events"
            sends = {"told": Asked, "ask": Asked}

            @bind("ask")
            def ask(self, data: Asked) -> Any:
                return None

        events = block(module(), "  'types.Events':")
    assert "ask: { in: { number: number }; out: { number: number } }" in events
    assert "told: { in: never; out: { number: number } }" in events
    assert "    pk: never\n" in events


def test_a_stream_s_name_becomes_an_interface_s() -> None:
    assert interface_name("desk.Ticket") == "DeskTicketRow"
    assert interface_name("custom_stream") == "CustomStreamRow"


def test_a_stream_without_filters_takes_none(text: str) -> None:
    with throwaway():

        class Unfiltered(AsyncBinding):
            stream, model, fields = "test.unfiltered", Note, ("id",)

        assert "    filters: Record<string, never>\n" in block(module(), "  'test.unfiltered':")


def test_the_file_compiles_alone_too(text: str) -> None:
    """`make clients` has the compiler say so; where the package is, nothing is ignored."""
    (before, _) = text.split("declare module '@channels-binding/core'")
    assert before.splitlines()[-1].startswith("// @ts-ignore: ")

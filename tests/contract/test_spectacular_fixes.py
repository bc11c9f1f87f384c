"""Where drf-spectacular's schema is corrected; that it is right then, tests/conformance/test_openapi.py proves."""

import re
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from django.contrib.postgres.fields import DateRangeField, IntegerRangeField
from django.core.validators import RegexValidator
from rest_framework import serializers

from channels_binding.contract import spectacular_fixes
from channels_binding.contract.spectacular_fixes import (
    BEYOND_ASCII,
    DURATION,
    NOT_BLANK,
    Inspector,
    by_field,
    composite,
    corrected,
    with_letters_beyond_ascii,
)
from channels_binding.omissions import Omissions
from channels_binding.serializers.fields import Base64Field, RangeField


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "x-spec-enum-id": "a"}, {"type": "string"}),
        ({"oneOf": [{}, {"type": "null"}]}, {}),
        ({"enum": ["a", "b"], "type": "string", "maximum": 3}, {"enum": ["a", "b"], "type": "string"}),
        ({"enum": [Decimal("0.5"), None], "type": "number"}, {"enum": ["0.5", None], "type": ["null", "string"]}),
        ({"properties": {"a": {"type": "string", "x-spec-enum-id": "a"}}}, {"properties": {"a": {"type": "string"}}}),
        ({"type": "integer", "maximum": 5}, {"type": "integer", "maximum": 5}),
        (
            {"oneOf": [{"type": "string", "pattern": "^a*$"}, {"type": "string", "maxLength": 0}]},
            {"anyOf": [{"type": "string", "pattern": "^a*$"}, {"type": "string", "maxLength": 0}]},
        ),
    ],
)
def test_notes_and_doubles_are_taken_out(schema: Any, expected: Any) -> None:
    assert corrected(schema, "request") == expected


def test_a_64_bit_integer_may_be_text_and_its_bounds_are_numbers_a_document_can_hold() -> None:
    schema = {"type": ["integer", "null"], "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1}
    taken, shown = corrected(schema, "request"), corrected(schema, "response")
    assert taken["type"] == shown["type"] == ["integer", "null", "string"]
    assert shown["maximum"] == 2**53 - 1
    assert isinstance(taken["maximum"], float)
    assert re.match(shown["pattern"], str(-(2**63)))
    assert not re.match(shown["pattern"], "5")
    assert not re.match(corrected({**schema, "minimum": 0}, "request")["pattern"], "-5")


def test_a_time_has_no_offset_and_a_decimal_has_a_digit() -> None:
    time = corrected({"type": "string", "format": "time"}, "response")
    assert "format" not in time
    assert re.match(time["pattern"], "23:59:01.5")
    assert not re.match(time["pattern"], "24:00")
    number = corrected({"type": "string", "format": "decimal", "pattern": r"^-?\d{0,8}(?:\.\d{0,2})?$"}, "request")
    assert [bool(re.match(number["pattern"], text)) for text in ("", "-", ".", "1", ".5", "-12.50")] == [False] * 3 + [
        True
    ] * 3


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^[\w.@+-]+$", rf"^[{BEYOND_ASCII}\w.@+-]+$"),
        (r"^\w+-\d\D\W$", rf"^[{BEYOND_ASCII}\w]+-[{BEYOND_ASCII}\d]\D\W$"),
        (r"[\]\w][a\d]", rf"[{BEYOND_ASCII}\]\w][{BEYOND_ASCII}a\d]"),
        (r"\[\w]", rf"\[[{BEYOND_ASCII}\w]]"),
        (r"[^\w ]", r"[^\w ]"),
        (r"^[^\W\d_]+\w$", r"^[^\W\d_]+\w$"),
        (r"^(?!\d+$)\w+$", r"^(?!\d+$)\w+$"),
        (r"\\w", r"\\w"),
        ("^[A-Z0-9 ]*$", "^[A-Z0-9 ]*$"),
    ],
)
def test_words_and_digits_of_a_pattern_may_be_of_every_script(pattern: str, expected: str) -> None:
    assert with_letters_beyond_ascii(pattern) == expected
    re.compile(expected)


def test_files_and_json_depend_on_the_direction() -> None:
    class Both(serializers.Serializer[Any]):
        file = serializers.FileField()
        content = serializers.JSONField()

    shape = {
        "type": "object",
        "properties": {"file": {"type": "string"}, "content": {}},
        "required": ["file", "content"],
    }
    taken = by_field(Both(), shape, "request")
    assert taken["properties"]["file"]["required"] == ["$file"]
    assert "null" not in taken["properties"]["content"]["type"]
    assert by_field(Both(), shape, "response")["properties"]["file"]["type"] == ["string", "null"]


class Texts(serializers.Serializer[Any]):
    title = serializers.CharField()
    blank = serializers.CharField(allow_blank=True)
    raw = serializers.CharField(trim_whitespace=False)
    slug = serializers.CharField()


def test_a_text_that_may_not_be_blank_is_more_than_spaces() -> None:
    properties: dict[str, Any] = {
        **{name: {"type": "string"} for name in ("title", "blank", "raw")},
        "slug": {"pattern": "^a"},
    }
    shape = {"type": "object", "properties": properties}
    taken = by_field(Texts(), shape, "request")["properties"]
    assert taken == {**properties, "title": {"type": "string", "pattern": NOT_BLANK}}
    assert by_field(Texts(), shape, "response")["properties"] == properties
    for number in range(0x3100):  # no spaces beyond
        text = chr(number)
        assert bool(re.search(NOT_BLANK, text)) is bool(text.strip())
        is_taken = jsonschema_rs.Draft202012Validator(taken["title"]).is_valid(text)
        assert is_taken is bool(text.strip()) or text == "\ufeff"  # to ECMA-262 the mark of byte order is one


def test_a_composite_key_is_text_of_as_many_parts() -> None:
    pattern = composite([{"type": "integer"}, {"type": "string"}])["pattern"]
    assert re.match(pattern, "-5,a")
    assert not re.match(pattern, "a,5,")
    assert not re.match(pattern, "5")


class Lists(serializers.Serializer[Any]):
    nested = serializers.ListField(child=serializers.ListField(allow_empty=False))
    full = serializers.ListField(allow_empty=False)
    any_length = serializers.ListField()


def test_a_list_that_may_not_be_empty_says_so_also_within_a_list() -> None:
    items: dict[str, Any] = {"type": "array", "items": {}}
    shape = {"properties": {"nested": {"type": "array", "items": items}, "full": items, "any_length": items}}
    taken = by_field(Lists(), shape, "request")["properties"]
    assert taken["nested"] == {"type": "array", "items": {**items, "minItems": 1}}
    assert taken["full"]["minItems"] == 1
    assert taken["any_length"] == items
    assert by_field(Lists(), shape, "response")["properties"] == shape["properties"]


@pytest.mark.parametrize(("flags", "pattern"), [(0, rf"^[{BEYOND_ASCII}\w]+$"), (re.ASCII, r"^\w+$")])
def test_the_pattern_of_a_validator_is_wider_unless_it_is_of_ascii_and_holds_for_what_is_written(
    flags: int, pattern: str
) -> None:
    field = serializers.CharField(validators=[RegexValidator(re.compile(r"^\w+$", flags))])
    schema: dict[str, Any] = {"type": "string"}
    inspector = Inspector(Omissions())
    inspector._insert_field_validators(field, schema)
    assert corrected(schema, "request") == {"type": "string", "pattern": pattern}
    assert corrected(schema, "response") == {"type": "string"}, "a row may have been written without this validator"


def mapped(extension: str, field: Any, direction: str = "request") -> Any:
    found: Any = getattr(spectacular_fixes, extension)(field)
    return found.map_serializer_field(None, direction)


def test_a_range_is_taken_as_an_object_and_shown_as_text() -> None:
    numbers, days = (RangeField(model_field=cls()) for cls in (IntegerRangeField, DateRangeField))
    assert mapped("_Range", numbers, "response") == {"type": "string"}
    taken = mapped("_Range", numbers)
    assert taken["properties"]["lower"] == {"type": ["integer", "null"], "minimum": -(2**31), "maximum": 2**31 - 1}
    assert taken["properties"]["bounds"]["enum"] == ["[)", "[]", "(]", "()"]
    assert mapped("_Range", days)["properties"]["upper"] == {"type": ["string", "null"], "format": "date"}


def test_bytes_durations_and_addresses_are_texts_of_a_kind() -> None:
    assert mapped("_Base64", Base64Field())["contentEncoding"] == "base64"
    assert mapped("_Duration", serializers.DurationField()) == {"type": "string", "pattern": DURATION}
    assert re.match(DURATION, "1 02:03:04.5")
    assert mapped("_Address", serializers.IPAddressField(protocol="IPv4")) == {"type": "string", "format": "ipv4"}
    assert len(mapped("_Address", serializers.IPAddressField())["anyOf"]) == 2

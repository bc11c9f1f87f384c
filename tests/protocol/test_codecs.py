"""Bytes ↔ JSON: odd documents are refused by name, and what leaves is always JSON that a browser reads exactly."""
# ruff: noqa: E501 (tables are read across)

import contextlib
import datetime
import decimal
import enum
import json
import math
import tracemalloc
import uuid
from typing import Any

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.utils.encoders import JSONEncoder

from channels_binding.calls import Row
from channels_binding.exceptions import BadRequest, TooLarge
from channels_binding.protocol import codecs
from channels_binding.protocol.codecs import SAFE_INTEGER, Fragment, canonical, decode, encode, joined, parse

BYTES, DEPTH = 4096, 8


def read(text: str | bytes) -> Any:
    return decode(text, max_bytes=BYTES, max_depth=DEPTH)


NOT_JSON: list[str | bytes] = [
    "", " ", "\n", "\ufeff{}", "\ufeff", "{", "}", "[", "]", "{]", "[}", "[1", "[1,", "[,1]", "[1,,2]", "[1 2]", "[1,]",
    '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a" 1}', '{a:1}', "{'a':1}", '{"a":1 "b":2}', '{1:2}', '{null:1}', '{"a":1}}',
    "{}{}", "{}[]", "1 2", "[] []", "nul", "nulll", "Null", "NULL", "None", "True", "FALSE", "tru", "undefined", "NaN", "-NaN", "+1",
    "nan", "Infinity", "-Infinity", "inf", "[NaN]", '{"a":NaN}', '{"a":Infinity}', "01", "-01", "00", "1.", ".5", "-", "--1", "-.5",
    "1e", "1e+", "1E-", "1.e3", "0x10", "0b1", "0o7", "1_000", "1,5", "1d", "٣", "½", "∞",
    '"', '"a', "a\"", "'a'", "`a`", '"\\"', '"\\x41"', '"\\u12"', '"\\u12G4"', '"\\U0001F600"', '"\\a"', '"\\0"', '"\\\n"',
    '"a\nb"', '"a\tb"', '"a\x00b"', '"a\x1fb"', "// comment\n1", "/* comment */1", "1 // comment", "# comment", "[1, /* two */ 2]",
    "<xml/>", "a=b&c=d", "{{}}", "[[]", "()", "(1)", "*", "@", "\x00", "\x00{}", "{}\x00", "\x1b[0m", "\u00a0{}", "\u2028{}", "{}\u3000",
    '"\\ud800"', '"\\udfff"', '"\\ud800\\ud800"', '"\\udc00\\ud800"', '"\\ud83d"', '"\\ud83dx"', '{"\\ud800":1}', '["\\udead"]',
    b"\xff", b"\xfe\xff", b"\xff\xfe{\x00}\x00", b'"\x80"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xed\xbf\xbf"', b'"\xf4\x90\x80\x80"',
    b'"\xf8\x88\x80\x80\x80"', b'"\xe2\x28\xa1"', b'"\xc3"', b'{"\xff":1}', b"\xef\xbb\xbf{}", b"{}\xff", "[" * 2000, '{"a":' * 600,
    "[" * 1100 + "]" * 1100, '"\ud800"', '"\udfff"', '{"\udead": 1}', "[1]]", "[[1]", '{"a":[}', "true false", "-", "e5", "1ee5",
]  # fmt: skip

REFUSED: list[str] = [
    '"\\u0000"', '["\\u0000"]', '{"a":"b\\u0000c"}', '{"\\u0000":1}', '{"a":{"b":["x\\u0000"]}}', '"\\u0000\\u0000"',
    "1e999", "-1e999", "[1e400]", '{"a":1e309}', '{"a":[{"b":-1e309}]}',
    "[" * 9 + "]" * 9, '{"a":' * 9 + "1" + "}" * 9, '[{"a":' * 5 + "1" + "}]" * 5, "[" * 900 + "]" * 900,
]  # fmt: skip

ACCEPTED: list[tuple[str | bytes, Any]] = [
    ("null", None), ("true", True), ("false", False), ("0", 0), ("-0", 0), ("-0.0", -0.0), ("1.0", 1.0), ("1E3", 1000.0), ("1e-7", 1e-7),
    ("[]", []), ("{}", {}), (" {} ", {}), ("\t\n\r[ ]\n", []), ('""', ""), ('" "', " "), ('"\\/"', "/"), ('"/"', "/"), ('"\\u0041"', "A"),
    ('"\\ud83d\\ude00"', "😀"), ('"😀"', "😀"), ('"\\"\\\\\\b\\f\\n\\r\\t"', '"\\\b\f\n\r\t'), ('"\u2028\u2029"', "\u2028\u2029"), ('"\x7f"', "\x7f"),
    ('"\ufffe\uffff"', "\ufffe\uffff"), ('"\u200b\u202e"', "\u200b\u202e"), ('"\ufeff"', "\ufeff"), ('"0"', "0"), ('"null"', "null"),
    ('{"":1}', {"": 1}), ('{"__proto__":1}', {"__proto__": 1}), ('{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}),
    ("[" * 8 + "]" * 8, [[[[[[[[]]]]]]]]), ("9007199254740991", SAFE_INTEGER), ("9007199254740993", 2**53 + 1), ("-9007199254740993", -(2**53) - 1),
    ("9223372036854775807", 2**63 - 1), ("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -(2**63)), ("1e308", 1e308), ("5e-324", 5e-324),
    ("1e-999", 0.0), ("0.1", 0.1), ("123456789.987654321", 123456789.987654321), ("[1,\n2]", [1, 2]), (b'"\xc3\xa9"', "é"), (b"[]", []), ('"<script>"', "<script>"),
    ("[null,null]", [None, None]), ('[{"a":[]},{}]', [{"a": []}, {}]), ("18446744073709551616", 18446744073709551616), ('"\\u0001"', "\x01"), ("7", 7),
]  # fmt: skip


def test_the_corpus_holds_at_least_a_hundred_and_fifty_documents() -> None:
    assert len(NOT_JSON) + len(REFUSED) + len(ACCEPTED) >= 150


@pytest.mark.parametrize("document", NOT_JSON, ids=lambda document: ascii(document)[:40])
def test_what_is_no_json_is_a_bad_request(document: str | bytes) -> None:
    with pytest.raises(BadRequest):
        read(document)


@pytest.mark.parametrize("document", REFUSED, ids=lambda document: ascii(document)[:40])
def test_json_that_a_database_or_a_browser_would_choke_on_is_a_bad_request(document: str) -> None:
    with pytest.raises(BadRequest):
        read(document)


@pytest.mark.parametrize(("document", "value"), ACCEPTED, ids=lambda each: ascii(each)[:40])
def test_odd_but_good_json_is_read(document: str | bytes, value: Any) -> None:
    decoded = read(document)
    assert decoded == value
    assert type(decoded) is type(value)


def test_a_refusal_does_not_repeat_the_document() -> None:
    for document in (*NOT_JSON, *REFUSED):
        with pytest.raises(BadRequest) as refused:
            read(document)
        assert refused.value.message in {
            "This is not JSON.",
            "Text may not hold the character U+0000.",
            "A number is too large.",
            "The message is nested too deeply.",
        }
        assert refused.value.__cause__ is None


@pytest.mark.parametrize("depth", [0, 1, 5, DEPTH])
def test_the_depth_is_counted_in_brackets(depth: int) -> None:
    exact = "[" * depth + "1" + "]" * depth
    assert decode(exact, max_bytes=BYTES, max_depth=depth) is not None
    with pytest.raises(BadRequest, match="deeply"):
        decode(f"[{exact}]", max_bytes=BYTES, max_depth=depth)
    with pytest.raises(BadRequest, match="deeply"):
        decode(f'{{"a":{exact}}}', max_bytes=BYTES, max_depth=depth)


def test_the_length_is_counted_in_bytes_not_characters() -> None:
    assert decode('"éé"', max_bytes=6, max_depth=1) == "éé"
    with pytest.raises(TooLarge) as refused:
        decode('"ééé"', max_bytes=6, max_depth=1)
    assert refused.value.to_json()["limit"] == 6


def test_a_frame_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        decode("{" * 10, max_bytes=9, max_depth=1)


@given(st.one_of(st.text(), st.binary(), st.from_regex(r'[\[\]{}:,"0-9eE+.\-tfn\\u ]{0,60}')))
def test_whatever_arrives_is_read_or_refused_by_name(document: str | bytes) -> None:
    with contextlib.suppress(BadRequest, TooLarge):
        read(document)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NUMBER = st.integers(-SAFE_INTEGER, SAFE_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
LEAF = st.none() | st.booleans() | NUMBER | TEXT
VALUE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)


@given(VALUE)
def test_what_is_encoded_is_decoded_to_the_same(value: Any) -> None:
    assert _exact(decode(encode(value), max_bytes=10**6, max_depth=100)) == _exact(value)


@given(VALUE)
def test_python_s_own_json_reads_what_is_encoded(value: Any) -> None:
    assert _exact(json.loads(encode(value))) == _exact(value)


@given(
    st.recursive(
        st.integers() | st.floats() | LEAF, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8
    )
)
def test_no_number_leaves_that_a_browser_cannot_read_exactly(value: Any) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for number in _numbers(json.loads(encode(value), parse_constant=refuse)):
        assert math.isfinite(number)
        assert isinstance(number, float) or abs(number) <= SAFE_INTEGER


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [number for member in value.values() for number in _numbers(member)]
    if isinstance(value, list):
        return [number for member in value for number in _numbers(member)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def _exact(value: Any) -> str:
    """Equal only for equal types, too: Python holds that ``1 == True == 1.0``."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{_exact(value[name])}" for name in sorted(value)) + "}"
    return "[" + ",".join(map(_exact, value)) + "]" if isinstance(value, list) else repr(value)


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**63, 2**64, -(2**70), 10**30])
def test_integers_that_a_browser_would_round_leave_as_text(number: int) -> None:
    assert json.loads(encode({"n": number, "list": [number]})) == {"n": str(number), "list": [str(number)]}
    assert json.loads(encode(number)) == str(number)


@pytest.mark.parametrize("number", [SAFE_INTEGER, -SAFE_INTEGER, 0])
def test_integers_that_a_browser_reads_stay_numbers(number: int) -> None:
    assert json.loads(encode([number])) == [number]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_never_leave(value: float) -> None:
    assert encode({"a": value, "b": [value]}) == b'{"a":null,"b":[null]}'
    assert encode([2**60, value]) == b'["1152921504606846976",null]'


class Colour(enum.Enum):
    RED = "red"


class Shouted:
    def __str__(self) -> str:
        return "shouted"


UID = uuid.UUID("12345678-1234-5678-1234-567812345678")
AT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
KINDS: list[tuple[Any, Any]] = [
    (decimal.Decimal("1.50"), "1.50"),
    (UID, str(UID)),
    (AT, "2026-01-02T03:04:05Z"),
    (datetime.date(2026, 1, 2), "2026-01-02"),
    (datetime.time(3, 4), "03:04:00"),
    (datetime.timedelta(seconds=5), "0:00:05"),
    (Colour.RED, "red"),
    (gettext_lazy("Yes"), "Yes"),
    ((1, 2), [1, 2]),
    ({3}, [3]),
    (frozenset({3}), [3]),
    (Shouted(), "shouted"),
    ({1: 2}, {"1": 2}),
    ({None: 1}, {"null": 1}),
    ({True: 1}, {"true": 1}),
    ({UID: 1}, {str(UID): 1}),
    ({Colour.RED: 1}, {"red": 1}),
]


@pytest.mark.parametrize(("value", "travels_as"), KINDS, ids=str)
def test_what_json_lacks_travels_as_its_text(value: Any, travels_as: Any) -> None:
    assert json.loads(encode({"v": value})) == {"v": travels_as}


@pytest.mark.parametrize(("value", "travels_as"), KINDS, ids=str)
def test_one_large_integer_changes_nothing_of_its_neighbours(value: Any, travels_as: Any) -> None:
    assert json.loads(encode({"v": value, "n": 2**60})) == {"v": travels_as, "n": str(2**60)}


@pytest.mark.parametrize("value", [b"bytes", memoryview(b"bytes"), {"a": [b"x"]}, {(1, 2): 3}, "\ud800"])
def test_what_has_no_text_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_fragments_are_laid_in_as_they_are() -> None:
    assert encode({"rows": Fragment(b'[{"id":1}]'), "n": 2**60}) == b'{"rows":[{"id":1}],"n":"1152921504606846976"}'


def test_encoded_parts_are_joined_to_an_array() -> None:
    assert joined([]) == b"[]"
    assert joined([b"1", b'{"a":2}']) == b'[1,{"a":2}]'
    assert parse(joined([encode("a"), encode(None)])) == ["a", None]


@given(st.dictionaries(TEXT, LEAF), st.randoms())
def test_equal_values_are_canonical_whatever_the_order_of_their_keys(value: dict[str, Any], random: Any) -> None:
    names = list(value)
    random.shuffle(names)
    assert canonical({name: value[name] for name in names}) == canonical(value)


def test_what_cannot_be_ordered_has_no_canonical_form() -> None:
    with pytest.raises(TypeError):
        canonical({"a": object()})


def test_the_safe_integer_is_a_browser_s() -> None:
    assert codecs.SAFE_INTEGER == int(float(2**53)) - 1 == 9007199254740991


def test_many_values_are_encoded_as_each_would_be() -> None:
    values = [{"a": 1}, {"a": 2**60}, {"a": (1, {2})}, {"a": "x"}]
    assert codecs.encode_each(values) == [codecs.encode(value) for value in values]
    assert codecs.encode_each([]) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"event": "x.y", "data": {"id": 1, "\\u0069d": 2}}',
        '[{"a": {"b": 1}}, {"c": [{"d": 1, "d": 1}]}]',
        '{"": 1, "": 1}',
    ],
)
def test_a_name_twice_in_one_object_is_refused(text: str) -> None:
    """A proxy that looks at messages may know the first, and we would take the second."""
    with pytest.raises(BadRequest):
        codecs.decode(text, max_bytes=1000, max_depth=10)


@pytest.mark.parametrize(
    "text",
    ['{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}', '{"a:": ":\\":", "b\\\\": ":", "c": "\\\\\\":"}', '":"', "[]", "1"],
)
def test_colons_in_texts_and_names_in_other_objects_are_no_names_twice(text: str) -> None:
    assert codecs.decode(text, max_bytes=1000, max_depth=10) == json.loads(text)


def test_rows_that_are_kept_take_no_more_memory_than_they_are_long() -> None:
    tracemalloc.start()
    try:
        kept = [*codecs.encode_each([{"id": number} for number in range(1000)])]
        kept += [Row.of(number, {"id": number}).body for number in range(1000)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == 2000
    assert taken < 2000 * 200


LONG = [2**63 - 1, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 12345678901234567890123, -(10**40), 10**300]


@pytest.mark.parametrize("number", LONG)
def test_a_whole_number_keeps_its_digits_however_long_it_is(number: int) -> None:
    text = f'{{"n": [{number}], "t": "{number}", "f": 0.1234567890123456789, "e": 1e22}}'
    value = decode(text, max_bytes=4000, max_depth=9)
    assert value == {"n": [number], "t": str(number), "f": 0.12345678901234568, "e": 1e22}
    assert type(value["n"][0]) is int
    assert canonical({"n": number}) == canonical({"n": number})
    assert canonical({"n": number}) != canonical({"n": number - 1})
    assert str(parse(encode(value))["n"][0]) == str(number)


@pytest.mark.parametrize("text", ["1" + "0" * 309, "-1" + "0" * 400, "9" * 5000])
def test_a_whole_number_that_no_double_holds_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        decode(f'{{"n": {text}}}', max_bytes=9000, max_depth=9)


def test_a_moment_in_utc_is_spelled_as_rest_framework_spells_it() -> None:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    zone = datetime.timezone(datetime.timedelta(hours=1))
    for value in (moment, moment.astimezone(zone), moment.replace(tzinfo=None), moment.date(), moment.time()):
        assert parse(encode([value])) == json.loads(json.dumps([value], cls=JSONEncoder))

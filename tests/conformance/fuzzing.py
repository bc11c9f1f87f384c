"""Schemathesis over a running server: every check, with each exception spelled out and judged case by case.

What a schema cannot say is not an excuse for any answer: a valid request may be refused only for what the database
holds, and an invalid one accepted only where REST framework is known to read it as a valid one.
"""

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import unquote

import schemathesis
from django.utils.dateparse import parse_duration
from hypothesis.internal.intervalsets import IntervalSet
from hypothesis.strategies._internal import regex
from jsonschema import Draft202012Validator
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import BooleanField
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

from channels_binding.contract.spectacular_fixes import BEYOND_ASCII, DURATION
from channels_binding.protocol.codecs import SAFE_INTEGER
from channels_binding.protocol.names import CURSORS

CSRF = "f" * 32
STATE_CODES = {
    "does_not_exist",
    "not_found",
    "unique",
    "unique_together",
    "invalid_choice",
    "bound_ordering",
    "ragged",
    "above_high",  # zoo.Step's own, of the same kind
    "invalid_file",
}
"""Codes of what no schema can say: a key that leads nowhere, a value that is taken, a range that ends before it begins,
lists in a list of several lengths."""


@dataclass
class Run:
    """What became of it."""

    cases: int = 0
    per_operation: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """A running server, and the session of somebody who may do everything there."""

    url: str
    session: str
    document: Mapping[str, Any]
    max_examples: int
    excluded: str | None = None
    """Paths that are left out, as a regular expression."""


def fuzz(target: Target, seed: int) -> Run:
    """Run every phase and check on every operation of the document."""
    schema = _schema(target, seed)
    run = Run()
    with _wide_ranges():
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _note(run, event)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                run.errors.append(str(getattr(event, "value", None) or getattr(event, "exception", event)))
    return run


class _Characters(regex.CharactersBuilder):
    """Takes a wide range of characters as one interval.

    Hypothesis 6.170 walks every character of a range, and ``BEYOND_ASCII`` has a million: most of the time went there.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.code_to_char = lambda code: code if isinstance(code, IntervalSet) else chr(code)

    def add_char(self, c: Any) -> None:
        if isinstance(c, IntervalSet):
            self._intervals |= c
        else:
            super().add_char(c)


def _range(first: int, end: int) -> Iterable[Any]:
    return range(first, end) if end - first < 1_000 else [IntervalSet(((first, end - 1),))]


@contextmanager
def _wide_ranges() -> Iterator[None]:
    """It can go when Hypothesis adds ranges as intervals."""
    with (
        mock.patch.object(regex, "CharactersBuilder", _Characters),
        mock.patch.object(regex, "range", _range, create=True),
    ):
        yield


def _schema(target: Target, seed: int) -> Any:
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": target.url,
            "continue-on-failure": True,
            # as a page of the site sends it: the CSRF cookie beside the session's
            "auth": {"openapi": {"cookieAuth": {"api_key": f"{target.session}; csrftoken={CSRF}"}}},
            "headers": {"X-CSRFToken": CSRF, "Referer": target.url},
            "generation": {
                "max-examples": target.max_examples,
                "deterministic": True,
                "no-shrink": True,
                "allow-x00": False,
            },
        }
    )
    schema = schemathesis.openapi.from_dict(_of_whole_rows(target.document), config=config)
    schema.hooks.register_hook_with_name(_is_a_failure, "filter_failure")
    return schema.exclude(path_regex=target.excluded) if target.excluded else schema


def _of_whole_rows(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without ``fields``, by which the caller wants less than the whole row that a schema describes."""
    found: dict[str, Any] = json.loads(json.dumps(document))
    for item in found["paths"].values():
        for operation in item.values():
            operation["parameters"] = [each for each in operation.get("parameters", ()) if each["name"] != "fields"]
    return found


def _note(run: Run, event: Any) -> None:
    recorder = event.recorder
    run.cases += len(recorder.cases)
    run.per_operation[recorder.label] += len(recorder.cases)
    for case_id, checks in recorder.checks.items():
        interaction = recorder.interactions.get(case_id)
        answer = interaction.response.content[:600] if interaction and interaction.response else b""
        for check in checks:
            if check.failure_info:
                failure = check.failure_info.failure
                request = check.failure_info.code_sample[:600]
                run.failures.append(
                    f"{recorder.label}: {failure.title}\n{failure.message[:600]}\n{request}\n{answer!r}"
                )


# What may be


def _is_a_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    if isinstance(failure, RejectedPositiveData):
        return not _is_refused_for_what_there_is(case, response)
    if isinstance(failure, AcceptedNegativeData):
        is_read = _is_read_as_valid(case.operation.schema.raw_schema, case) or _is_a_read_in_a_body(case)
        return not (_is_refused_unread(response) or _is_refused_row_by_row(response) or is_read)
    return True


def _is_a_read_in_a_body(case: Any) -> bool:
    """What is ``null`` there, or a number in text, or neither true nor false, is what it would be in a query string."""
    return case.method == "POST" and bool(case.path.endswith("/aggregate"))


def _is_refused_unread(response: Any) -> bool:
    """A precondition decides before the data is looked at (RFC 9110, section 13.2.1); so does what is too long."""
    return response.status_code in (304, 412, 414)


def _is_refused_row_by_row(response: Any) -> bool:
    """Several rows by ``ids``, of which each has its own result: 200, and an error in every one."""
    answer = _json(response) if response.status_code == 200 else {}
    results = answer.get("results") or ()
    return answer.get("success") is False and bool(results) and all("error" in each for each in results)


def _is_refused_for_what_there_is(case: Any, response: Any) -> bool:
    """The row is of another version, a key leads nowhere, a value is taken; a form says itself what it misses."""
    if response.status_code == 412:
        return "If-Match" in (case.headers or {})
    answer = _json(response)
    if case.path.endswith("/batch"):
        return "op" in answer  # of streams and actions that there are not
    if "success" in answer:
        return answer["success"] is False and bool(answer["errors"])
    allowed = STATE_CODES | _codes_of_operation(case)
    refused = answer.get("fields") or {}
    return bool(refused) and all(
        {*_codes(errors)} <= allowed | _codes_of(case, name) for name, errors in refused.items()
    )


def _orders_by_what_is_not_asked(case: Any) -> bool:
    """An aggregate is ordered by measures and groups that are asked for, which a document cannot say."""
    given = case.query if case.method == "GET" else case.body
    asked = given if isinstance(given, Mapping) else {}
    names = {name.removeprefix("-") for name in _listed(asked.get("order"))}
    return not names <= {*(_listed(asked.get("measures")) or ["count"]), *_listed(asked.get("by"))}


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else str(value).split(",") if value else []


def _codes_of_operation(case: Any) -> set[str]:
    """A handler without annotations takes any object and says what it lacks; "unique for a date" needs both in a PATCH."""
    operation = case.operation.schema.raw_schema["paths"][case.path][case.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    if case.method == "GET" and "ids" in (case.query or {}):
        return {"unknown"}  # rows asked for by their keys have no pages, order and filters, which a document cannot say
    if case.path.endswith("/aggregate"):
        return {"unknown", "invalid"} if _orders_by_what_is_not_asked(case) else set()
    is_untyped = {"schema": {"type": "object", "additionalProperties": True}} in content.values()  # no body is {}
    return {"required"} if is_untyped or (case.method == "PATCH" and "zoo.Step" in case.path) else set()


def _codes_of(case: Any, name: str) -> set[str]:
    """JSON Schema's formats are only near what Django takes for a URL, an e-mail address, a date.

    Nobody but the server makes a cursor, and beside one there are no pages and no count.
    """
    if {*CURSORS} & {*(case.query or {})} and name in (*CURSORS, "page", "count", "order"):
        return {"invalid"}
    schema = _body_schema(case.operation.schema.raw_schema, case) if isinstance(case.body, dict) else {}
    properties = schema.get("properties", {})
    if name == "__all__":
        return {"invalid"}  # a constraint across columns
    if name == "id" and not unquote(str((case.path_parameters or {}).get("id", ""))).isprintable():
        return {"invalid"}
    found = properties.get(name, {})
    is_near = '"format"' in json.dumps(found) or (name in properties and _has_no_letter(case.body.get(name), found))
    return {"invalid"} if is_near else set()


def _has_no_letter(value: Any, schema: dict[str, Any]) -> bool:
    """Beyond ASCII a pattern takes all there is; what Python takes, the same pattern says without it."""
    pattern = schema.get("anyOf", [schema])[0].get("pattern", "")
    is_wide = isinstance(value, str) and BEYOND_ASCII in pattern
    return is_wide and not re.search(pattern.replace(BEYOND_ASCII, ""), value.strip())


def _body_schema(document: Mapping[str, Any], case: Any) -> Any:
    operation = document["paths"][case.path][case.method.lower()]
    schema = operation["requestBody"]["content"][case.media_type]["schema"]
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _json(response: Any) -> dict[str, Any]:
    answer = json.loads(response.content)
    assert isinstance(answer, dict)
    return answer


def _codes(errors: Any) -> Iterator[str]:
    if isinstance(errors, dict) and isinstance(errors.get("code"), str):
        yield errors["code"]
    elif isinstance(errors, dict | list):
        for each in errors.values() if isinstance(errors, dict) else errors:
            yield from _codes(each)


# What REST framework reads as something else


def _is_read_as_valid(document: Mapping[str, Any], case: Any) -> bool:
    """Whether what is wrong is right once it is read as REST framework's and Django's fields read it."""
    meta = case.meta
    if meta.is_negative_at(ParameterLocation.PATH):
        return False
    is_query_fine = not meta.is_negative_at(ParameterLocation.QUERY) or _is_query_read_as_valid(document, case)
    is_body_fine = not meta.is_negative_at(ParameterLocation.BODY) or _is_body_read_as_valid(document, case)
    return is_query_fine and is_body_fine


def _is_query_read_as_valid(document: Mapping[str, Any], case: Any) -> bool:
    """``day=2000-1-1`` is a date, a UUID needs no hyphens, ``0.5`` is a duration; and no value is no filter."""
    parameters = document["paths"][case.path][case.method.lower()]["parameters"]
    schemas = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
    return any(name in schemas and _is_value_read_as_valid(value, schemas[name]) for name, value in case.query.items())


def _is_value_read_as_valid(value: Any, schema: dict[str, Any]) -> bool:
    if value in ("", ["", ""]) or _is_duration(value, schema):
        return True
    return "format" in schema and Draft202012Validator({**schema, "format": "none"}).is_valid(value)


def _is_body_read_as_valid(document: Mapping[str, Any], case: Any) -> bool:
    if case.media_type == "multipart/form-data" and not isinstance(case.body, dict):
        return True  # what cannot be written as parts arrives as none, and a form without changes is one
    schema = _body_schema(document, case)
    validator = Draft202012Validator({**schema, "components": document["components"]})
    return validator.is_valid(_read(case.body, schema, document))


def _read(value: Any, schema: Any, document: Mapping[str, Any]) -> Any:
    """``{"title": 5, "done": 1, "rank": "7"}`` → ``{"title": "5", "done": True, "rank": 7}``."""
    if not isinstance(schema, dict):
        return value
    if "$ref" in schema:
        return _read(value, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    for kind in ("oneOf", "anyOf", "allOf"):
        for part in schema.get(kind, ()):
            value = _read(value, part, document)
    types = schema.get("type", ())
    for name in [types] if isinstance(types, str) else types:
        value = _READERS.get(name, _as_it_is)(value, schema, document)
    return value


def _as_it_is(value: Any, schema: Any, document: Any) -> Any:
    return value


def _as_object(value: Any, schema: Any, document: Any) -> Any:
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties", {})
    return {name: _read(each, properties.get(name, {}), document) for name, each in value.items()}


def _as_array(value: Any, schema: Any, document: Any) -> Any:
    """An object is iterated as its keys."""
    if not isinstance(value, list | dict):
        return value
    return [_read(each, schema.get("items", {}), document) for each in value]


def _as_text(value: Any, schema: Any, document: Any) -> Any:
    """Keys that are text are read by ``str()``, UUIDs of integers too, durations of seconds; nothing may be null."""
    if value == "" and "null" in schema["type"]:
        return None
    if _is_duration(value, schema):
        return "0:00:00"
    if isinstance(value, int) and schema.get("format") == "uuid":
        return str(uuid.UUID(int=value))
    return value if value is None or isinstance(value, bool) else str(value).strip()


def _is_duration(value: Any, schema: Any) -> bool:
    return schema.get("pattern") == DURATION and not isinstance(value, bool) and parse_duration(str(value)) is not None


def _as_number(value: Any, schema: Any, document: Any) -> Any:
    if value is False and "number" in schema["type"]:
        return 0  # as Python's float() has it
    if value == "" and "null" in schema["type"]:
        return None
    try:
        number = float(value) if isinstance(value, str | float) else value
    except ValueError:
        return value
    whole = int(number) if isinstance(number, float) and number.is_integer() else number
    return str(whole)[:18] if isinstance(whole, int) and abs(whole) > SAFE_INTEGER else whole


def _as_boolean(value: Any, schema: Any, document: Any) -> Any:
    try:
        return BooleanField(allow_null=True).to_internal_value(value)
    except (ValidationError, TypeError):
        return value


_READERS = {
    "object": _as_object,
    "array": _as_array,
    "string": _as_text,
    "integer": _as_number,
    "number": _as_number,
    "boolean": _as_boolean,
}

"""A form as browsers post it: rows of formsets under the names that Django's formsets give them (spec/protocol.md §2.1).

``chapters-0-id=3&chapters-0-title=new&chapters-1-title=added`` says what ``{"chapters": [{"id": "3", "title": "new"},
{"title": "added"}]}`` says. The second is what everything behind this knows.
"""

import re
from collections.abc import Mapping
from typing import Any

from channels_binding.exceptions import Invalid
from channels_binding.forms.formset import MAX_ROWS

CLEAR = "-clear"
"""What Django's ClearableFileInput adds to a name: the file that was there goes."""
TICKED = ("on", "true", "True", "1", 1, True)
_COUNTS = ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
_TEMPLATE = "__prefix__"
"""Stands for the number in Django's ``empty_form``, which a page holds to copy and posts with the rest."""

Rows = dict[int, dict[str, Any]]


def as_json(submitted: Mapping[str, Any], files: Mapping[str, Any], formsets: Mapping[str, Any]) -> dict[str, Any]:
    """A submission with the rows of each formset as a list, their files among them; other files go their own way.

    A number that is left out is a row that is not there.

    Raises:
        Invalid: A number that is none, or not below ``TOTAL_FORMS``, or not below ``MAX_ROWS``.
    """
    rows: dict[str, Rows] = {}
    plain: dict[str, Any] = {}
    for name, value in (*submitted.items(), *files.items()):
        formset, rest = _taken_apart(name, formsets)
        if formset is not None:
            _put(rows.setdefault(formset, {}), formset, rest, value)
        elif name in submitted:
            plain[name] = value
    for formset, found in rows.items():
        _check_total(formset, found, submitted)
        plain.setdefault(formset, [_row(formsets[formset], found[number]) for number in sorted(found)])
    return _cleared(plain, files)


def _taken_apart(name: str, formsets: Mapping[str, Any]) -> tuple[str | None, str]:
    """``"chapters-0-title"`` → ``("chapters", "0-title")``; what is of no formset → ``(None, …)``."""
    for formset in sorted(formsets, key=len, reverse=True):
        rest = name.removeprefix(f"{formset}-")
        if rest != name and (rest in _COUNTS or re.match(rf"(\d+|{_TEMPLATE})-.", rest)):
            return formset, rest
    return None, name


def _put(rows: Rows, formset: str, rest: str, value: Any) -> None:
    number, _, field = rest.partition("-")
    if rest not in _COUNTS and number != _TEMPLATE:
        rows.setdefault(_number(formset, number, MAX_ROWS - 1), {})[field] = value


def _number(formset: str, text: Any, largest: int) -> int:
    if not re.fullmatch("0|[1-9][0-9]{0,4}", str(text)) or int(text) > largest:
        raise Invalid.field(formset, "invalid", f"In '{formset}', {str(text)[:20]!r} is no number up to {largest}.")
    return int(text)


def _check_total(formset: str, rows: Rows, submitted: Mapping[str, Any]) -> None:
    """Django ignores rows beyond ``TOTAL_FORMS``; here they are an error."""
    total = _number(formset, submitted.get(f"{formset}-TOTAL_FORMS", MAX_ROWS), MAX_ROWS)
    if rows and max(rows) >= total:
        raise Invalid.field(formset, "invalid", f"'{formset}' has a row {max(rows)}, but TOTAL_FORMS is {total}.")


def _row(cls: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what Django's templates hide in it: its key is ``id``, its parent is the form's own row anyway."""
    meta = getattr(getattr(cls, "model", None), "_meta", None)
    names = {meta.pk.name: "id"} if meta else {}
    parent = getattr(getattr(cls, "fk", None), "name", None)
    row = {names.get(name, name): value for name, value in values.items() if name != parent}
    return _cleared({name: value for name, value in row.items() if (name, value) != ("id", "")}, {})


def _cleared(values: Mapping[str, Any], files: Mapping[str, Any]) -> dict[str, Any]:
    """``{"cover-clear": "on"}`` → ``{"cover": None}``; where a new file came with it, the new file."""
    marks = {name.removesuffix(CLEAR): value for name, value in values.items() if name.endswith(CLEAR)}
    given = {name: value for name, value in values.items() if not name.endswith(CLEAR)}
    return {name: None for name, value in marks.items() if value in TICKED and name not in files} | given

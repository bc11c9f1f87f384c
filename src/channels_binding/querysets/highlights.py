"""Where in texts the words of a search occur: ``["An ", "oak", " table"]``, plain text and what was found by turns."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

MAX_TEXT_LENGTH = 20_000
"""Of longer texts only this many characters are looked at."""
WHOLE_LENGTH = 300
"""Longer texts are cut to what stands around the words, in characters."""
AROUND = 60
"""How many characters stand before and after what was found."""
ELLIPSIS = "…"

Parts = list[str]
"""Plain text and what was found by turns, beginning with plain text, which may be empty; ``[]`` where nothing was found."""


def in_words(texts: Sequence[str], words: Sequence[str]) -> list[Parts]:
    """For each text where one of the words stands in it, in upper or lower case."""
    lowered = [*dict.fromkeys(_lowered(word) for word in words if word)]
    return [_cut(_parts(text, _spans(_lowered(text), lowered))) for text in (each[:MAX_TEXT_LENGTH] for each in texts)]


def in_full_text(texts: Sequence[str], query: str, config: str | None, using: str) -> list[Parts]:
    """For each text what PostgreSQL's full text search finds in it: words in any form.

    Args:
        query: As in a search engine: ``tall "oak tree" or elm -pine``.
        config: Of the language; that of the database by default.
    """
    given = [_storable(text[:MAX_TEXT_LENGTH]) for text in texts]
    begin, end, given = _with_marks(given)
    marks = f'StartSel="{begin}", StopSel="{end}"'
    whole = f"{marks}, HighlightAll=true"
    cut = f'{marks}, MaxFragments=2, MinWords=10, MaxWords=30, FragmentDelimiter=" {ELLIPSIS} "'
    options = [whole if len(text) <= WHOLE_LENGTH else cut for text in given]
    with connections[using].cursor() as cursor:
        cursor.execute(_HEADLINES, [config, config, query, given, options])
        return [_marked(text, begin, end) for (text,) in cursor.fetchall()]


_HEADLINES = """
    SELECT ts_headline(
        COALESCE(%s::regconfig, get_current_ts_config()), given.text,
        websearch_to_tsquery(COALESCE(%s::regconfig, get_current_ts_config()), %s), given.options
    )
    FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given(text, options, place) ORDER BY given.place
"""


def _storable(text: str) -> str:
    """A text that PostgreSQL takes."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _with_marks(texts: list[str]) -> tuple[str, str, list[str]]:
    """Two characters of the private area that no text holds, and the texts; where they hold all, without these two."""
    used = set().union(*texts)
    begin, end, *_ = [*(char for char in map(chr, range(0xE000, 0xF900)) if char not in used), "\ue000", "\ue001"]
    if used.isdisjoint((begin, end)):
        return begin, end, texts
    return begin, end, [text.replace(begin, "\ufffd").replace(end, "\ufffd") for text in texts]


def _marked(text: str, begin: str, end: str) -> Parts:
    """``"An <oak> table"`` → ``["An ", "oak", " table"]``."""
    first, *others = text.split(begin)
    return [first, *(part for each in others for part in each.split(end, 1))] if others else []


def _lowered(text: str) -> str:
    """In lower case, and as long as it was."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _spans(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words are, those that touch as one. Of each word as many as can be shown: a text may hold it everywhere."""
    found: list[tuple[int, int]] = []
    for word in words:
        start, most = text.find(word), WHOLE_LENGTH // len(word) + 1
        while start >= 0 and most:
            found.append((start, start + len(word)))
            start, most = text.find(word, start + len(word)), most - 1
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _parts(text: str, spans: Sequence[tuple[int, int]]) -> Parts:
    if not spans:
        return []
    parts, place = [], 0
    for start, end in spans:
        parts += [text[place:start], text[start:end]]
        place = end
    return [*parts, text[place:]]


def _cut(parts: Parts) -> Parts:
    """Of a long text what stands around the first words that were found."""
    if sum(map(len, parts)) <= WHOLE_LENGTH:
        return parts
    made: Parts = []
    for number, part in enumerate(parts):
        is_long = number % 2 == 0 and len(part) > 2 * AROUND
        made.append(_middle_cut(part, number == 0, number == len(parts) - 1) if is_long else part)
    shown, size = made[:3], sum(map(len, made[:3]))
    for pair in range(3, len(made), 2):
        size += sum(map(len, made[pair : pair + 2]))
        if size > WHOLE_LENGTH:
            break
        shown += made[pair : pair + 2]
    return shown


def _middle_cut(part: str, is_first: bool, is_last: bool) -> str:
    """Plain text without what is far from the words beside it."""
    head = "" if is_first else part[:AROUND]
    tail = "" if is_last else part[-AROUND:]
    return f"{head}{ELLIPSIS}{tail}"


def in_rows(
    rows: Sequence[tuple[Any, dict[str, Any]]], names: Sequence[str], find: Callable[[list[str]], list[Parts]]
) -> dict[str, dict[str, Parts]]:
    """``{"7": {"title": ["An ", "oak", " table"]}}``, of the texts that rows show under ``names``.

    Args:
        rows: Key and what is shown.
        find: Texts → their parts.
    """
    cells = [(str(key), name, row[name]) for key, row in rows for name in names if isinstance(row.get(name), str)]
    found: dict[str, dict[str, Parts]] = {}
    for (key, name, _), parts in zip(cells, find([text for _, _, text in cells]) if cells else (), strict=True):
        if parts:
            found.setdefault(key, {})[name] = parts
    return found

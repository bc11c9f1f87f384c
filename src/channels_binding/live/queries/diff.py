"""The difference between two readings of one query, as messages. Pure: readings in, message bodies out."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from channels_binding.calls.call import Reading, Row
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import Body
from channels_binding.types import Pk


def snapshot(reading: Reading) -> Body:
    """Everything: ``{"type": "snapshot", "v": …, "data": {…}, "etags": […]}``."""
    return Body(reading.data, "snapshot", reading.version, etags=None if reading.is_single else reading.etags)


def gone() -> Body:
    """A single row that its reader can no longer have, deleted or hidden alike."""
    return Body(type="gone")


def diff(old: Reading, new: Reading) -> Body | None:
    """What brings a client from ``old`` to ``new`` (spec/protocol.md §3); None if nothing differs.

    Rows ``1 2 3`` → ``1 4 2`` with 2 changed: ``remove [3]``, ``put [[1, {4}, etag]]``, ``patch [[2, {changes}, etag]]``.
    """
    data = {**_movements(old.rows, new.rows), **({"patch": patches} if (patches := _patches(old, new)) else {})}
    for name, value in {**new.meta, **new.extra}.items():
        if (old.extra if name in new.extra else old.meta).get(name) != value:
            data[name] = value
    if not data:
        return None
    return Body(codecs.encode(data), "diff", new.version, from_v=old.version)


def _movements(old: Sequence[Row], new: Sequence[Row]) -> dict[str, Any]:
    """``remove`` and ``put``: rows that leave, rows that enter, and the fewest moves that order the rest."""
    new_keys = {row.pk for row in new}
    old_keys = {row.pk for row in old}
    staying = _longest_increasing(
        [row.pk for row in old if row.pk in new_keys], {row.pk: i for i, row in enumerate(new)}
    )
    remove = [row.pk for row in old if row.pk not in staying]
    put = [_placed(index, row, row.pk in old_keys) for index, row in enumerate(new) if row.pk not in staying]
    return {**({"remove": remove} if remove else {}), **({"put": put} if put else {})}


def _placed(index: int, row: Row, is_move: bool) -> list[Any]:
    return [index, row.pk] if is_move else [index, codecs.Fragment(row.body), row.etag]


def _longest_increasing(keys: Sequence[Pk], place: Mapping[Pk, int]) -> set[Pk]:
    """The largest set of rows that need not move: a longest increasing subsequence of their new places (patience sorting)."""
    tops: list[int] = []
    previous: list[int] = []
    piles: list[int] = []
    places = [place[key] for key in keys]
    for index, value in enumerate(places):
        at = bisect_left(tops, value)
        tops[at : at + 1] = [value]
        piles[at : at + 1] = [index]
        previous.append(piles[at - 1] if at else -1)
    kept: set[Pk] = set()
    index = piles[-1] if piles else -1
    while index >= 0:
        kept.add(keys[index])
        index = previous[index]
    return kept


def _patches(old: Reading, new: Reading) -> list[list[Any]]:
    """``[pk, changed fields, etag, cleared names?]`` of every row that is in both and differs."""
    before = {row.pk: row for row in old.rows}
    return [_patch(before[row.pk], row) for row in new.rows if row.pk in before and before[row.pk].etag != row.etag]


def _patch(old: Row, new: Row) -> list[Any]:
    before, after = codecs.parse(old.body), codecs.parse(new.body)
    changed = {name: value for name, value in after.items() if name not in before or _differ(before[name], value)}
    cleared = [name for name in before if name not in after]
    return [new.pk, changed, new.etag, *([cleared] if cleared else [])]


def _differ(before: Any, after: Any) -> bool:
    """Whether two values differ as JSON: to Python ``1``, ``1.0`` and ``True`` are equal."""
    return codecs.encode(before) != codecs.encode(after)


def returning(have: Mapping[str, Any], reading: Reading) -> Body:
    """The answer to a client that comes back and says what it has: ``same``, ``delta`` or ``snapshot``."""
    if have.get("v") == reading.version:
        return same_as(reading)
    beside = _beside(reading)
    known = _known(have)
    if reading.is_single or not known:
        return snapshot(reading)
    lacking = [row for row in reading.rows if known.get(row.pk) != row.etag]
    order = [row.pk for row in reading.rows]
    rows = codecs.Fragment(codecs.joined(row.body for row in lacking))
    data = codecs.encode({**beside, "order": order, "rows": rows})
    return Body(data, "delta", reading.version, etags=tuple(row.etag for row in lacking))


def same_as(reading: Reading) -> Body:
    """What a client shows is the reading: what stands beside the rows."""
    return Body(None if reading.is_single else codecs.encode(_beside(reading)), "same", reading.version)


def _beside(reading: Reading) -> dict[str, Any]:
    return {name: value for name, value in {**reading.meta, **reading.extra}.items() if name != "order"}


def _known(have: Mapping[str, Any]) -> dict[Pk, str]:
    """``{"rows": [[7, "a1…"], …]}`` → ``{7: "a1…"}``; whatever is not of that shape counts as not known."""
    rows = have.get("rows")
    if not isinstance(rows, list):
        return {}
    pairs = (pair for pair in rows if isinstance(pair, list) and len(pair) == 2)
    return {pk: etag for pk, etag in pairs if isinstance(pk, (int, str)) and isinstance(etag, str)}

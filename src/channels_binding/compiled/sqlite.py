"""SQLite fast path: stored text or number → JSON value, for types that SQLite does not have.

``"2026-11-24 19:30:00"`` → ``"2026-11-24T19:30:00Z"``, without the datetime, the time zone and the text of it again that
Django's converters and REST framework's field make of it. Whatever does not look as Django writes it goes their way.
"""

import datetime
import zoneinfo
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import models

from channels_binding.compiled.columns import Convert, DecimalText, InstantText, has_djangos_values

EXACT_DIGITS = 15
"""So many significant digits a double holds as they were written (IEEE 754)."""


def short_cut(column: Any, convert: Convert | None, long_way: Convert, connection: Any) -> Convert | None:
    """What to do with the value as the database keeps it, in place of ``long_way``; None if there is no shorter way.

    Args:
        column: The model's field.
        convert: How the value that Django would give is shown (``columns``).
        long_way: Django's converters, then ``convert``.
    """
    if connection.vendor != "sqlite" or not has_djangos_values(column):
        return None
    if isinstance(convert, DecimalText) and isinstance(column, models.DecimalField):
        return _decimal(column, convert, long_way)
    if isinstance(convert, InstantText) and type(column) is models.DateTimeField and settings.USE_TZ:
        return _instant(convert, connection.timezone, long_way)
    if convert is datetime.date.isoformat and type(column) is models.DateField:
        return _date(long_way)
    if convert is None and type(column) is models.UUIDField:
        return _uuid(long_way)
    return boolean if convert is None and type(column) is models.BooleanField else None


def is_parsed_when_fetched(column: Any) -> bool:
    """Whether Python's ``sqlite3`` makes an object of a value because of its column's declared type."""
    return isinstance(column, (models.DateField, models.TimeField, models.BooleanField))


def _decimal(column: Any, convert: DecimalText, long_way: Convert) -> Convert | None:
    """A number that its own text reads back to is that decimal: nothing is to be rounded."""
    digits = min(column.max_digits, convert.digits)
    if column.decimal_places != convert.places or digits > EXACT_DIGITS:
        return None
    form, beyond = f"%.{convert.places}f", 10.0 ** (digits - convert.places)

    def shown(value: Any) -> Any:
        if type(value) is float or type(value) is int:
            text = form % value
            if float(text) == value and -beyond < value < beyond:
                return text
        return long_way(value)

    return shown


def _instant(convert: InstantText, stored_in: datetime.tzinfo, long_way: Convert) -> Convert | None:
    """The database keeps times of one zone, without saying so."""
    if stored_in is not datetime.UTC:
        return None
    parse, is_utc = datetime.datetime.fromisoformat, _is_utc(convert.zone)

    def shown(value: Any) -> Any:
        try:
            moment = parse(value)
        except (ValueError, TypeError):
            return long_way(value)
        if moment.tzinfo is not None:
            return long_way(value)
        return f"{moment.isoformat()}Z" if is_utc else convert(moment.replace(tzinfo=stored_in))

    return shown


def _is_utc(zone: datetime.tzinfo) -> bool:
    return zone is datetime.UTC or (isinstance(zone, zoneinfo.ZoneInfo) and zone.key == "UTC")


def _date(long_way: Convert) -> Convert:
    parse = datetime.date.fromisoformat

    def shown(value: Any) -> Any:
        try:
            return parse(value).isoformat()
        except (ValueError, TypeError):
            return long_way(value)

    return shown


def _uuid(long_way: Convert) -> Convert:
    read = bytes.fromhex

    def shown(value: Any) -> Any:
        try:
            digits = read(value).hex()
        except (ValueError, TypeError):
            return long_way(value)
        if len(digits) != 32 or len(value) != 32:
            return long_way(value)
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    return shown


_BOOLEANS = {0: False, 1: True}


def boolean(value: Any) -> Any:
    return _BOOLEANS.get(value, value)


def booleans(values: Sequence[Any]) -> list[Any]:
    """``boolean`` of each, NULL included, without a call in Python for each."""
    return [*map(_BOOLEANS.get, values, values)]

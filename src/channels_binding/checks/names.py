"""What a name that there is not was meant for: the hints of other checks."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models.constants import LOOKUP_SEP

MOST = 30
"""How many names a hint lists where none is near."""


def near(wrong: str, known: Iterable[str]) -> str | None:
    """``near("titel", ("title", "list"))`` → ``"title"``; None where nothing is alike."""
    return next(iter(get_close_matches(wrong, sorted(known), n=1)), None)


def way_out(wrong: str, known: Iterable[str]) -> str:
    """``"Did you mean 'search'?"``, or what there is: ``"There are: list, search."``"""
    names = sorted(known)
    meant = near(wrong, names)
    more = ", …" if len(names) > MOST else ""
    return f"Did you mean {meant!r}?" if meant else f"There are: {', '.join(names[:MOST]) or 'none'}{more}."


def names_of(model: Any) -> set[str]:
    """What a path through a model may go on with: its fields, and relations of others to it, as queries name them."""
    return {field.name for field in model._meta.get_fields()}


def path_way_out(model: Any, path: str) -> str | None:
    """What was meant by a path that leads nowhere, or None where it leads somewhere.

    ``"owner__nmae"`` of a note → ``"Did you mean 'owner__name'?"``; ``"owner.name"`` → ``"Did you mean 'owner__name'?"``
    """
    if "." in path:
        dotted = path.replace(".", LOOKUP_SEP)
        return path_way_out(model, dotted) or f"Did you mean {dotted!r}?"
    parts = path.split(LOOKUP_SEP)
    for place, part in enumerate(parts):
        if part == "pk":
            continue
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return _said(parts, place, names_of(model), f"{model.__name__} has")
        if field.related_model is None:
            return _lookup(field, parts, place + 1)
        model = field.related_model
    return None


def _lookup(field: Any, parts: list[str], place: int) -> str | None:
    """``title__icontain``: what follows a column is a lookup or a transform, which may have lookups of their own."""
    known: Iterable[str] = field.get_lookups() if hasattr(field, "get_lookups") else ()
    if place >= len(parts) or parts[place] in known or len(parts) > place + 1:
        return None
    return _said(parts, place, known, "Lookups are")


def _said(parts: list[str], place: int, known: Iterable[str], subject: str) -> str:
    names = sorted(known)
    meant = near(parts[place], names)
    if meant is not None:
        return f"Did you mean {LOOKUP_SEP.join([*parts[:place], meant, *parts[place + 1 :]])!r}?"
    return f"{subject}: {', '.join(names[:MOST])}{', …' if len(names) > MOST else ''}."

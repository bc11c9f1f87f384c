"""REST framework's validators where a write leaves out what they ask for: the stored row knows it."""

from collections.abc import Mapping
from typing import Any

from rest_framework.validators import BaseUniqueForValidator


class UniqueForStoredDate:
    """``unique_for_date`` and its like, which REST framework asks both fields of, in a partial update too.

    ``{"title": "new"}`` for a row whose slug is unique for the month of its ``pub_date`` → both are the row's. A date that is
    NULL, or that no field of the serializer holds when a row is created, is compared with nothing, as Django has it.
    """

    requires_context = True

    def __init__(self, validator: Any) -> None:
        self.validator = validator

    def __call__(self, attrs: Mapping[str, Any], serializer: Any) -> None:
        instance, names = serializer.instance, (self.validator.field, self.validator.date_field)
        shown = {field.source for field in serializer.fields.values()}
        if instance is not None and (serializer.partial or self.validator.date_field not in shown):
            attrs = {**{name: getattr(instance, name) for name in names}, **attrs}
        if not {*names} <= {*attrs}.union(shown) or attrs.get(self.validator.date_field, "") is None:
            return
        self.validator(attrs, _Named(serializer, names))


class _Named:
    """A serializer that knows columns by their names, whatever its fields are called, or leaves out."""

    def __init__(self, serializer: Any, names: Any) -> None:
        self.instance = serializer.instance
        self.parent = getattr(serializer, "parent", None)
        self.fields = {name: _Column(name) for name in names}


class _Column:
    def __init__(self, name: str) -> None:
        self.source_attrs = [name]


def complete(serializer: Any) -> Any:
    """Have the validators of a serializer that is about to write take what it is not given from the stored row."""
    validators = getattr(serializer, "validators", None) or ()
    if any(isinstance(each, BaseUniqueForValidator) for each in validators):
        serializer.validators = [
            UniqueForStoredDate(each) if isinstance(each, BaseUniqueForValidator) else each for each in validators
        ]
    return serializer

"""Writes of one statement: where nothing of the project's takes part in a create or update, none of it is made ready for."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, connections
from rest_framework.exceptions import ValidationError

from channels_binding.bindings.actions import is_stock
from channels_binding.bindings.options import Data
from channels_binding.bindings.written import WrittenRows
from channels_binding.calls.call import Written
from channels_binding.classes import is_written_in, overrides
from channels_binding.compiled.stock_writes import StockWrites, stock_writes
from channels_binding.serializers.keys import as_pk
from channels_binding.threads import one_transaction, one_writer

_OWN = ("channels_binding", "typing", "builtins")
_DECLARED = frozenset(
    {
        *(
            "model",
            "stream",
            "fields",
            "exclude",
            "read_only_fields",
            "extra_kwargs",
            "form_class",
            "formsets",
            "sends",
        ),
        *("permission_class", "permission_classes", "throttle_classes", "throttle_scope", "authentication_classes"),
        *("filterset_class", "filterset_fields", "search_fields", "ordering_fields", "ordering", "query_params"),
        *("aggregates", "group_by", "expandable", "search_vector", "search_config"),
        *(
            "page_size",
            "max_page_size",
            "pagination_class",
            "post_save_retrieve",
            "presence",
            "actions",
            "bulk",
            "max_bulk",
        ),
        *("depends_on", "lookup_field", "_actions", "_default_serializer"),
    }
)
"""Attributes that a class may have: what they say is asked for as ever, or is no matter of a write."""
_OF_OTHERS = frozenset(
    {
        *(
            "search",
            "list",
            "aggregate",
            "get_aggregates",
            "get_group_by",
            "get_presence_user",
            "delete",
            "form",
            "describe",
            "subscribe",
            "unsubscribe",
            "create",
            "update",
            "replace",
            "save",
        ),
        *("get_audience", "get_filterset_class", "get_search_fields", "get_ordering_fields", "get_ordering"),
        *("get_page_size", "get_max_page_size", "get_query_params", "get_pagination_class", "filter_queryset"),
        *("get_throttle_classes", "get_throttles", "check_throttles", "get_form_class", "get_form", "get_formsets"),
        *("perform_destroy", "perform_form", "check_formset", "check_form_permission"),
    }
)
"""Methods that a class may have: no create or update calls them."""
_REFUSED = (ValidationError, DjangoValidationError, IntegrityError, DataError, OverflowError)


class RowKey:
    """Stands in for a stored row of which only the key is known, for validators that leave that row out."""

    __slots__ = ("pk",)

    def __init__(self, pk: Any) -> None:
        self.pk = pk


class Valid:
    """Valid data without its serializer: as of one, what was validated, and the row that it is for."""

    def __init__(self, validated_data: Data) -> None:
        self.validated_data = validated_data
        self.instance = None


class OneStatement(WrittenRows):
    """Creates and updates of stock serializers and models."""

    def updated_at_once(self, key: Any, changes: Data, *, partial: bool) -> Written | None:
        """The answer of an update, if it was made by one statement; None where it is to be made the ordinary way.

        What is refused is left to the ordinary way too, which looks first whether there is such a row.
        """
        writes = self.stock_writes(changes)
        if writes is None or writes.has_rules or self.call.if_version is not None or writes.names_key(changes):
            return None
        alias = self.write_alias()
        try:
            values = writes.validated(changes, self.get_serializer_context(), RowKey(key), partial=partial)
            with self.one_statement(alias):
                row = writes.plan.updated(key, values, alias)
                return None if row is None else self.answer_of_write(as_pk(key), row=row)
        except _REFUSED:
            return None

    def stock_writes(self, given: Data) -> StockWrites | None:
        """How to write what is given by one statement; None where that may not be."""
        own = type(self)
        if own not in _by_class:
            _by_class[own] = _stock_writes_of(own)
        writes = _by_class[own]
        if writes is None or type(given) is not dict or self.call.files or not given.keys() <= writes.columns.keys():
            return None
        is_stock = writes.is_possible(self.write_alias()) and self.sees_every_row()
        return writes if is_stock and self._knows_every_row_of(writes.relations(given)) else None

    def transaction(self) -> AbstractContextManager[Any]:
        """What a write runs in: one transaction, unless ``atomic`` is False."""
        return one_transaction(self.write_alias()) if self.atomic else nullcontext()

    def one_statement(self, alias: str) -> AbstractContextManager[Any]:
        """Around one statement and its answer: the statement is a transaction by itself.

        In a transaction it has a savepoint; where permissions of the project's are asked afterwards, a transaction: what they
        fail with undoes the write.
        """
        if connections[alias].in_atomic_block or not all(map(_is_drfs, self.get_permission_classes())):
            return self.transaction()
        return one_writer(alias)

    def _knows_every_row_of(self, models: Iterable[Any]) -> bool:
        """Whether no row of these is hidden from the caller."""
        return all(known is None or known.is_every_row for known in map(self.known_rows, models))


_by_class: "WeakKeyDictionary[type, StockWrites | None]" = WeakKeyDictionary()


def _stock_writes_of(cls: type[OneStatement]) -> StockWrites | None:
    """Of a binding class that says nothing of its own about writes, or about who is shown which row."""
    has_metaclass = type(cls) is not type
    if has_metaclass or any(_is_other(name, value) for name, value in overrides(cls, _OWN)):
        return None
    retrieve = cls.find_action("retrieve")
    if cls.find_model() is None or (retrieve is not None and not is_stock(retrieve)):
        return None
    return stock_writes(cls.default_serializer_class(), cls.get_model())


def _is_drfs(permission: Any) -> bool:
    return isinstance(permission, type) and is_written_in(permission, "rest_framework")


def _is_other(name: str, value: Any) -> bool:
    if name in _DECLARED:
        return hasattr(type(value), "__get__")  # made when it is asked for
    return name not in _OF_OTHERS

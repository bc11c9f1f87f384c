"""get_queryset() and get_object() for a caller, and the models that the rows are read from."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import connections, models

from channels_binding.bindings.access import AccessMixin
from channels_binding.bindings.reader import Reader
from channels_binding.calls.call import Row
from channels_binding.compiled import select
from channels_binding.exceptions import Forbidden, Invalid, NotFound, Unauthenticated
from channels_binding.protocol.codecs import SAFE_INTEGER
from channels_binding.querysets.inspection import is_alone
from channels_binding.querysets.once import once, whole
from channels_binding.security import permissions
from channels_binding.serializers.keys import from_pk, key_field, pk_of
from channels_binding.serializers.relations import joined, prefetches_of
from channels_binding.threads import run_for_code, settle


class RowSource(AccessMixin):
    """The rows of a binding."""

    def get_queryset(self) -> Any:
        """Rows that the caller may know of. It decides every read, write and push alike.

        It may be cut off (``Note.objects.order_by("-rank")[:100]``, but for MySQL), be a union, and look at all rows to say
        which there are: by a window function, an aggregate, ``distinct("team")``. Whatever is asked of it stays within them;
        what a window function shows is counted among them.
        """
        if self.queryset is not None:
            return self.queryset.all()
        return self.get_model()._default_manager.all()

    def reading_queryset(self) -> models.QuerySet[Any]:
        """``get_queryset()``, run, with each row once; it can be filtered, if it is cut off as well."""
        given = settle(self.get_queryset())
        if not isinstance(given, models.QuerySet):
            raise ImproperlyConfigured(
                f"{type(self).__name__}.get_queryset() has returned a {type(given).__name__}, and no queryset."
            )
        queryset = whole(once(given))
        return queryset if self.read_alias is None else queryset.using(self.read_alias)

    def trace_rows(self, queryset: models.QuerySet[Any], reader: Reader) -> None:
        """Note which rows are about to be read, and what is shown of others with them, if a live query is evaluated."""
        if self.trace is not None:
            self.trace.on_matching(queryset)
            self.trace.note_rows(queryset, reader.related(queryset.model), is_by_plan=reader.is_by_plan)

    def get_row(self, key: Any, reader: Reader) -> Row:
        """The row with this key as it is sent, if the caller may see it. Missing and hidden look the same.

        Raises:
            NotFound: No such row, or none that the caller may know of.
            Forbidden: An object permission refuses.
        """
        if type(self).get_object is not RowSource.get_object or not self.sees_every_row():
            return reader.rows_of([self._get_object(key, reader)])[0]
        try:
            rows = reader.row(self.reading_queryset(), key)
        except OverflowError:
            rows = ()
        if not rows:
            raise NotFound()
        return rows[0]

    def _get_object(self, key: Any, reader: Reader) -> Any:
        """``get_object()``. The answer is made of whatever one of the project's asks the database."""
        if type(self).get_object is RowSource.get_object:
            return self.get_object(key, reader)
        with self._asking_more(own=1):
            return self.get_object(key, reader)

    def _asking_more(self, own: int = 0) -> AbstractContextManager[None]:
        """Around code of the project's, such as object permissions, which may ask the database whatever it likes."""
        if self.trace is None:
            return nullcontext()
        self.trace.is_read_by_plan = False
        return self.trace.reading_beside(own)

    def visible_rows(self, queryset: models.QuerySet[Any], reader: Reader) -> tuple[Row, ...]:
        """Rows of a queryset that the object permissions let the caller see."""
        if self.sees_every_row():
            return reader.rows(queryset)
        instances = reader.instances(queryset)
        with self._asking_more():
            visible = [each for each in instances if self.may_see(each)]
        return reader.rows_of(visible)

    def sees_every_row(self) -> bool:
        """Whether the object permissions refuse no row, so that none need be asked about an instance."""
        own = type(self)
        if (
            own.check_object_permissions is not AccessMixin.check_object_permissions
            or own.may_see is not AccessMixin.may_see
        ):
            return False
        return permissions.are_blind_to_objects(settle(self.get_permissions()))

    def get_object(self, key: Any, reader: Reader | None = None, *, lock: bool = False) -> Any:
        """The row with this key, if the caller may have it. Missing and hidden look the same.

        Args:
            lock: Whether the row is about to be written (``SELECT … FOR UPDATE`` where the database has it).

        Raises:
            NotFound: No such row, or none that the caller may know of.
            Forbidden: An object permission refuses.
        """
        queryset = self.reading_queryset()
        if lock:
            queryset = self._locked(queryset, key)
        if reader is not None:
            queryset = joined(queryset, reader.serializer)
        lookups = prefetches_of(queryset)
        try:
            instance = select.get(queryset.prefetch_related(None), key)
        except (queryset.model.DoesNotExist, OverflowError):
            raise NotFound() from None
        with self._asking_more():
            self._check_known(instance)
        models.prefetch_related_objects([instance], *lookups)  # a row that is refused costs as much as a missing one
        return instance

    def _check_known(self, instance: Any) -> None:
        """The object permissions, of which a caller who may not even see the row learns nothing.

        Raises:
            NotFound: The caller may not see the row.
            Unauthenticated, Forbidden: The caller may see it, and not do this with it.
        """
        try:
            self.check_object_permissions(instance)
        except (Unauthenticated, Forbidden):
            if self.call.action == "retrieve" or not self.may_retrieve(instance):
                raise NotFound() from None
            raise

    def may_retrieve(self, instance: Any) -> bool:
        """Whether the object permissions let the caller see a row, whatever this call is about."""
        return self._as_reader(instance).may_see(instance)

    def _as_reader(self, instance: Any) -> Self:
        return self.asked("retrieve", {"id": pk_of(instance)})

    async def aget_object(self, key: Any) -> Any:
        """``get_object`` for coroutine handlers."""
        return await run_for_code(self.get_object, self.parse_key(key))

    def _locked(self, queryset: models.QuerySet[Any], key: Any) -> models.QuerySet[Any]:
        """The queryset that finds the row once it is locked, in the database that is written to: a replica locks nothing, and
        has the row as it was. Where it has conditions, those are asked when the lock is held."""
        queryset = queryset.using(queryset.select_for_update().db)
        connection = connections[queryset.db]
        if not connection.features.has_select_for_update or not connection.in_atomic_block:
            return queryset
        if is_alone(queryset.order_by()):  # PostgreSQL locks nothing that an outer join may lack
            return queryset.select_for_update()
        row = self.get_model()._base_manager.using(queryset.db).select_for_update().filter(pk=key)
        row.values_list("pk").first()
        return queryset

    def key_of(self, data: Mapping[str, Any]) -> Any:
        """``{"id": "7"}`` → ``7``.

        Raises:
            Invalid: There is no ``id``, or it is of the wrong type.
        """
        if data.get("id") is None:
            raise Invalid.field("id", "required", "'id' is missing.")
        return self.parse_key(data["id"])

    @classmethod
    def takes_key(cls, value: Any) -> bool:
        """Whether a value could be the key of a row."""
        try:
            cls.parse_key(value)
        except Invalid:
            return False
        return True

    @classmethod
    def parse_key(cls, value: Any) -> Any:
        """A key as it travels → a key of the model. Strict, so that ``true`` or ``"١"`` never mean row 1; ``7.0`` is JSON's 7.

        Raises:
            Invalid: Of the wrong type.
        """
        pk = cls.get_model()._meta.pk
        if (
            isinstance(value, float) and value.is_integer() and abs(value) <= SAFE_INTEGER
        ):  # beyond, it may mean its neighbour
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, (int, str)) or _NO_TEXT.search(str(value)):
            raise Invalid.field("id", "invalid", "'id' is a number or text.")
        if isinstance(key_field(pk), models.IntegerField) and not _is_integer(value):
            raise Invalid.field("id", "invalid", "'id' is a whole number.")
        try:
            return from_pk(cls.get_model(), value)
        except (ValidationError, ValueError, TypeError):
            raise Invalid.field("id", "invalid", "'id' is not a key of this stream.") from None


_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of surrogate pairs."""


def _is_integer(value: Any) -> bool:
    digits = str(value).removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 20

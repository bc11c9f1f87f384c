"""The built-in actions that write: create, update, replace, save, delete; one row, or several where the binding lets.

Each write is one transaction. What the database refuses although validation let it pass (a race, a constraint that only it
knows) is an error of the contract all the same, with the field where it can be known.
"""

import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import DatabaseError, IntegrityError, connections, models
from django.db.models.signals import post_init, post_save, pre_init, pre_save
from django.http import QueryDict
from rest_framework import serializers

from channels_binding.bindings.actions import builtin
from channels_binding.bindings.one_statement import OneStatement, Valid
from channels_binding.bindings.options import Answer, Data, refuse_unknown
from channels_binding.calls.call import Reading, WithRows, Written
from channels_binding.calls.posted import PostedForm, but
from channels_binding.compiled.columns import has_djangos_values
from channels_binding.exception_handler import as_error, django_field_errors, lacking_value
from channels_binding.exceptions import BindingError, Conflict, Invalid, LimitExceeded, PreconditionFailed
from channels_binding.forms import uploads
from channels_binding.serializers.default import BindingSerializer, column_names, rows_of
from channels_binding.serializers.keys import as_pk, pk_of
from channels_binding.threads import one_writer, settle


class WriteMixin(OneStatement):
    """create, update, replace, save, delete."""

    @builtin(method="POST", view_action="create")
    def create(self, data: Data) -> Answer:
        """The fields → ``{"success": true, "id": 7, …the row as retrieve shows it}``."""
        given = self._input(data)
        if (created := self._created_at_once(given)) is not None:
            return created
        serializer = self.get_writer(data=given)
        with self._writing(lambda: serializer, is_one_statement=self._is_one_insert(given)):
            self._refuse_unsaved(given, serializer)
            serializer.is_valid(raise_exception=True)
            self.clean(serializer)
            settle(self.perform_create(serializer))
            uploads.spend(given, self.write_alias())
            return self.answer_of_write(pk_of(serializer.instance), is_new=True)

    def _created_at_once(self, given: Data) -> Written | None:
        """As any create, of one statement without an instance; None where it is to be made the ordinary way."""
        writes, alias = self.stock_writes(given), self.write_alias()
        if writes is None:
            return None
        values = writes.validated(given, self.get_serializer_context())
        with self._refusing(lambda: Valid(values)), self.one_statement(alias):
            row = writes.plan.inserted(values, alias)
            return None if row is None else self.answer_of_write(row.pk, is_new=True, row=row)

    @builtin(method="PATCH", view_action="partial_update")
    def update(self, data: Data) -> Answer:
        """``{"id": 7, "title": "new"}`` → ``{"success": true, "id": 7}``. What is left out stays.

        ``{"ids": [7, 9], "done": true}`` changes several rows, where the binding has ``bulk``.
        """
        if "ids" in data:
            changes = but(data, "ids")
            return self._each(data["ids"], lambda key: self._update(key, changes, partial=True))
        return self._update(self.key_of(data), data, partial=True)

    @builtin(method="PUT", view_action="update")
    def replace(self, data: Data) -> Answer:
        """As ``update``, but every required field must be there (HTTP's PUT)."""
        return self._update(self.key_of(data), data, partial=False)

    def _update(self, key: Any, data: Data, *, partial: bool) -> Data:
        changes = self._input(but(data, "id"))
        if (updated := self.updated_at_once(key, changes, partial=partial)) is not None:
            return updated
        serializer = None
        with self._writing(lambda: serializer):
            instance = self.get_object(key, lock=True)
            self.check_version(instance)
            serializer = self.get_writer(instance, data=changes, partial=partial)
            self._refuse_unsaved(changes, serializer)
            serializer.is_valid(raise_exception=True)
            self._refuse_another_key(instance, serializer)
            self.clean(serializer)
            settle(self.perform_update(serializer))
            uploads.spend(changes, self.write_alias())
            return self.answer_of_write(as_pk(key))

    @builtin(method="POST", view_action="create")
    def save(self, data: Data) -> Answer:
        """``update`` with an id, ``create`` without."""
        if data.get("id") is not None or "ids" in data:
            return self.perform("update", data)
        return self.perform("create", but(data, "id"))

    @builtin(method="DELETE", view_action="destroy")
    def delete(self, data: Data) -> Answer:
        """``{"id": 7}`` → ``{"success": true, "id": 7}``. ``{"ids": [7, 9]}``: several, where the binding has ``bulk``."""
        refuse_unknown(data, {"ids"} if "ids" in data else {"id"})
        return self._each(data["ids"], self._delete) if "ids" in data else self._delete(self.key_of(data))

    def _delete(self, key: Any) -> Data:
        with self._writing(lambda: None):
            instance = self.get_object(key, lock=True)
            self.check_version(instance)
            settle(self.perform_destroy(instance))
        return {"success": True, "id": as_pk(key)}

    def get_create_values(self) -> Mapping[str, Any]:
        """What a new row gets beside what the client says, whether by ``create`` or a form: ``{"owner": self.user}``."""
        return {}

    def perform_create(self, serializer: Any) -> Any:
        """Save a valid new row."""
        serializer.save(**settle(self.get_create_values()))

    def perform_update(self, serializer: Any) -> Any:
        """Save a valid change."""
        serializer.save()

    def perform_destroy(self, instance: Any) -> Any:
        """Delete a row."""
        instance.delete()

    def _is_one_insert(self, given: Data) -> bool:
        """Whether creating the row is a single INSERT, and no code of the project's comes with it.

        That is a transaction by itself, and needs neither BEGIN nor COMMIT, which are two journeys to the database of three.
        """
        own, model = type(self), self.get_model()
        is_ours = all(
            getattr(own, name) is getattr(WriteMixin, name) for name in ("perform_create", "get_create_values", "clean")
        )
        if not is_ours or self.full_clean or connections[self.write_alias()].in_atomic_block:
            return False
        if not self.writes_by_default() or not given.keys() <= column_names(model) or not self._is_surely_shown():
            return False
        return _saves_as_django_does(model) and not any(isinstance(value, File) for value in given.values())

    def _is_surely_shown(self) -> bool:
        """Whether no code of the project's takes part in the answer, and could fail when the row is there already."""
        own = type(self)
        is_ours = all(
            getattr(own, name).__module__.startswith("channels_binding.") for name in ("retrieve", "get_queryset")
        )
        return is_ours and self._plan() is not None

    @contextmanager
    def _writing(self, find_serializer: Callable[[], Any], *, is_one_statement: bool = False) -> Iterator[None]:
        """The transaction of a write; what the database refuses is an error of the contract, after it is rolled back."""
        transaction = one_writer(self.write_alias()) if is_one_statement else self.transaction()
        with self._refusing(find_serializer), transaction:
            yield

    @contextmanager
    def _refusing(self, find_serializer: Callable[[], Any]) -> Iterator[None]:
        """What the database refuses is an error of the contract."""
        try:
            yield
        except IntegrityError as error:
            raise lacking_value(error, self.get_model()) or self._collision(find_serializer()) from None

    def _collision(self, serializer: Any) -> BindingError:
        """Which field the database has refused, if the model's own constraints say so now."""
        candidate = None if serializer is None else self._candidate(serializer)
        if candidate is not None:
            try:
                candidate.validate_unique()
                _check_constraints(candidate)
            except ValidationError as error:
                return Invalid(fields=django_field_errors(error))
            except DatabaseError:  # the transaction around this one is over
                pass
        return Conflict()

    def clean(self, serializer: Any) -> None:
        """``Model.full_clean()`` of what would be saved, where ``full_clean`` asks for it; of the written fields, as in forms.

        Raises:
            ValidationError: Django's; the transport translates it.
        """
        candidate = self._candidate(serializer) if self.full_clean else None
        if candidate is not None:
            written = {field.source for field in serializer.fields.values() if not field.read_only}
            candidate.full_clean(exclude={field.name for field in candidate._meta.fields} - written)

    def _candidate(self, serializer: Any) -> models.Model | None:
        """The row as a valid serializer would save it, not saved; None where it cannot be known."""
        values = getattr(serializer, "validated_data", None)
        if not isinstance(values, Mapping):
            return None
        model = self.get_model()
        if serializer.instance is None:
            candidate, values = model(), {**values, **settle(self.get_create_values())}
        else:
            candidate = copy.copy(serializer.instance)
        columns = {field.name for field in model._meta.concrete_fields}
        for name in columns & values.keys():
            setattr(candidate, name, values[name])
        return candidate

    def check_version(self, instance: Any) -> None:
        """Compare the row with the version that the writer last saw (``if``; of several, one of them).

        Raises:
            PreconditionFailed: It has changed since; with the row as it is now, if the caller may read it.
        """
        expected = self.call.if_version
        if expected is None or expected == "*":
            return
        versions = {tag.strip().strip('"') for tag in expected.split(",")}
        found = self._retrieved({"id": pk_of(instance)})
        if isinstance(found, Reading):
            (row,) = found.rows
            if row.etag not in versions and self._version_listed(instance) not in versions:
                raise PreconditionFailed(current=self.decoded(row), v=row.etag)
        else:
            (row,) = rows_of(self.get_serializer(), [instance])
            if row.etag not in versions:
                raise PreconditionFailed()

    def _version_listed(self, instance: Any) -> str:
        """The version that lists give a row, whose serializer may be another one than that of ``retrieve``."""
        listing = self.asked("search", {})
        listing.read_alias = self.write_alias()
        rows = listing.make_reader({}).row(listing.reading_queryset(), instance.pk)
        return rows[0].etag if rows else ""

    # Several rows

    def _each(self, ids: Any, write: Callable[[Any], Data]) -> Data:
        """Write several rows: all of them or none (``bulk = "atomic"``), or each for itself (``"independent"``)."""
        keys = self._keys(ids)
        if self.bulk == "independent":
            results = [self._attempt(key, write) for key in keys]
            return self._of_several(results)
        with self.transaction():
            results = [self._attempt(key, write, is_alone=False) for key in keys]
            return self._of_several(results)

    def _of_several(self, results: list[Data]) -> WithRows:
        answer = {"success": all(result["success"] for result in results), "results": results}
        return WithRows({**answer, "results": self.with_written_rows(results)}, answer)

    def answer_with_rows(self, kept: Mapping[str, Any]) -> Data:
        """The answer of a write of several rows that was made before with the same key; the rows as they are now."""
        return {**kept, "results": self.with_written_rows(kept["results"])} if "results" in kept else dict(kept)

    def _keys(self, ids: Any) -> list[Any]:
        if self.bulk is None:
            raise Invalid.field("ids", "unknown", "This stream takes one 'id' at a time; its binding has no 'bulk'.")
        if not isinstance(ids, list) or not ids or "id" in self.call.data:
            raise Invalid.field("ids", "invalid", "'ids' is a list of keys, in place of 'id'.")
        if self.call.if_version is not None:
            raise Invalid.field("ids", "invalid", "A version ('if') is that of one row.")
        if len(ids) > self.max_bulk:
            raise LimitExceeded(f"At most {self.max_bulk} rows at a time.", limit=self.max_bulk)
        return [*dict.fromkeys(self.parse_key(value) for value in ids)]

    def _attempt(self, key: Any, write: Callable[[Any], Data], *, is_alone: bool = True) -> Data:
        try:
            write(key)
        except Exception as exception:
            error = as_error(exception)
            if is_alone:
                return {"id": as_pk(key), "success": False, "error": error.to_json()}
            error.facts["of"] = as_pk(key)
            raise error from None
        return {"id": as_pk(key), "success": True}

    def _refuse_unsaved(self, given: Data, serializer: Any) -> None:
        """Refuse other rows of a many-to-many relation than there are, where REST framework would leave them out of the write.

        So it does where the relation has a model of its own between, unless the binding says itself that nobody writes it.

        Raises:
            Invalid: With the model whose rows are to be written.
        """
        if not self.writes_by_default():
            return
        for relation in self.get_model()._meta.many_to_many:
            through: Any = relation.remote_field.through
            between, name = through._meta, relation.name
            if name not in given or between.auto_created or name in self.read_only_fields:
                continue
            present = (
                [] if serializer.instance is None else getattr(serializer.instance, name).values_list("pk", flat=True)
            )
            value = given[name]
            value = given.getlist(name) if isinstance(given, QueryDict) else value
            if {str(as_pk(key)) for key in present} != {*map(str, value if isinstance(value, list) else [value])}:
                message = f"It is not written with the row; create and delete rows of {between.label}."
                raise Invalid.field(name, "read_only", message)

    def _refuse_another_key(self, instance: Any, serializer: Any) -> None:
        """Refuse to give a row another key, which Django would take for another row: one that is there, whoever may see it,
        would be written over, else this one would be there twice. A serializer that has its own way to update may know better.

        Raises:
            Invalid: With the field of the key.
        """
        values = getattr(serializer, "validated_data", None)
        if not isinstance(values, Mapping) or not _updates_as_drf_does(serializer):
            return
        for column in instance._meta.pk_fields:
            value = values.get(column.name, instance)
            if value is not instance and key_value(column, value) != getattr(instance, column.attname):
                raise Invalid.field(column.name, KEY_STAYS.code or "", str(KEY_STAYS.message))

    def _input(self, data: Data) -> Data:
        """The data of a write, once its names are known to the serializer; of a form, REST framework's own kind of it."""
        names = self.serializer_names()
        if names is not None:
            refuse_unknown(dict.fromkeys(data.names()) if isinstance(data, PostedForm) else data, {"id", *names})
        if isinstance(data, PostedForm):
            return data.as_input()
        return {**self.with_files(data), **self.call.files}


KEY_STAYS = ValidationError("The key of a row stays as it is; make a new row.", code="read_only")


def key_value(column: Any, value: Any) -> Any:
    """What is stored of a value of a key, which may be a related row."""
    return getattr(value, column.target_field.attname) if isinstance(value, models.Model) else value


def _updates_as_drf_does(serializer: Any) -> bool:
    update = getattr(type(serializer), "update", None)
    return update in (BindingSerializer.update, serializers.ModelSerializer.update)


def _saves_as_django_does(model: type[models.Model]) -> bool:
    """Whether nothing of the project's runs when a row is made: no ``save()``, no manager, no signal's receiver."""
    if not _is_saved_by_django(model):
        return False
    signals: tuple[Any, ...] = (pre_init, post_init, pre_save, post_save)
    heard_by = [receiver for signal in signals for kind in signal._live_receivers(model) for receiver in kind]
    return all(str(receiver.__module__).startswith("channels_binding.") for receiver in heard_by)


@functools.cache
def _is_saved_by_django(model: type[models.Model]) -> bool:
    is_stock = model.save is models.Model.save and model.save_base is models.Model.save_base
    is_managed = type(model._default_manager) is models.Manager
    return is_stock and is_managed and all(has_djangos_values(column) for column in model._meta.concrete_fields)


def _check_constraints(candidate: models.Model) -> None:
    """As ``validate_constraints``, but a broken uniqueness is called ``unique`` also where the constraint names no code.

    Raises:
        ValidationError: Of the first that does not hold.
    """
    for model, constraints in candidate.get_constraints():
        for constraint in constraints:
            try:
                constraint.validate(model, candidate)
            except ValidationError as error:
                if isinstance(constraint, models.UniqueConstraint) and getattr(error, "code", "") is None:
                    error.code = "unique"
                raise

"""DRF serializers, applied to a Call: the one made from ``fields``, narrowing, joins, and rows as they are sent."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.choices import CallableChoiceIterator
from django.utils.functional import classproperty
from django.utils.translation import get_language
from rest_framework import serializers
from rest_framework.utils import model_meta

from channels_binding.calls.call import Row
from channels_binding.classes import is_written_in
from channels_binding.exceptions import Invalid
from channels_binding.protocol import codecs
from channels_binding.serializers import fields
from channels_binding.serializers.generated import held_by
from channels_binding.serializers.keys import pk_of
from channels_binding.serializers.relations import child
from channels_binding.types import Pk

SENSITIVE = re.compile(r"passw|secret|token|hash|salt|credential|private|api_?key|session_?key|otp|(^|_)pin$", re.I)
"""Names that no binding exposes unless its ``fields`` spells them out."""


class SafeIntegerField(serializers.IntegerField):
    """An integer that a browser reads exactly: beyond 2^53 it travels as text."""

    def to_representation(self, value: Any) -> Any:
        number = super().to_representation(value)
        return number if -codecs.SAFE_INTEGER <= number <= codecs.SAFE_INTEGER else str(number)


class BindingSerializer(serializers.ModelSerializer[Any]):
    """The ModelSerializer of a binding that names no ``serializer_class``."""

    @classproperty
    def serializer_field_mapping(cls) -> dict[Any, Any]:
        """REST framework's as it is now, with ours in place of its own: packages register theirs there when they are ready."""
        of_drf = serializers.ModelSerializer.serializer_field_mapping
        return {**of_drf, **{column: field for column, field in _OURS.items() if _is_drfs(of_drf.get(column))}}

    _made: ClassVar[dict[str | None, dict[str, Any]] | None] = None
    """Language → the fields of this class, made once: DRF puts messages and labels into words when it makes them. None where
    they may be others next time."""
    _rules: ClassVar[dict[str | None, Sequence[Any]]]
    """Its validators, likewise."""

    def get_fields(self) -> dict[str, Any]:
        """DRF makes the fields of every instance anew, which is most of a small write; copies of the first ones do as well."""
        cls, language = type(self), get_language()
        kept = vars(cls).get("_made", {})
        if kept is None:
            return super().get_fields()
        if language not in kept:
            made = super().get_fields()
            for field in made.values():
                _ = field.validators  # made now, and copied with the field
            if not all(_is_fixed(cls.Meta.model, name, field) for name, field in made.items()):
                cls._made = None
                return super().get_fields()
            cls._made = kept = {**kept, language: made}
        return {name: _copy(field) for name, field in kept[language].items()}

    @classmethod
    def makes_fields_once(cls) -> bool:
        """Whether all instances have the same fields, as far as those of the first one say; at least one was made."""
        return vars(cls).get("_made") is not None

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[Any, dict[str, Any]]:
        """As DRF's; a generated column is shown as what it holds, and arrays in an array are of one length."""
        cls, options = super().build_standard_field(field_name, held_by(model_field))
        if isinstance(options.get("child"), serializers.ListField):
            options["validators"] = [*options.get("validators", ()), fields.refuse_ragged]
        return cls, options

    def get_validators(self) -> list[Any]:
        """As DRF's, of the model's constraints; likewise found once. They hold nothing of an instance."""
        cls = type(self)
        if cls._made is None:
            return super().get_validators()
        language, kept = get_language(), vars(cls).get("_rules", {})
        if language not in kept:
            cls._rules = kept = {**kept, language: super().get_validators()}
        return [*kept[language]]

    def create(self, validated_data: Any) -> Any:
        """As DRF's, which looks at every field of the model anew; columns need nothing of that."""
        model: Any = self.Meta.model
        if not validated_data.keys() <= column_names(model):
            return super().create(validated_data)
        return model._default_manager.create(**validated_data)

    def update(self, instance: Any, validated_data: Any) -> Any:
        """As DRF's."""
        model: Any = self.Meta.model
        if not validated_data.keys() <= column_names(model):
            return super().update(instance, validated_data)
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save()
        return instance


_OURS: dict[Any, Any] = {
    models.BigIntegerField: SafeIntegerField,
    models.BigAutoField: SafeIntegerField,
    models.PositiveBigIntegerField: SafeIntegerField,
    models.BinaryField: fields.Base64Field,
    **fields.of_ranges(),
}


def _is_drfs(field: Any) -> bool:
    return field is None or is_written_in(field, "rest_framework")


@functools.cache
def column_names(model: type[models.Model]) -> frozenset[str]:
    return frozenset(column.name for column in model._meta.concrete_fields)


def _is_fixed(model: type[models.Model], name: str, field: Any) -> bool:
    """Whether a field would be made alike tomorrow: choices may come from a function, or from a folder, and which related
    rows may be chosen (``limit_choices_to``) from a function or a manager."""
    columns = {each.name: each for each in (*model._meta.concrete_fields, *model._meta.many_to_many)}
    column: Any = columns.get(field.source or name)
    is_chosen = isinstance(getattr(column, "choices", None), CallableChoiceIterator)
    is_limited = column is not None and column.is_relation and bool(column.remote_field.limit_choices_to)
    return not (isinstance(field, serializers.FilePathField) or is_chosen or is_limited)


def _copy(field: Any) -> Any:
    """A field with the arguments of ``field``; what it holds finds the context of its own serializer."""
    copied = object.__new__(type(field))  # as copy.copy, in a fifth of the time
    vars(copied).update(vars(field))
    if hasattr(copied, "_validators"):
        copied._validators = [*copied._validators]
    for name in ("child", "child_relation"):
        if hasattr(copied, name):
            inner = _copy(getattr(copied, name))
            inner.parent = copied
            setattr(copied, name, inner)
    return copied


def implicit_fields(model: type[models.Model]) -> tuple[str, ...]:
    """What a binding without ``fields`` shows: every field of the model whose name does not look like a secret.

    ``auth.User`` → ``("id", "last_login", "is_superuser", "username", …)``, without ``password``.
    """
    meta = model._meta
    unshown = {*unshown_relations(model), *(["id"] if has_other_id(model) else [])}
    fields = [field for field in (*meta.concrete_fields, *meta.many_to_many) if not _is_parent_link(field)]
    return tuple(field.name for field in fields if not SENSITIVE.search(field.name) and field.name not in unshown)


def has_other_id(model: type[models.Model]) -> bool:
    """Whether a column is called ``id`` and is not the key, as of each model of django-simple-history.

    ``id`` of a row is its key, everywhere; such a column can be shown under another name.
    """
    return any(column.name == "id" and not column.primary_key for column in model._meta.concrete_fields)


def unshown_relations(model: type[models.Model]) -> tuple[str, ...]:
    """Many-to-many relations of which REST framework knows no field, so that it would show their manager: taggit's ``tags``."""
    known = model_meta.get_field_info(model).relations
    return tuple(field.name for field in model._meta.many_to_many if field.name not in known)


def _is_parent_link(field: Any) -> bool:
    """Whether a field only says which row of the parent's table this one continues (multi-table inheritance)."""
    return bool(getattr(field.remote_field, "parent_link", False))


def implicit_read_only(model: type[models.Model]) -> tuple[str, ...]:
    """Fields of an account that nobody may write unless the binding's ``fields`` spells them out."""
    if not issubclass(model, PermissionsMixin):
        return ()
    return ("is_superuser", "is_staff", "is_active", "groups", "user_permissions", "last_login", "date_joined")


def default_class(
    model: type[models.Model], fields: Sequence[str], read_only: Sequence[str], extra_kwargs: Mapping[str, Any]
) -> type[BindingSerializer]:
    """The ModelSerializer for ``fields`` of ``model``, the key first where it is a field that DRF knows to show.

    A row begins with its key as ``id`` in any case (``rows_of``).
    """
    key = model._meta.pk
    if has_other_id(model):
        fields = [name for name in fields if name != "id"]
    is_shown = key.name in fields or "id" in fields or not key.concrete or _is_parent_link(key)
    names = tuple(fields) if is_shown else (key.name, *fields)
    kept = tuple(name for name in read_only if name in names)
    options = {"model": model, "fields": names, "read_only_fields": kept, "extra_kwargs": extra_kwargs}
    meta = type("Meta", (), options)
    return type(f"{model.__name__}Serializer", (BindingSerializer,), {"Meta": meta})


def narrow(serializer: Any, names: Any) -> None:
    """Keep only ``names`` (``["title", "status"]`` or ``"title,status"``) of a serializer's fields, and the key.

    Raises:
        Invalid: A name that the serializer does not have.
    """
    target = child(serializer)
    if names is None or not isinstance(target, serializers.Serializer):
        return
    wanted = wanted_names(names, [name for name, field in target.fields.items() if not field.write_only])
    for name in set(target.fields) - (wanted or set()):
        target.fields.pop(name)


def wanted_names(names: Any, readable: Sequence[str]) -> set[str] | None:
    """``["title"]`` or ``"title"`` → ``{"title", "id"}``; None where all are wanted.

    Raises:
        Invalid: A name that is not ``readable``.
    """
    if names is None:
        return None
    wanted = names.split(",") if isinstance(names, str) else names
    if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
        raise Invalid.field("fields", "invalid", "'fields' is a list of field names.")
    if not set(wanted) <= set(readable):
        raise Invalid.field("fields", "unknown", f"No such field. Possible: {', '.join(readable)}.")
    return {*wanted, "id"}


def rows_of(serializer: Any, instances: Sequence[Any]) -> tuple[Row, ...]:
    """Model instances → rows as sent. Each begins with ``id``."""
    represent = child(serializer).to_representation
    return tuple(row_of(pk_of(instance), represent(instance)) for instance in instances)


def row_of(pk: Pk, representation: Any) -> Row:
    """A representation as it is sent."""
    return Row.of(pk, {"id": pk, **representation} | {"id": pk})  # first, and the key whatever the serializer calls id


def check_class(cls: Any, owner: type) -> Any:
    """``serializer_class`` must be one.

    Raises:
        ImproperlyConfigured: It is not a DRF serializer class.
    """
    if isinstance(cls, type) and issubclass(cls, serializers.BaseSerializer):
        return cls
    raise ImproperlyConfigured(f"{owner.__name__}.serializer_class must be a DRF serializer class, not {cls!r}.")

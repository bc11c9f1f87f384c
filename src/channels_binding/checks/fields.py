"""Fields that no row can show as they are: managers of packages, which are no JSON, and a column that takes the key's name."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, Warning
from rest_framework.serializers import ReadOnlyField

from channels_binding.bindings.base import BaseBinding, declared_filterset
from channels_binding.bindings.binding import Binding
from channels_binding.checks.serializers import serializer_of
from channels_binding.serializers.default import has_other_id, unshown_relations

_HINT = "Name a 'serializer_class' with a field for it; the package that it comes from may have one."


def unshowable(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W025: a relation that is left out because no serializer field knows it. E024: one that 'fields' names."""
    if cls.serializer_class is not None:
        return
    names = [name for name in unshown_relations(cls.get_model()) if name not in cls.exclude]
    fields = cls.default_serializer_class()().fields
    for name in names:
        if isinstance(fields.get(name), ReadOnlyField):
            message = f"{cls.__name__}.fields names {name!r}, of which REST framework knows no field: it would show a manager."
            yield Error(message, hint=_HINT, obj=cls, id="channels_binding.E024")
        elif cls.fields is None:
            message = f"{cls.__name__} leaves out {name!r}, of which REST framework knows no field."
            yield Warning(message, hint=_HINT, obj=cls, id="channels_binding.W025")


def other_id(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E026: a column called ``id`` that is not the key is shown, ordered or filtered by, where ``id`` is the row's key."""
    if not has_other_id(cls.get_model()):
        return
    shown = [] if cls.serializer_class is None else getattr(serializer_of(cls), "fields", {})
    filters = getattr(declared_filterset(cls), "base_filters", {})
    named = {
        "fields": cls.fields or (),
        "serializer_class": shown,
        "ordering_fields": cls.ordering_fields or (),
        "ordering": [name.lstrip("-") for name in cls.ordering if isinstance(name, str)],
        "filterset_fields": [
            name for name, each in filters.items() if each.field_name == "id" and name.startswith("id")
        ],
    }
    hint = 'Show it as original_id = IntegerField(source="id") of a serializer_class, filter by NumberFilter(field_name="id").'
    for attribute, names in named.items():
        if "id" in [name.partition("__")[0] for name in names]:
            key = cls.get_model()._meta.pk.name
            message = f"{cls.__name__}.{attribute} names 'id', which is a column; 'id' of a row is its key, {key!r}."
            yield Error(message, hint=hint, obj=cls, id="channels_binding.E026")


_OF_MODELS = (
    *("get_queryset", "get_object", "fields", "exclude", "serializer_class", "get_serializer_class", "filterset_class"),
    *(
        "filterset_fields",
        "search_fields",
        "ordering_fields",
        "aggregates",
        "group_by",
        "form_class",
        "formsets",
        "perform_create",
        "perform_update",
    ),
)


def without_model(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E027: what only a stream with a model is asked for, where neither ``model`` nor ``queryset`` names one."""
    names = [name for name in _OF_MODELS if getattr(cls, name) is not getattr(Binding, name)]
    if names:
        message = f"{cls.__name__} has {', '.join(names)}, but no model: it offers no built-in action."
        yield Error(
            message, hint="Set 'model'; get_queryset() alone does not say it.", obj=cls, id="channels_binding.E027"
        )

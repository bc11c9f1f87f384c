"""Fields of a model that REST framework has no serializer field for: managers of packages, which are no JSON."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, Warning
from rest_framework.serializers import ReadOnlyField

from channels_binding.bindings.base import BaseBinding
from channels_binding.serializers.default import unshown_relations

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

"""The serializer of a binding, as a check looks at it: with the request of somebody who is nobody."""

from typing import Any

from django.contrib.auth.models import AnonymousUser

from channels_binding.bindings.base import BaseBinding
from channels_binding.calls.call import Call
from channels_binding.serializers.relations import child


def serializer_of(cls: type[BaseBinding]) -> Any:
    """One whose ``get_fields()`` may ask ``self.context["request"].user``, as at each call."""
    binding: Any = cls(Call(cls.get_stream(), "retrieve", {}, AnonymousUser()))
    serializer: Any = cls.serializer_class or cls.default_serializer_class()
    return child(serializer(context=binding.get_serializer_context()))

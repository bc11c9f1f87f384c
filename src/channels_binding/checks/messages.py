"""How a finding of one binding is written."""

from django.core.checks import CheckMessage, Error, Warning

from channels_binding.bindings.base import BaseBinding


def an_error(cls: type[BaseBinding], number: int, message: str, hint: str | None) -> CheckMessage:
    return Error(message, hint=hint, obj=cls, id=f"channels_binding.E{number:03}")


def a_warning(cls: type[BaseBinding], number: int, message: str, hint: str) -> CheckMessage:
    return Warning(message, hint=hint, obj=cls, id=f"channels_binding.W{number:03}")

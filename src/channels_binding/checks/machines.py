"""System checks of what is offered to language models (``contrib.mcp``)."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from channels_binding.checks.guarded import guarded
from channels_binding.conf import get_settings, load_classes
from channels_binding.documentation import page
from channels_binding.protocol.names import READS
from channels_binding.registry import registry
from channels_binding.security import authentication

NAME = "channels_binding_mcp"
"""Of the endpoint in the URLconf."""
READING = {*READS, "describe", "subscribe", "unsubscribe"}


@register("channels_binding")
def check_machines(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """E034, W027."""
    try:
        get_settings()
    except ImproperlyConfigured:
        return []  # E002 says so
    return [message for part in (_names, _tokens) for message in guarded(part)]


def _names() -> Iterator[CheckMessage]:
    by_stream = {cls.get_stream(): cls for cls in registry}
    limits = get_settings()
    for name in limits.MCP_STREAMS or ():
        if name not in by_stream:
            yield _wrong(f"MCP_STREAMS names {name!r}, which is no stream.", name, by_stream)
    for name in limits.MCP_WRITES:
        stream, _, action = name.rpartition(".")
        if stream not in by_stream:
            yield _wrong(f"MCP_WRITES names {name!r}, and {stream!r} is no stream.", stream, by_stream)
        elif action in READING:
            yield _wrong(f"MCP_WRITES names {name!r}, which only reads: that is offered anyway.", "", ())
        elif action not in (actions := by_stream[stream].get_actions()):
            yield _wrong(f"MCP_WRITES names {name!r}, and the stream offers no {action!r}.", action, actions)


def _wrong(message: str, name: str, known: Any) -> CheckMessage:
    meant = get_close_matches(name, list(known), n=1)
    hint = f"Did you mean {meant[0]!r}?" if meant else f"See {page('howto/mcp.md')}"
    return Error(message, hint=hint, id="channels_binding.E034")


def _tokens() -> Iterator[CheckMessage]:
    try:
        place = reverse(NAME)
    except NoReverseMatch:
        return
    classes = load_classes(get_settings().AUTHENTIFICATION_CLASSES)
    if not any(authentication.is_drf(cls) and authentication.takes_tokens(cls) for cls in classes):
        yield Warning(
            f"{place} answers language models, and no class of AUTHENTICATION_CLASSES takes tokens: nobody can ask there.",
            hint='"AUTHENTICATION_CLASSES": ("rest_framework.authentication.TokenAuthentication",), for example; '
            f"see {page('howto/sign-people-in.md')}",
            id="channels_binding.W027",
        )

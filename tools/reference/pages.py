"""The pages of docs/reference that follow from the source."""

import argparse
import functools
import importlib
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.reference.names import (
    ACTIONS,
    ATTRIBUTES,
    CLOSE_CODES,
    FOR_HANDLERS,
    HOOKS,
    MEMBERS,
    MODULES,
    TYPES,
)
from tools.reference.words import arguments, declared, said, signature, table

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
HEAD = "<!-- made by tools/reference: change the docstrings, and run python -m tools.reference -->"


@functools.cache
def pages() -> Mapping[str, str]:
    """``{"bindings.md": "# Bindings …"}``; needs Django's settings."""
    made = {
        "bindings.md": _bindings(),
        "consumers.md": _consumers(),
        "commands.md": _commands(),
        "http.md": _http(),
        "python.md": _python(),
    }
    return {name: re.sub(r"\n{3,}", "\n\n", text).strip() + "\n" for name, text in made.items()}


def _bindings() -> str:
    from channels_binding.bindings import AsyncBinding, PresenceBinding, bind
    from channels_binding.bindings.options import BindingOptions

    known = declared(BindingOptions)
    named = {name for names in ATTRIBUTES.values() for name in names}
    groups = {**ATTRIBUTES, "Others": tuple(name for name in known if name not in named)}
    parts = [
        "# Bindings", HEAD,
        "`Binding` and `AsyncBinding` of `channels_binding.consumers` are the same, but for the handlers: plain functions or "
        "coroutines. `BaseBinding` is what both derive from. One instance answers one call. "
        "`PresenceBinding` is a stream of rooms ([presence](../howto/presence.md)).",
        "A name that is almost one of these is found by `manage.py check` ([W020](checks.md#warnings)).",
        "## Attributes",
    ]  # fmt: skip
    for title, names in groups.items():
        rows = [[f"`{name}`", f"`{known[name][1]}`", known[name][2]] for name in names]
        parts += [f"### {title}", table(("Attribute", "Default", "Meaning"), rows)] if rows else []
    parts += [
        "## Hooks",
        "Override these where the answer depends on who asks (`self.user`), on what (`self.action`, `self.call`), or on more "
        "than an attribute can say. Each may be a coroutine, on either class. What a hook reads may be read for every caller "
        "of a live list: see `get_audience()`.",
    ]
    for title, names in HOOKS.items():
        parts += [f"### {title}", table(("Hook", "Meaning"), [_method(AsyncBinding, name) for name in names])]
    parts += [
        "### Rooms",
        "Of `PresenceBinding` alone:",
        table(("Name", "Meaning"), [["`rooms`", _rooms()], _method(PresenceBinding, "may_enter")]),
        "## Built-in actions",
        "Each is a method that can be overridden, with `@bind` or without, and keeps its place: its name on the wire, its "
        "method over HTTP, the name by which permissions know it. The wire: [the contract](../../spec/protocol.md"
        "#2-built-in-actions-of-a-model-stream).",
        table(("Action", "Permissions know it as", "Meaning"), [_action(AsyncBinding, name) for name in ACTIONS]),
        "## Events of your own",
        f"{signature('@bind', bind)} of `channels_binding.consumers`: {said(bind)}",
        "\n".join(arguments(bind)),
        "How data is checked by annotations: [publish the contract](../howto/contract.md#events). "
        "How to send messages: [custom events](../howto/custom-events.md).",
        "## What a handler has",
        "`self.user` is who calls, `self.call` the [`Call`](python.md#what-a-call-and-an-answer-are), `self.args` and "
        "`self.kwargs` what REST framework's classes expect of a view. Beside these:",
        table(("Name", "Meaning"), [_method(AsyncBinding, name) for name in FOR_HANDLERS]),
        "On `AsyncBinding` `login`, `logout`, `reflect`, `dispatch`, `broadcast`, `send_to` and the built-in actions are "
        "awaited.",
    ]
    return "\n\n".join(parts)


def _rooms() -> str:
    from channels_binding.bindings.presence import RoomMixin

    return declared(RoomMixin)["rooms"][2]


def _method(cls: type, name: str) -> list[str]:
    value = inspect.getattr_static(cls, name)
    if isinstance(value, property):
        return [f"`{name}`", said(value)]
    is_asked = isinstance(value, classmethod) and name.startswith("get_")
    is_of_class = "A class method: it is asked without a caller. " if is_asked else ""
    return [signature(name, getattr(cls, name)), f"{is_of_class}{said(getattr(cls, name))}"]


def _action(cls: Any, name: str) -> list[str]:
    action = next(each for each in cls._actions.values() if each.handler.__name__ == name)
    as_drf = action.view_action or action.name
    return [
        f"`{action.name}`" + (f" (`{name}`)" if name != action.name else ""),
        f"`{as_drf}`",
        said(getattr(cls, name)),
    ]


def _consumers() -> str:
    from channels_binding.consumers import AsyncConsumer, BaseConsumer
    from channels_binding.protocol.names import CloseCode

    hooks = ("get_user", "connected", "disconnected")
    return "\n\n".join((
        "# Consumers and connections", HEAD,
        "`channels_binding.routing.websocket_urlpatterns` serves a socket at `/` and at `/ws/`. For another path, or hooks, "
        "put a consumer into a `URLRouter` yourself: `path(\"live/\", AsyncConsumer.as_asgi())`, as a class "
        "(`path(\"live/\", AsyncConsumer)`) too. `AsyncConsumer` has coroutine hooks, `Consumer` plain ones; each serves "
        "bindings of both kinds. `BaseConsumer` is what both derive from.",
        "## Hooks",
        table(("Hook", "Meaning"), [
            *(_method(AsyncConsumer, name) for name in hooks),
            *(_method(BaseConsumer, name) for name in ("authentication_classes", "as_asgi")),
        ]),
        "## What a consumer has",
        table(("Name", "Meaning"), [
            ["`user`", "Who it is, once `connected()` is called."],
            ["`auth`", "What an authentication class has found beside the user (`request.auth`)."],
            ["`token`", "The token by which somebody wants to be known, for `get_user(consumer)`; None where there is none."],
            ["`scope`", "The handshake, without the token."],
            ["`connection`", "The open connection; None before it is accepted."],
        ]),
        "## Close codes",
        "After 44xx a client does not come back unchanged, after 45xx it does, with backoff. The codes are members of "
        "`channels_binding.protocol.names.CloseCode`.",
        table(("Code", "Name", "When"), [[f"`{int(code)}`", f"`{code.name}`", CLOSE_CODES[code.name]] for code in CloseCode]),
    ))  # fmt: skip


def _commands() -> str:
    from channels_binding_conformance import cli

    folder = ROOT / "src" / "channels_binding" / "management" / "commands"
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    parts = ["# Commands", HEAD, "What `manage.py help` says of them, in one place. Django's own options are left out."]
    for name in names:
        module = importlib.import_module(f"channels_binding.management.commands.{name}")
        parser = argparse.ArgumentParser(prog=f"manage.py {name}", add_help=False)
        module.Command().add_arguments(parser)
        parts += [f"## `manage.py {name}`", said(module.Command.help), _options(parser)]
    parser = cli._parser()
    return "\n\n".join([*parts, f"## `{parser.prog}`", said(str(parser.description)), _options(parser)])


def _options(parser: argparse.ArgumentParser) -> str:
    rows = []
    for each in parser._actions:
        if isinstance(each, argparse._HelpAction):
            continue
        value = f" {each.metavar or each.dest.upper()}" if each.option_strings and each.nargs != 0 else ""
        name = ", ".join(each.option_strings) or each.dest
        choices = f" One of {', '.join(f'`{choice}`' for choice in each.choices)}." if each.choices else ""
        default = f" By default `{each.default}`." if each.default not in (None, False, argparse.SUPPRESS, []) else ""
        rows.append([f"`{name}{value}`", f"{each.help or ''}{choices}{default}".strip()])
    return table(("Option", "Meaning"), rows) if rows else ""


def _http() -> str:
    from channels_binding import urls

    rows: dict[str, list[str]] = {}
    for pattern in urls.urlpatterns:
        route = re.sub(r"<cb_\w*:(\w+)>", r"<\1>", str(pattern.pattern)).replace("<str:name>", "<name>")
        view = next((found for name in ("view_class", "cls") if (found := getattr(pattern.callback, name, None))), None)
        view = view or pattern.callback
        actions = getattr(view, "method_actions", None) or {}
        methods = ", ".join(f"`{method}` {action}" for method, action in actions.items())
        own = ", ".join(f"`{name.upper()}`" for name in ("get", "post") if hasattr(view, name)) or "`GET`"
        if pattern.name and route.endswith("/") and not re.match("explorer/.", route):
            rows.setdefault(route, [f"`{route}`", methods or own, f"`{pattern.name}`", _after_colon(said(view))])
    return "\n\n".join((
        "# HTTP routes", HEAD,
        "What `path(\"api/\", include(\"channels_binding.urls\"))` serves, below `api/`. Each route is there without its final "
        "slash too, but for the pages `docs/` and `explorer/`. "
        "`reverse(\"channels_binding:stream\", args=[\"shop.Order\"])` makes an address. "
        "[`BindingRouter`](../howto/router.md) serves the same below prefixes of your choice. Headers, queries and "
        "server-sent events: [the contract](../../spec/protocol.md#6-http-twin). The documents need the extra `openapi`.",
        table(("Route", "Methods and actions", "Name", "Meaning"), [rows[route] for route in sorted(rows)]),
        "`POST <stream>/<name>/` is the event of that name. Where an action is not offered its method is answered with 405, "
        "and `Allow` lists the others.",
    ))  # fmt: skip


def _after_colon(text: str) -> str:
    """``/api/docs/``: Swagger UI … → Swagger UI …"""
    return text.partition(": ")[2] if text.startswith("`/api/") else text


def _python() -> str:
    parts = [
        "# Python names", HEAD,
        "What else is public, by the module that it is imported from. [Bindings](bindings.md), [consumers](consumers.md), "
        "[errors](errors.md) (`channels_binding.exceptions`) and [settings](settings.md) have pages of their own.",
    ]  # fmt: skip
    for module_name, (title, names) in MODULES.items():
        module = importlib.import_module(module_name)
        parts += [f"## {title}"] * bool(title)
        for name in names:
            parts += _name(module_name, name, getattr(module, name))
    from channels_binding import types

    source = (ROOT / "src/channels_binding/types.py").read_text()
    rows = []
    for name in TYPES:
        text = re.search(rf'^{name}: TypeAlias = [^\n]*\n"""(.+?)"""', source, re.M | re.S)
        rows.append([f"`{name}`", said(text[1]) if text else "What JSON can say."])
        assert hasattr(types, name)
    parts += ["## Types", "Of `channels_binding.types`, for annotations:", table(("Name", "Meaning"), rows)]
    parts += [
        "## For Django's settings and URLs",
        table(("Name", "Meaning"), [
            ["`channels_binding`", "The app, for `INSTALLED_APPS` (`channels_binding.apps.ChannelsBindingConfig`)."],
            ["`channels_binding.urls`", "For `include()`: its `urlpatterns` are [the HTTP routes](http.md)."],
            ["`channels_binding.routing.websocket_urlpatterns`", "For `URLRouter()`: a socket at `/` and at `/ws/`."],
            ["`channels_binding.contrib.mcp.urls`", "For `include()`: [tools of a language model](../howto/mcp.md)."],
        ]),
    ]  # fmt: skip
    return "\n\n".join(parts)


def _name(module: str, name: str, value: Any) -> list[str]:
    fixture = getattr(value, "__wrapped__", None) or getattr(value, "_fixture_function", None)
    if inspect.isclass(value):
        return [f"### `{name}`", f"`from {module} import {name}`. {said(value)}", *_members(value)]
    if fixture is not None and module.endswith("pytest_plugin"):
        return [f"### `{name}`", said(fixture)]
    if callable(value):
        awaited = "await " if inspect.iscoroutinefunction(value) else ""
        shown = signature(name, value).strip("`")
        return [f"### `{name}`", f"`{awaited}{shown}` of `{module}`. {said(value)}", "\n".join(arguments(value))]
    return [f"### `{name}`", f"`from {module} import {name}`. {said(type(value))}", *_members(type(value))]


def _members(cls: type) -> list[str]:
    known = MEMBERS.get(cls.__name__)
    rows = [[f"`{name}`", text] for name, (_, _, text) in declared(cls).items() if known is None or name in known]
    for name, value in vars(cls).items():
        if name.startswith("_") or not said(value) or not (known is None or name in known):
            continue
        if inspect.isfunction(value):
            shown = signature(name, value)
            rows.append([f"`await {shown[1:]}" if inspect.iscoroutinefunction(value) else shown, said(value)])
        elif isinstance(value, (property, functools.cached_property)):
            rows.append([f"`{name}`", said(value)])
    assert known is None or len(rows) == len(known), (cls, rows)
    assert all(text for _, text in rows), (cls, rows)
    return [table(("Member", "Meaning"), rows)] if rows else []

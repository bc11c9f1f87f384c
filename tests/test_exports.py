"""The public surface: names that someone chose, where the documentation says they are."""
# ruff: noqa: E501 (tables are read across)

import importlib
import inspect
import re
from pathlib import Path

import pytest

import channels_binding

PUBLIC: dict[str, tuple[str, ...]] = {
    "channels_binding.consumers": ("AsyncConsumer", "Consumer", "BaseConsumer", "AsyncBinding", "Binding", "PresenceBinding", "bind"),
    "channels_binding.bindings": ("AsyncBinding", "BaseBinding", "Binding", "PresenceBinding", "bind"),
    "channels_binding.exceptions": (
        "BindingError", "BadRequest", "Invalid", "Unauthenticated", "Forbidden", "NotFound", "MethodNotAllowed", "NotAcceptable",
        "Conflict", "Gone", "PreconditionFailed", "TooLarge", "UnsupportedMediaType", "Throttled", "LimitExceeded", "Internal",
        "Unavailable", "Timeout",
    ),
    "channels_binding.calls": ("Call", "Reading", "Row"),
    "channels_binding.dispatch": ("perform", "aperform"),
    "channels_binding.registry": ("registry",),
    "channels_binding.conf": ("Settings", "get_settings"),
    "channels_binding.live": ("asend", "needs_primary", "notify", "process_figures", "send"),
    "channels_binding.testing": ("BindingClient", "BindingCommunicator", "LiveList", "Message", "committed", "finish"),
    "channels_binding.types": ("Audience", "Pk", "JSON"),
    "channels_binding.apps": ("ChannelsBindingConfig",),
    "channels_binding.urls": ("urlpatterns",),
    "channels_binding.asgi": ("serve_bindings",),
    "channels_binding.rest.routers": ("BindingRouter",),
    "channels_binding.bodies": ("limit_bodies",),
    "channels_binding.routing": ("websocket_urlpatterns",),
    "channels_binding.live.transport": ("Transport",),
}  # fmt: skip
SEED = {
    "channels_binding.consumers": {"AsyncConsumer", "AsyncBinding", "bind"},
}
"""What the first release's documentation imports, word for word."""
NAMES = [(module, name) for module, names in PUBLIC.items() for name in names]


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda value: str(value).removeprefix("channels_binding."))
def test_a_public_name_is_where_it_is_said_to_be(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda value: str(value).removeprefix("channels_binding."))
def test_a_public_class_or_function_says_what_it_is(module: str, name: str) -> None:
    value = getattr(importlib.import_module(module), name)
    if getattr(value, "__module__", "").startswith("channels_binding") and (
        inspect.isclass(value) or inspect.isfunction(value)
    ):
        is_plain_error = inspect.isclass(value) and issubclass(value, Exception)
        assert value.__doc__ or is_plain_error


def test_what_the_first_release_s_documentation_imports_is_public() -> None:
    assert all(names <= set(PUBLIC[module]) for module, names in SEED.items())


@pytest.mark.parametrize("module", [module for module in PUBLIC if hasattr(importlib.import_module(module), "__all__")])
def test_a_module_that_lists_its_names_lists_the_public_ones_sorted(module: str) -> None:
    listed = importlib.import_module(module).__all__
    assert set(PUBLIC[module]) <= set(listed)
    assert listed == sorted(listed, key=lambda name: (name.islower(), name))


def test_a_binding_is_the_same_class_wherever_it_is_imported_from() -> None:
    from channels_binding import bindings, consumers

    assert consumers.AsyncBinding is bindings.AsyncBinding
    assert consumers.bind is bindings.bind


def test_the_version_is_one_and_the_same_everywhere() -> None:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    declared = re.search(r'^version = "(.+)"$', text, re.M)
    assert declared is not None
    assert channels_binding.__version__ == declared[1]


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(channels_binding.__file__).parent / "py.typed").exists()

"""A registry for the bindings that a test of the checks defines."""

import pytest

from channels_binding.bindings import base as bindings
from channels_binding.checks import bindings as checks
from channels_binding.registry import Registry


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry of the bindings that the test defines, and of no others."""
    monkeypatch.setattr(bindings, "defined", [])
    monkeypatch.setattr(bindings, "unnamed", [])
    registry = Registry()
    monkeypatch.setattr(checks, "registry", registry)
    return registry

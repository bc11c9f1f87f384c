"""Binding classes that a test defines and nobody else should meet."""

from collections.abc import Iterator
from contextlib import contextmanager

from channels_binding import bindings
from channels_binding.registry import registry


@contextmanager
def throwaway() -> Iterator[None]:
    """Forget, at the end, every binding that was defined meanwhile."""
    registry._catch_up()
    defined, streams, conflicts = len(bindings.defined), dict(registry._by_stream), [*registry.conflicts]
    try:
        yield
    finally:
        del bindings.defined[defined:]
        registry._by_stream.clear()
        registry._by_stream.update(streams)
        registry.conflicts[:] = conflicts
        registry._read = defined

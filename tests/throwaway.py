"""Binding classes that a test defines and nobody else should meet."""

from collections.abc import Iterator
from contextlib import contextmanager

from channels_binding import bindings
from channels_binding.registry import registry


@contextmanager
def throwaway(*only: str) -> Iterator[None]:
    """Forget, at the end, every binding that was defined meanwhile.

    Args:
        only: Streams that are there meanwhile; all, if none is named. A document of all streams takes seconds.
    """
    registry._catch_up()
    defined, streams, conflicts = len(bindings.defined), dict(registry._by_stream), [*registry.conflicts]
    if only:
        registry._by_stream.clear()
        registry._by_stream.update({stream: streams[stream] for stream in only})
    try:
        yield
    finally:
        del bindings.defined[defined:]
        registry._by_stream.clear()
        registry._by_stream.update(streams)
        registry.conflicts[:] = conflicts
        registry._read = defined

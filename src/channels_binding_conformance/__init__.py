"""Holds a server that speaks ``cb.1`` against ``spec/``: ``channels-binding-conformance --url ws://…``.

It knows the server by its sockets and its HTTP alone, and imports nothing of the package's own server, so that both
cannot be wrong in the same way. ``profile`` and ``server`` beside it are a server to be tried, as ``spec/profile.md`` has it.
"""

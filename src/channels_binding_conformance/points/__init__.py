"""All points, in the order in which they are tried."""

from channels_binding_conformance.points import envelope, http, legacy, live, reads, sessions, transcripts, writes

__all__ = ["envelope", "http", "legacy", "live", "reads", "sessions", "transcripts", "writes"]

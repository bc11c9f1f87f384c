"""Live queries: evaluated once for all who ask the same, found by what changed, sent as differences."""

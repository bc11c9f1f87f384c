"""The page at ``explorer/``: all streams of a project, live. Its script is ``packages/explorer``, built into the wheel."""

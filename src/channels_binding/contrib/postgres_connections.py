"""Connections of psycopg's own to a database of the project: Django's are for one thread, and never wait for a ``NOTIFY``."""

from typing import Any

from django.db import connections

NOT_OURS = {"cursor_factory", "context", "prepare_threshold"}
"""Parameters of Django's connection that are for Django alone."""


def parameters(alias: str) -> dict[str, Any]:
    """What psycopg connects with: ``{"host": "127.0.0.1", "dbname": "shop", …}``."""
    found = connections[alias].get_connection_params()
    return {name: value for name, value in found.items() if name not in NOT_OURS}

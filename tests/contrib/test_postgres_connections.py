"""What psycopg connects with is what Django does, without what is Django's alone."""

import psycopg
import pytest
from django.db import connection

from channels_binding.contrib.postgres_connections import parameters


@pytest.mark.skipif(connection.vendor != "postgresql", reason="there is no PostgreSQL in DATABASES")
@pytest.mark.django_db
def test_it_is_the_database_of_the_tests() -> None:
    with psycopg.connect(**parameters("default")) as found:
        assert found.info.dbname == connection.settings_dict["NAME"]


def test_what_is_djangos_own_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {
        "host": "127.0.0.1",
        "dbname": "shop",
        "cursor_factory": object,
        "context": None,
        "prepare_threshold": None,
    }
    monkeypatch.setattr(connection, "get_connection_params", lambda: asked, raising=False)
    assert parameters("default") == {"host": "127.0.0.1", "dbname": "shop"}

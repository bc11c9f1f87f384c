"""Stored sessions: what one statement finds of many is what each store loads."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.backends import cached_db, db
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_binding.live.sessions import is_stored_by_django, read_sessions
from channels_binding.testing import session_cookie

pytestmark = pytest.mark.django_db


def test_many_are_read_by_one_statement_and_as_their_stores_load_them(user: Any) -> None:
    keys = [session_cookie(user) for _ in range(5)]
    asked = {*keys, "nowhere"}
    with CaptureQueriesContext(connection) as captured:
        found = read_sessions(asked)
    assert len(captured) == 1
    assert found == {key: db.SessionStore(key).load() for key in asked}
    assert found["nowhere"] == {}


@pytest.mark.parametrize("engine", ["cache", "cached_db", "signed_cookies", "file"])
def test_any_other_store_loads_them_itself(engine: str, user: Any, settings: Any) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    key = session_cookie(user)
    assert read_sessions({key})[key]["_auth_user_id"] == str(user.pk)


def test_no_session_is_read_where_a_project_has_none(settings: Any) -> None:
    settings.SESSION_ENGINE = "nowhere.sessions"
    assert read_sessions(set()) == {}


class OwnTable(db.SessionStore):
    """As Django's documentation extends it."""

    @classmethod
    def get_model_class(cls) -> Any:
        return super().get_model_class()


class OwnText(db.SessionStore):
    def decode(self, session_data: Any) -> Any:
        return super().decode(session_data)


def test_a_store_may_name_its_table_and_nothing_else() -> None:
    assert django_settings.SESSION_ENGINE.endswith(".db")
    kinds = (db.SessionStore, OwnTable, OwnText, cached_db.SessionStore)
    assert [is_stored_by_django(kind()) for kind in kinds] == [True, True, False, False]

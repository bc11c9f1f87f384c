"""The session of a long connection is read anew by each question that looks into it."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import override_settings
from django.utils.functional import LazyObject

from channels_binding.calls.sessions import contents, fresh, is_begun_by, key_shown, loaded, user_of
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.testing import session_cookie
from tests.conftest import Connect
from tests.project.zoo.models import Note


class Wrapped(LazyObject):  # type: ignore[type-arg]
    """As Channels' middleware puts it into a scope."""

    def _setup(self) -> None:
        self._wrapped = SessionStore()


@pytest.mark.backends
@pytest.mark.django_db
@pytest.mark.parametrize("is_wrapped", [True, False])
def test_a_stored_session_is_read_when_it_is_looked_into(is_wrapped: bool, django_assert_num_queries: Any) -> None:
    session: Any = Wrapped() if is_wrapped else SessionStore()
    session["tenant"] = 1
    session.save()
    other = SessionStore(session.session_key)
    other["tenant"] = 2
    other.save()
    assert session["tenant"] == 1
    with django_assert_num_queries(0):
        found = fresh(session)
    with django_assert_num_queries(1):
        assert found["tenant"] == 2
    assert (key_shown({"session": session}), loaded(session)) == (other.session_key, [("tenant", 1)])
    other.delete()
    assert dict(fresh(session).items()) == {}


def test_what_is_not_stored_stays_as_it_is() -> None:
    new, odd = SessionStore(), {"tenant": 1}
    assert fresh(new) is new
    assert fresh(odd) is odd
    assert fresh(None) is None
    assert [key_shown({"session": each}) for each in (new, odd, None)] == [None] * 3
    assert key_shown({}) is None


def test_contents_are_compared_whatever_their_order() -> None:
    assert contents({"b": 1, "a": 2}) == contents({"a": 2, "b": 1}) == [("a", 2), ("b", 1)]
    assert contents(None) == loaded(SessionStore()) == []


@pytest.mark.django_db
def test_whose_a_session_is_is_asked_without_changing_it(user: Any) -> None:
    with override_settings(SECRET_KEY="former"):
        session = SessionStore(session_cookie(user))
        held = dict(session.items())
    assert user_of(session) == AnonymousUser()
    assert not is_begun_by(user, held)
    with override_settings(SECRET_KEY_FALLBACKS=["former"]):
        assert user_of(session) == user
        assert is_begun_by(user, held)
        assert dict(SessionStore(session.session_key).items()) == held
    assert not session.modified
    assert not is_begun_by(user, {})


class TenantBinding(AsyncBinding):
    stream, model, fields = "tests.Tenant", Note, ("id", "title")

    @bind("tenant")
    async def tenant(self, data: Any) -> Any:
        return {"held": self.request.session.get("tenant")}


async def test_a_coroutine_handler_may_look_into_the_session_without_waiting(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    assert (await socket.call("tests.Tenant.tenant", {}))["data"] == {"held": None}

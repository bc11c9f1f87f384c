"""Who arrives together is read together, and is who Channels says."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.auth import get_user as channels_get_user
from channels.sessions import SessionMiddlewareStack
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends import cache, cached_db, db, signed_cookies
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_binding.consumers import AsyncConsumer
from channels_binding.live import users
from channels_binding.testing import BindingCommunicator, session_cookie
from channels_binding.websocket import newcomers
from channels_binding.websocket.newcomers import read_together


@pytest.fixture(autouse=True)
def _nothing_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "_shared", {})


def stores(*keys: str) -> list[db.SessionStore]:
    return [db.SessionStore(key) for key in keys]


pytestmark = pytest.mark.django_db


def test_what_many_sessions_take_is_what_one_takes(user: Any, stranger: Any) -> None:
    mine, other = session_cookie(user), session_cookie(stranger)
    with CaptureQueriesContext(connection) as one:
        read_together(stores(mine))
    with CaptureQueriesContext(connection) as many:
        found = read_together(stores(*[mine] * 50))
    assert [each.pk for each in found] == [user.pk] * 50
    assert (len(one), len(many)) == (5, 2), "sessions, users, and what one may do"
    assert [each.pk for each in read_together(stores(mine, other, mine))] == [user.pk, stranger.pk, user.pk]


def test_everybody_has_an_instance_of_their_own(user: Any) -> None:
    key = session_cookie(user)
    first, second = read_together(stores(key, key))
    first.username = "changed"
    assert second.username == user.username
    assert first._state is not second._state


def test_what_was_read_of_a_session_is_not_read_again_and_belongs_to_one_socket(user: Any) -> None:
    key = session_cookie(user)
    mine, other = both = stores(key, key)
    read_together(both)
    with CaptureQueriesContext(connection) as captured:
        assert mine[SESSION_KEY] == str(user.pk)
        mine["basket"] = [1]
        assert "basket" not in other
    assert len(captured) == 0


def keep(key: str) -> None:
    """Nothing is wrong."""


def change(**values: Any) -> Callable[[str], None]:
    def changed(key: str) -> None:
        store = db.SessionStore(key)
        for name, value in values.items():
            store[name] = value
        store.save()

    return changed


def of_user(**values: Any) -> Callable[[str], None]:
    def changed(key: str) -> None:
        get_user_model()._default_manager.filter(username="ann").update(**values)

    return changed


def expire(key: str) -> None:
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))


def corrupt(key: str) -> None:
    Session.objects.filter(pk=key).update(session_data="no session")


def remove(key: str) -> None:
    Session.objects.filter(pk=key).delete()


def delete_user(key: str) -> None:
    get_user_model()._default_manager.filter(username="ann").delete()


class OwnBackend(ModelBackend):
    def get_user(self, user_id: Any) -> Any:
        return get_user_model()(pk=user_id, username="own")


OWN = f"{__name__}.OwnBackend"
HAPPENED: dict[str, Callable[[str], None]] = {
    "nothing": keep,
    "it is over": expire,
    "it was deleted": remove,
    "it is no session": corrupt,
    "its user was deactivated": of_user(is_active=False),
    "its user was deleted": delete_user,
    "its user has another password": of_user(password="another"),
    "it names no user that can be": change(**{SESSION_KEY: "no number"}),
    "it names another user": change(**{SESSION_KEY: "424242"}),
    "it has no hash": change(**{HASH_SESSION_KEY: ""}),
    "its backend is gone": change(**{BACKEND_SESSION_KEY: "gone.Backend"}),
    "its backend is of the project": change(**{BACKEND_SESSION_KEY: OWN}),
    "it holds more": change(basket=[1, 2]),
}
READ = {"nothing", "it holds more"}


@pytest.mark.parametrize("happened", HAPPENED)
def test_whoever_is_found_is_who_channels_finds_and_the_rest_is_left_to_it(happened: str, user: Any) -> None:
    key = session_cookie(user)
    HAPPENED[happened](key)
    with override_settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend", OWN]):
        (found,) = read_together(stores(key))
        try:
            expected = async_to_sync(channels_get_user)({"session": db.SessionStore(key)})
        except Exception:
            assert found is None
            return
    assert (found is not None) is (happened in READ)
    if found is not None:
        assert found == expected
        assert {field.attname: getattr(found, field.attname) for field in found._meta.fields} == {
            field.attname: getattr(expected, field.attname) for field in found._meta.fields
        }


class Tenants:
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default"


class OwnStore(db.SessionStore):
    def decode(self, session_data: Any) -> Any:
        return super().decode(session_data)


def test_what_may_depend_on_who_asks_is_left_to_channels(user: Any) -> None:
    key = session_cookie(user)
    with override_settings(DATABASE_ROUTERS=[Tenants()]):
        assert read_together(stores(key)) == [None]
    with mock.patch.object(type(get_user_model()._default_manager), "get_queryset"):
        assert read_together(stores(key)) == [None]
    for kind in (OwnStore, cached_db.SessionStore):
        assert read_together([kind(key)]) == [None]
    assert [each.pk for each in read_together(stores(key))] == [user.pk]


NOWHERE = [
    cache.SessionStore("a"),
    signed_cookies.SessionStore("a"),
    db.SessionStore(),
    db.SessionStore("\0" * 32),
    None,
]


@pytest.mark.parametrize("store", NOWHERE)
async def test_a_session_that_is_nowhere_in_the_database_is_not_waited_for(store: Any) -> None:
    with mock.patch.object(newcomers, "read_together", return_value=[None]) as read:
        assert await newcomers.user_of(store) is None
    assert not read.called


def test_a_session_that_a_middleware_has_read_is_believed(user: Any) -> None:
    (store,) = stores(session_cookie(user))
    assert store[SESSION_KEY]
    assert async_to_sync(newcomers.user_of)(store) is None


async def opened(user: Any, count: int) -> list[BindingCommunicator]:
    application = SessionMiddlewareStack(AsyncConsumer.as_asgi())
    sockets = [BindingCommunicator(application=application, user=user) for _ in range(count)]
    assert all(await asyncio.gather(*(each.open() for each in sockets)))
    return sockets


async def test_sockets_that_connect_at_once_are_read_together(
    user: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(waiting: Any) -> Any:
        asked.append(len(waiting))
        return read_together(waiting)

    monkeypatch.setattr(newcomers, "read_together", counted)
    sockets = await opened(user, 30)
    assert {each.hello["data"]["user"] for each in sockets} == {str(user.pk)}
    assert sum(asked) == 30
    assert len(asked) < 10
    for each in sockets:
        await each.close()


async def test_what_fails_for_all_is_asked_of_channels_one_by_one(
    user: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "read_together", mock.Mock(side_effect=OSError))
    for each in await opened(user, 3):
        assert each.hello["data"]["user"] == str(user.pk)
        await each.close()


async def test_one_who_has_left_meanwhile_holds_up_nobody(user: Any, transactional_db: None) -> None:
    key = await sync_to_async(session_cookie)(user)
    waiting = [asyncio.create_task(newcomers.user_of(store)) for store in stores(*[key] * 3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert [each.pk for each in await asyncio.gather(*waiting[1:])] == [user.pk] * 2


def test_a_session_of_a_former_secret_key_is_found_with_the_others(user: Any) -> None:
    with override_settings(SECRET_KEY="former"):
        key = session_cookie(user)
    assert read_together(stores(key)) == [None]
    with override_settings(SECRET_KEY_FALLBACKS=["former"]):
        assert read_together(stores(key)) == [user]


def test_nobody_signed_in_is_anonymous(user: Any) -> None:
    store = db.SessionStore()
    store["basket"] = [1]
    store.save()
    assert read_together(stores(str(store.session_key))) == [None]
    assert async_to_sync(channels_get_user)({"session": store}) == AnonymousUser()

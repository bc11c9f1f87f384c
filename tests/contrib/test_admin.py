"""What the page of a live change list is told, and who is told it. ``tests/browser/test_admin.py`` has the page."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.test import AsyncRequestFactory, RequestFactory

from channels_binding.contrib import admin as live_admin
from channels_binding.contrib.admin import SCRIPT, LiveChangeListMixin
from channels_binding.live.hub import Hub
from channels_binding.testing import session_cookie
from tests.project.zoo.models import Label, Note, Precious

pytestmark = pytest.mark.usefixtures("transactional_db", "hub_ended")


class NoteAdmin(LiveChangeListMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "owner", "parent__title", "shout", "labels_of")
    live_models = (Label,)
    live_seconds = 0.01

    def shout(self, note: Note) -> str:
        return note.title.upper()


ADMIN = NoteAdmin(Note, admin.AdminSite())


@pytest.fixture
def staff(user: Any) -> Any:
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_note"))
    return user


async def opened(user: Any, model_admin: NoteAdmin = ADMIN) -> AsyncIterator[bytes]:
    """What a page is told from now on; the first word is read already."""
    request = AsyncRequestFactory().get("/admin/zoo/note/live/")
    request.user = user
    from django.contrib.sessions.backends.db import SessionStore

    request.session = SessionStore(await sync_to_async(session_cookie)(user))
    await Hub.current().ready()  # until messages arrive, everything may have changed
    response: Any = await sync_to_async(model_admin.live_view)(request)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    told: AsyncIterator[bytes] = response._iterator
    assert await anext(told) == b"retry: 3000\ndata: open\n\n"
    return told


async def heard(told: AsyncIterator[bytes], seconds: float = 5.0) -> bytes:
    return await asyncio.wait_for(anext(told), seconds)


async def test_a_page_is_told_that_something_has_changed_and_not_what(staff: Any) -> None:
    told = await opened(staff)
    await Note.objects.acreate(title="canary")
    assert await heard(told) == b"data: changed\n\n"
    await Note.objects.aupdate(title="canary")
    assert await heard(told) == b"data: changed\n\n"


async def test_related_models_of_columns_and_those_that_are_named_count_and_others_do_not(
    staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_admin, "KEEP_ALIVE_SECONDS", 0.3)
    assert [model.__name__ for model in ADMIN.get_live_models()] == ["Note", "Label", "User", "Note"]
    told = await opened(staff)
    await Precious.objects.acreate(name="x")
    assert await heard(told) == b": keep-alive\n\n"
    await Label.objects.acreate(name="x")
    assert await heard(told) == b"data: changed\n\n"


async def test_messages_that_were_lost_and_long_silence_have_the_page_read_again(
    staff: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_admin, "KEEP_ALIVE_SECONDS", 0.1)
    told = await opened(staff)
    Hub.current().lost()
    assert await heard(told) == b"data: changed\n\n"
    settings.CHANNELS_BINDING = {"AUDIT_SECONDS": 0.05}
    assert await heard(told) == b"data: changed\n\n"


@pytest.mark.parametrize("loss", ["is_staff", "is_active", "permission", "session"])
async def test_who_may_not_see_the_list_any_more_is_told_nothing_more(loss: str, staff: Any) -> None:
    told = await opened(staff)
    if loss == "permission":
        await sync_to_async(staff.user_permissions.clear)()
    elif loss == "session":
        from django.contrib.sessions.models import Session

        await Session.objects.all().adelete()
    else:
        await type(staff).objects.filter(pk=staff.pk).aupdate(**{loss: False})
    await Note.objects.acreate(title="canary")
    assert await heard(told) == b"event: end\ndata: end\n\n"
    with pytest.raises(StopAsyncIteration):
        await heard(told)


async def test_who_may_not_see_the_list_is_refused(user: Any) -> None:
    request = AsyncRequestFactory().get("/")
    request.user = user
    with pytest.raises(PermissionDenied):
        await sync_to_async(ADMIN.live_view)(request)


def test_under_wsgi_a_page_is_told_not_to_come_again(staff: Any) -> None:
    request = RequestFactory().get("/")
    request.user = staff
    assert ADMIN.live_view(request).status_code == 204


async def test_one_user_has_so_many_pages_and_no_more(staff: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_CONNECTIONS_PER_USER": 1}
    told = await opened(staff)
    request = AsyncRequestFactory().get("/")
    request.user = staff
    assert (await sync_to_async(ADMIN.live_view)(request)).status_code == 429
    await told.aclose()  # type: ignore[attr-defined]
    assert (await sync_to_async(ADMIN.live_view)(request)).status_code == 200


async def test_pages_that_come_at_the_same_moment_are_no_more_than_others(staff: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_CONNECTIONS_PER_USER": 2}
    responses: list[Any] = []
    for _ in range(5):  # each is admitted before any is sent
        request = AsyncRequestFactory().get("/")
        request.user = staff
        responses.append(await sync_to_async(ADMIN.live_view)(request))
    told = [response._iterator for response in responses]
    words = [await anext(each) for each in told]
    assert [word.startswith(b"event: end") for word in words] == [False, False, True, True, True]
    assert Hub.current().watchers.count(staff.pk) == 2
    for each in told:
        await each.aclose()


async def test_a_process_that_ends_lets_pages_go(staff: Any) -> None:
    told = await opened(staff)
    waiting = asyncio.ensure_future(heard(told))
    await asyncio.sleep(0.05)
    Hub.current().watchers.end()
    assert await waiting == b": keep-alive\n\n"
    with pytest.raises(StopAsyncIteration):
        await heard(told)


def test_the_list_has_its_script_and_its_address() -> None:
    assert SCRIPT in str(ADMIN.media)
    names = [each.name for each in ADMIN.get_urls()]
    assert names[0] == "zoo_note_live"
    assert "zoo_note_changelist" in names

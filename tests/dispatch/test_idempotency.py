"""Writes with a key: made once, answered as often as they are asked for."""

import asyncio
import json
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.test import Client

from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.dispatch import idempotency, perform
from channels_binding.dispatch.perform import aperform
from channels_binding.exceptions import Conflict, Invalid, Timeout, Unavailable
from channels_binding.models import KeptAnswer
from channels_binding.protocol import codecs
from channels_binding.security.authentication import Identity
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


def create(user: Any, title: str = "x", key: str | None = "k", **members: Any) -> Any:
    return perform(Call("zoo.Note", "create", {"title": title}, user, key=key, **members))


def test_the_second_time_the_first_answer_is_given(user: Any) -> None:
    first = create(user)
    assert create(user) == first
    assert Note.objects.count() == 1
    create(user, key="other")
    create(user, key=None)
    assert Note.objects.count() == 3


def test_the_key_of_another_write_is_a_conflict(user: Any) -> None:
    create(user)
    with pytest.raises(Conflict):
        create(user, title="y")
    with pytest.raises(Conflict):
        perform(Call("zoo.Label", "create", {"name": "x"}, user, key="k"))
    assert Note.objects.count() == 1


def test_a_key_is_one_s_own(user: Any, stranger: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    here, there = [{"client": ["1.2.3.4", 5], "connection_id": name} for name in ("here", "there")]
    answers = [
        create(user),
        create(stranger),
        create(AnonymousUser(), scope=here),
        create(AnonymousUser(), scope=there),
        *(create(AnonymousUser(), scope={"client": ["1.2.3.4", 5]}) for _ in range(2)),
    ]
    assert len({answer["id"] for answer in answers}) == 6
    assert create(AnonymousUser(), scope=here) == answers[2]


def test_two_kinds_of_users_of_one_name_have_keys_of_their_own() -> None:
    """As authentication classes may give them."""
    users = [
        type("User", (), {"pk": 7, "is_authenticated": True, "__module__": module})()
        for module in ("customers", "staff")
    ]
    first, second = [create(user) for user in users]
    assert first["id"] != second["id"]


def test_a_newer_token_of_the_same_user_finds_the_answer(user: Any) -> None:
    assert create(user, scope={"caller": "a"}) == create(user, scope={"caller": "b"})


def test_credentials_that_are_no_user_s_have_keys_of_their_own_wherever_they_come_from() -> None:
    """API keys: one that lost its connection asks by the next one, and two may come by the same, as from a model's client."""
    service = type("Service", (), {"is_authenticated": True, "pk": None})
    scopes = [Identity(service(), auth, f"Token {auth}").into({}, name) for auth, name in ("aa", "ab", "ba")]
    first, again, other = [create(service(), scope=scope) for scope in scopes]
    assert first["id"] == again["id"] != other["id"]


def test_a_refused_write_leaves_its_key_free(user: Any) -> None:
    with pytest.raises(Exception, match="max_length"):
        create(user, title="x" * 999)
    assert create(user)["title"] == "x"
    form = {"submit": {"title": ""}}
    call = Call("zoo.Note", "form", form, user, key="form")
    assert perform(call)["success"] is False  # type: ignore[index]
    call = Call("zoo.Note", "form", {"submit": {"title": "fine", "rank": 1}}, user, key="form")
    assert perform(call)["success"] is True  # type: ignore[index]


def test_what_is_not_allowed_any_more_is_not_answered_from_memory(user: Any) -> None:
    create(user)
    with pytest.raises(Exception, match="Sign in"):
        create(AnonymousUser())


def test_reads_have_no_keys(user: Any) -> None:
    first = perform(Call("zoo.Note", "search", {}, user, key="k"))
    create(user, key=None)
    assert perform(Call("zoo.Note", "search", {}, user, key="k")).version != first.version  # type: ignore[union-attr]


def test_two_at_once_write_once(user: Any) -> None:
    answers: list[Any] = []

    def write() -> None:
        try:
            while len(answers) < 6:
                with suppress(Unavailable):  # "ask again"
                    answers.append(create(user))
                    return
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert len({answer["id"] for answer in answers}) == 1
    assert Note.objects.count() == 1


def test_a_write_that_is_under_way_holds_no_thread_and_is_to_be_asked_for_again(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Call("zoo.Note", "create", {"title": "x"}, user, key="k")
    held = idempotency.begin(call, is_write=True)
    monkeypatch.setattr(time, "sleep", None)
    with pytest.raises(Unavailable) as refused:
        create(user)
    assert refused.value.to_json()["retry"]
    assert refused.value.facts["retry_after"] == 1
    held.forget()
    assert create(user)["title"] == "x"


async def test_a_socket_s_second_call_waits_for_the_first_one_s_answer(connect: Connect, user: Any) -> None:
    call = Call("zoo.Note", "create", {"title": "x"}, user, key="k")
    held = await sync_to_async(idempotency.begin)(call, is_write=True)
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.create", "id": 1, "data": {"title": "x"}, "key": "k"})
    assert await socket.silent()
    await sync_to_async(held.keep)({"id": 7})
    assert (await socket.receive())["data"] == {"id": 7}


def test_the_answer_is_there_if_and_only_if_the_row_is(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Died(BaseException):
        """The process ends here."""

    def die(*_: Any) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(idempotency.Kept, "keep", die)
        with pytest.raises(Died):
            create(user)
    assert (Note.objects.count(), KeptAnswer.objects.count()) == (0, 0)
    create(user)
    assert (Note.objects.count(), KeptAnswer.objects.count()) == (1, 1)


def test_a_large_answer_is_kept_by_what_it_did(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MOST_BYTES", 50)
    with throwaway():

        class Answers(Binding):
            stream = "test.answers"

            @bind("tell")
            def tell(self, data: Any) -> Any:
                return {"success": True, "id": 7, "said": "x" * 50}

        tell = Call("test.answers", "tell", {}, user, key="k")
        assert "said" in dict(perform(tell))  # type: ignore[arg-type]
        assert perform(tell) == {"success": True, "id": 7}


def test_of_a_form_and_of_several_rows_what_was_done_is_kept_and_the_rest_is_read_again(user: Any) -> None:
    form = Call("zoo.Note", "form", {"submit": {"title": "x", "rank": 1}}, user, key="k")
    first: Any = perform(form)
    key = first["object"]["id"]
    assert json.loads(KeptAnswer.objects.get().answer) == {"cb.with_rows": {"success": True, "id": key}}
    assert perform(form) == first
    Note.objects.update(title="since then")
    again: Any = perform(form)
    assert (again["object"]["title"], again["fields"][0]["value"]) == ("since then", "since then")
    Note.objects.all().delete()
    assert perform(form) == {"fields": [], "object": {"id": key}, "errors": {}, "success": True}


def test_of_a_written_row_only_the_key_is_kept_and_the_row_is_read_again(user: Any) -> None:
    first = create(user, shows_rows=True)
    assert json.loads(KeptAnswer.objects.get().answer) == {"cb.written": {"success": True, "id": first.rows[0].pk}}
    Note.objects.update(title="since then")
    assert create(user)["title"] == "since then"
    assert codecs.parse(create(user, shows_rows=True).data)["title"] == "since then"
    Note.objects.all().delete()
    assert create(user, shows_rows=True) == {"success": True, "id": first.rows[0].pk}
    assert not Note.objects.exists()


def test_what_is_kept_is_json(user: Any) -> None:
    with throwaway():

        class Answers(AsyncBinding):
            stream = "test.answers"

            @bind("close")
            async def close(self, data: Any) -> Any:
                return {"at": 7}

        call = Call("test.answers", "close", {}, user, key="k")
        first = perform(call)
    assert json.loads(KeptAnswer.objects.get().answer) == json.loads(codecs.encode(first))


def test_expired_answers_leave_by_themselves_a_few_at_a_time(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "CLEARED_AT_ONCE", 3)
    KeptAnswer.objects.bulk_create(KeptAnswer(name=str(i), begun_at=0, expires_at=1) for i in range(5))
    create(user)
    assert KeptAnswer.objects.filter(expires_at=1).count() == 2
    create(user, key="another")
    assert KeptAnswer.objects.filter(expires_at=1).count() == 0


async def test_a_coroutine_that_was_cut_off_is_not_run_again(connect: Connect, user: Any) -> None:
    ran: list[int] = []
    has_written, never = asyncio.Event(), asyncio.Event()
    with throwaway():

        class Cut(AsyncBinding):
            stream = "test.cut"

            @bind
            async def write(self, data: Any) -> Any:
                ran.append(1)
                has_written.set()
                await never.wait()

        socket = await connect(user)
        await socket.send({"event": "test.cut.write", "id": 1, "data": {}, "key": "a"})
        await asyncio.wait_for(has_written.wait(), 5)
        await socket.close()
        socket = await connect(user)
        assert (await socket.call("test.cut.write", {}, key="a"))["error"]["code"] == "conflict"
        assert ran == [1]


@pytest.mark.parametrize("how", ["the caller is gone", "its time is over"])
async def test_a_coroutine_that_was_cut_off_before_it_began_leaves_its_key_free(
    how: str, user: Any, hub_ended: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """And holds up nobody, however long the thread on which it begins does not come back."""
    ran: list[int] = []
    is_taken, goes_on, begin = threading.Event(), threading.Event(), idempotency.begin

    def slowly(*args: Any) -> Any:
        place = begin(*args)
        is_taken.set()
        assert goes_on.wait(10)
        return place

    class Later(AsyncBinding):
        stream = "test.later"

        @bind
        async def write(self, data: Any) -> Any:
            ran.append(1)
            return {}

    monkeypatch.setattr(idempotency, "begin", slowly)
    call = Call("test.later", "write", {}, user, key="a")
    if how == "its time is over":
        settings.CHANNELS_BINDING = {**settings.CHANNELS_BINDING, "CALL_TIMEOUT_SECONDS": 0.2}
    task = asyncio.ensure_future(aperform(call))
    assert await asyncio.to_thread(is_taken.wait, 5)
    if how == "the caller is gone":
        task.cancel()
    try:
        done, _ = await asyncio.wait([task], timeout=5)
        assert done, "it waits for the thread"
    finally:
        goes_on.set()
    with pytest.raises(asyncio.CancelledError if how == "the caller is gone" else Timeout):
        await task
    settings.CHANNELS_BINDING = {**settings.CHANNELS_BINDING, "CALL_TIMEOUT_SECONDS": 10}
    async with asyncio.timeout(5):
        while True:
            with suppress(Conflict):  # until it is free
                assert await aperform(call) == {}
                break
    assert ran == [1]


def test_what_was_begun_by_a_process_that_died_is_a_conflict_in_the_end(user: Any) -> None:
    call = Call("zoo.Note", "create", {"title": "x"}, user, key="k")
    idempotency.begin(call, is_write=True)
    KeptAnswer.objects.update(begun_at=1)
    with pytest.raises(Conflict, match="not known"):
        create(user)
    assert Note.objects.count() == 0


def test_an_answer_is_kept_for_as_long_as_the_settings_say(user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"IDEMPOTENCY_SECONDS": 1}
    first = create(user)
    time.sleep(1.1)
    assert create(user)["id"] != first["id"]


async def test_both_doors_and_coroutines_keep_their_answers(connect: Connect, user: Any) -> None:
    ran: list[int] = []
    with throwaway():

        class Counting(AsyncBinding):
            stream = "test.counting"

            @bind
            async def count(self, data: Any) -> Any:
                ran.append(1)
                if data.get("fails"):
                    raise Invalid("no")
                return {"ran": len(ran)}

        socket = await connect(user)
        assert (await socket.call("test.counting.count", {}, key="a"))["data"] == {"ran": 1}
        assert (await socket.call("test.counting.count", {}, key="a"))["data"] == {"ran": 1}
        assert (await socket.call("test.counting.count", {"fails": 1}, key="b"))["error"]["code"] == "invalid"
        assert (await socket.call("test.counting.count", {}, key="b"))["data"] == {"ran": 3}
        assert (await socket.call("test.counting.count", {"x": 1}, key="a"))["error"]["code"] == "conflict"


async def test_what_was_asked_on_one_transport_is_not_done_again_on_the_other(connect: Connect, user: Any) -> None:
    """A client whose socket is lost before the answer asks again by HTTP, where the user is a lazy one."""
    socket = await connect(user)
    made = await socket.call("zoo.Note.create", {"title": "x"}, key="k")

    def again() -> Any:
        client = Client()
        client.force_login(user)
        headers = {"Idempotency-Key": "k"}
        return client.post("/api/zoo.Note/create/", {"title": "x"}, "application/json", headers=headers).json()

    assert (await sync_to_async(again)())["id"] == made["data"]["id"]
    assert await Note.objects.acount() == 1


def test_over_http_the_key_is_a_header(user: Any) -> None:
    client = Client()
    client.force_login(user)

    def post(key: str, title: str = "x") -> Any:
        body = json.dumps({"title": title})
        return client.post("/api/zoo.Note/", body, "application/json", headers={"Idempotency-Key": key})

    first, second = post("k"), post("k")
    assert (first.status_code, second.status_code, first.json()) == (201, 201, second.json())
    assert first["Location"] == second["Location"]
    assert (post("k", "y").status_code, post("k" * 256).status_code) == (409, 400)
    assert Note.objects.count() == 1

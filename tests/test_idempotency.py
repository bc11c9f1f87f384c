"""Writes with a key: made once, answered as often as they are asked for."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connections
from django.test import Client

from channels_binding import idempotency
from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.dispatch import perform
from channels_binding.exceptions import Conflict, Invalid, Unavailable
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


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
    here, there = {"client": ["1.2.3.4", 5]}, {"client": ["5.6.7.8", 5]}
    answers = [
        create(user),
        create(stranger),
        create(AnonymousUser(), scope=here),
        create(AnonymousUser(), scope=there),
    ]
    assert len({answer["id"] for answer in answers}) == 4
    assert create(AnonymousUser(), scope=here) == answers[2]


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
            answers.append(create(user))
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


def test_whoever_has_waited_long_enough_is_told_to_ask_again(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call("zoo.Note", "create", {"title": "x"}, user, key="k")
    held = idempotency.begin(call, is_write=True)
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.05)
    with pytest.raises(Unavailable):
        create(user)
    held.forget()
    assert create(user)["title"] == "x"


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

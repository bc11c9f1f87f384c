"""Who may do what to which row, over every transport: all as an oracle says that knows nothing of the code."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated

from channels_binding.consumers import AsyncBinding, bind
from channels_binding.exceptions import BindingError
from channels_binding.testing import BindingClient, BindingCommunicator
from tests.conformance.related import served_by
from tests.conformance.transports import Answer, DoesNotApply, Http, InFront, Question, Rest, Socket, asked_here
from tests.conftest import Connect
from tests.project.zoo.models import Note

WHO = ("anonymous", "stranger", "reader", "owner", "staff", "deactivated")
ROWS = {"own": 9001, "other's": 9002, "missing": 424242, "hidden": 9003}
OF_A_ROW = ("retrieve", "form", "update", "save", "delete", "close")
OF_THE_STREAM = ("search", "list", "aggregate", "create", "describe", "subscribe", "unsubscribe")


def oracle(who: str, action: str, row: str | None = None) -> str:
    """``ok`` or the code of the refusal."""
    if who in ("anonymous", "deactivated"):
        return "unauthenticated"
    writes = action in ("create", "update", "save", "delete", "close")
    if writes and who in ("stranger", "reader"):
        return "forbidden"
    if row is None:
        return "ok"
    if who == "stranger" or row in ("missing", "hidden"):
        return "not_found"
    if (writes or action == "form") and (who == "reader" or (who == "owner" and row == "other's")):
        return "forbidden"
    return "ok"


def named(who: str, row: str) -> str:
    """What happens to the key of a row in a relation of another stream, which all who are signed in may write."""
    if who in ("anonymous", "deactivated"):
        return "unauthenticated"
    return "invalid" if who == "stranger" or row in ("missing", "hidden") else "ok"


def visible(who: str) -> list[int]:
    """Keys of the rows that a list shows."""
    return [] if who == "stranger" else [9001, 9002]


# The code under test


class Rule(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.method in SAFE_METHODS or self._writes(request.user)

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(request.method in SAFE_METHODS or request.user.is_staff or obj.owner_id == request.user.pk)

    def _writes(self, user: Any) -> bool:
        return bool(user.is_staff or user.groups.filter(name="owners").exists())


class MatrixBinding(AsyncBinding):
    stream = "matrix.Note"
    model = Note
    fields = ("id", "title", "rank")
    permission_classes = (Rule,)
    bulk = "atomic"
    group_by = ("title",)

    def get_queryset(self) -> Any:
        rows = Note.objects.exclude(title="hidden").order_by("pk")
        knows = self.user.is_staff or self.user.groups.exists()
        return rows if knows else rows.filter(owner=self.user)

    @bind("close")
    async def close(self, data: dict[str, Any]) -> dict[str, Any]:
        note = await self.aget_object(data["id"])
        return {"closed": note.pk}


class ReplyBinding(AsyncBinding):
    """Notes under notes; those above are what ``matrix.Note`` shows."""

    stream = "matrix.Reply"
    model = Note
    fields = ("id", "title", "parent")
    filterset_fields = ("parent",)
    permission_classes = (IsAuthenticated,)
    expandable = ("parent",)


def make() -> dict[str, Any]:
    """Users and rows, as new."""
    users = get_user_model()
    if not users.objects.exists():
        for place, name in enumerate(WHO[1:], start=1):
            users.objects.create(pk=9000 + place, username=name, is_staff=name == "staff")
        for name, member in (("readers", "reader"), ("owners", "owner")):
            users.objects.get(username=member).groups.add(Group.objects.get_or_create(name=name)[0])
    found = {user.username: user for user in users.objects.all()}
    Note.objects.all().delete()
    for title, key, owner in (("own", 9001, "owner"), ("other's", 9002, "staff"), ("hidden", 9003, "owner")):
        Note.objects.create(pk=key, title=title, owner=found[owner])
    return {**found, "anonymous": None}


@pytest.fixture(scope="module")
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's, which would empty every table after each test."""
    with django_db_blocker.unblock():
        yield
        for model in (Note, Session, Group, get_user_model()):
            model._default_manager.all().delete()


TRANSPORTS = asked_here(
    Socket("async consumer", "/ws/"),
    Socket("sync consumer", "/sync/"),
    Http(),
    Rest(),
    InFront(Http()),
    InFront(Rest()),
)


async def outcome(transport: Any, question: Question, user: Any) -> tuple[str, Answer | None]:
    """``ok`` or the code; a refused handshake is ``unauthenticated``."""
    if isinstance(transport, Socket) and not await is_let_in(transport, user):
        return "unauthenticated", None
    answer = await transport.ask(question, "matrix.Note", user)
    return (str(answer.value["code"]) if answer.status >= 400 else "ok"), answer


async def is_let_in(transport: Socket, user: Any) -> bool:
    socket = BindingCommunicator(transport.path, user=user)
    is_open = await socket.open()
    await socket.close()
    return is_open


def question(action: str, row: str | None) -> Question:
    data: dict[str, Any] = {} if row is None else {"id": ROWS[row]}
    if action in ("create", "update", "save"):
        data["title"] = "changed"
    if action == "aggregate":
        data["by"] = ["title"]
    return Question(action, data)


async def users_as_of_now(who: str) -> Any:
    user = (await sync_to_async(make)())[who]
    if who == "deactivated":
        await get_user_model().objects.filter(pk=user.pk).aupdate(is_active=False)
    return user


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.name)
async def test_everybody_may_what_the_oracle_says_and_no_more(
    transport: Any, who: str, transactional_db: None, hub_ended: None
) -> None:
    wrong, asked = [], 0
    cells = [(action, row) for action in OF_A_ROW for row in ROWS] + [(action, None) for action in OF_THE_STREAM]
    for action, row in cells:
        if isinstance(transport, Http) and action in ("subscribe", "unsubscribe"):
            continue  # 405 for everybody: tests/conformance/test_behaviours.py
        user = await users_as_of_now(who)
        try:
            found, answer = await outcome(transport, question(action, row), user)
        except DoesNotApply:
            continue  # the action has no route of its own, and 'http' asks it
        asked += 1
        if found != oracle(who, action, row):
            wrong.append((action, row, found, oracle(who, action, row)))
        if found == "ok" and action in ("search", "list"):
            assert answer is not None
            assert [each["id"] for each in answer.value["rows"]] == visible(who)
        if found == "ok" and action == "aggregate":
            assert answer is not None
            named_so = {9001: "own", 9002: "other's"}
            assert {each["title"] for each in answer.value["rows"]} == {named_so[key] for key in visible(who)}
        if found != "ok":
            titles = await sync_to_async(lambda: sorted(Note.objects.values_list("title", flat=True)))()
            assert titles == ["hidden", "other's", "own"]
    assert wrong == []
    assert asked >= 16


REPLY = 9004
NAMING: dict[str, Callable[[int], dict[str, Any]]] = {
    "create": lambda key: {"title": "x", "parent": key},
    "update": lambda key: {"id": REPLY, "parent": key},
    "replace": lambda key: {"id": REPLY, "title": "x", "parent": key},
    "search": lambda key: {"filters": {"parent": key}},
}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.name)
async def test_everybody_may_name_the_rows_that_they_may_see_and_no_more(
    transport: Any, who: str, transactional_db: None, hub_ended: None
) -> None:
    wrong = []
    with served_by(MatrixBinding):
        for action, data in NAMING.items():
            for row, key in ROWS.items():
                user = await users_as_of_now(who)
                await Note.objects.acreate(pk=REPLY, title="reply")
                found, _ = await outcome(transport, Question(action, data(key), stream="matrix.Reply"), user)
                written = await Note.objects.filter(parent__isnull=False).acount()
                if (found, written) != (named(who, row), int(found == "ok" and action != "search")):
                    wrong.append((action, row, found, written))
    assert wrong == []


SIGNED_IN = ("stranger", "reader", "owner", "staff")


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.name)
async def test_a_row_is_put_into_another_for_whom_its_stream_shows_it(
    transport: Any, transactional_db: None, hub_ended: None
) -> None:
    wrong = []
    with served_by(MatrixBinding):
        for who in SIGNED_IN:
            for row, key in ROWS.items():
                user = await users_as_of_now(who)
                await Note.objects.acreate(pk=REPLY, title="reply", parent_id=None if row == "missing" else key)
                for action, data in (("retrieve", {"id": REPLY}), ("search", {"order": "-id", "limit": 1})):
                    question = Question(action, {**data, "expand": ["parent"]}, stream="matrix.Reply")
                    code, answer = await outcome(transport, question, user)
                    assert answer is not None
                    [shown] = answer.value.get("rows", [answer.value])
                    is_shown = shown["expand"]["parent"] is not None
                    if is_shown != (oracle(who, "retrieve", row) == "ok"):
                        wrong.append((who, action, row, code, shown))
    assert wrong == []


OF_A_KEY: dict[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
    **{action: (action, lambda key: {"id": key}) for action in ("retrieve", "form", "delete", "close")},
    **{action: (action, lambda key: {"id": key, "title": "changed"}) for action in ("update", "replace", "save")},
    "form, submitted": ("form", lambda key: {"id": key, "submit": {"title": "changed"}}),
    "form, submitted wrongly": ("form", lambda key: {"id": key, "submit": {"title": "", "nonsense": 1}}),
    "update, wrongly": ("update", lambda key: {"id": key, "rank": "much"}),
    "retrieve, of several": ("retrieve", lambda key: {"ids": [9001, key]}),
    "update, of several": ("update", lambda key: {"ids": [9001, key], "title": "changed"}),
    "delete, of several": ("delete", lambda key: {"ids": [key]}),
}


@pytest.mark.parametrize("who", SIGNED_IN)
@pytest.mark.parametrize("name", OF_A_KEY)
@pytest.mark.parametrize("version", [None, "aaaaaaaaaaaa"])
def test_a_hidden_row_cannot_be_told_from_a_missing_one(
    name: str, who: str, version: str | None, transactional_db: None
) -> None:
    action, data = OF_A_KEY[name]
    answers = []
    for row in ("hidden", "missing"):
        client = BindingClient(make()[who])
        with CaptureQueriesContext(connection) as statements:
            try:
                answer = client.call(f"matrix.Note.{action}", data(ROWS[row]), if_version=version)
            except BindingError as error:
                answer = error.to_json()
        answers.append((orjson.dumps(answer).replace(b"%d" % ROWS[row], b"key"), len(statements)))
    assert answers[0] == answers[1]


def test_the_oracle_tells_all_its_cases_apart() -> None:
    cells = {oracle(who, action, row) for who in WHO for action in OF_A_ROW for row in ROWS}
    assert cells == {"ok", "unauthenticated", "forbidden", "not_found"}


# Pushes


async def moved(connect: Connect, users: dict[str, Any]) -> dict[str, Any]:
    """A socket for each, with a live list and a live row."""
    sockets = {}
    for who in ("stranger", "owner", "reader"):
        socket = sockets[who] = await connect(users[who])
        await socket.call("matrix.Note.search#a", {})
        if who != "stranger":
            await socket.call("matrix.Note.retrieve#b", {"id": 9001})
        assert await socket.silent()
    return sockets


async def heard(socket: BindingCommunicator) -> dict[str, Any]:
    """The next push of the list, and that of the row."""
    found: dict[str, Any] = {}
    while len(found) < 2:
        push = await socket.receive()
        found[push["event"].rpartition("#")[2]] = push
    return found


@pytest.fixture
async def opened(transactional_db: None, hub_ended: None) -> Any:
    factory = Connect()
    yield factory
    for socket in factory.opened:
        await socket.close()


async def test_a_row_that_is_hidden_leaves_by_its_key_and_strangers_hear_nothing(opened: Connect) -> None:
    sockets = await moved(opened, await sync_to_async(make)())
    await Note.objects.filter(pk=9001).aupdate(title="hidden", rank=77)
    for who in ("owner", "reader"):
        pushes = await heard(sockets[who])
        assert pushes["a"]["data"] == {"remove": [9001], "count": 1}
        assert (pushes["b"]["type"], "data" in pushes["b"]) == ("gone", False)
    await Note.objects.filter(pk=9001).aupdate(rank=78)
    for socket in sockets.values():
        assert await socket.silent()


async def test_who_leaves_a_group_loses_its_rows_and_others_hear_nothing(opened: Connect) -> None:
    users = await sync_to_async(make)()
    sockets = await moved(opened, users)
    await sync_to_async(users["reader"].groups.clear)()
    pushes = await heard(sockets["reader"])
    assert pushes["a"]["data"] == {"remove": [9001, 9002], "count": 0}
    assert pushes["b"]["type"] == "gone"
    await Note.objects.filter(pk=9002).aupdate(rank=7)
    assert (await sockets["owner"].receive())["data"]["patch"][0][1] == {"rank": 7}
    for who in ("reader", "stranger"):
        assert await sockets[who].silent()
    await sync_to_async(users["reader"].groups.add)(await Group.objects.aget(name="readers"))
    rows = [row["id"] for _, row, _ in (await heard(sockets["reader"]))["a"]["data"]["put"]]
    assert rows == [9001, 9002]


async def test_a_deactivated_reader_is_gone_before_the_next_row(opened: Connect) -> None:
    users = await sync_to_async(make)()
    sockets = await moved(opened, users)
    try:
        await get_user_model().objects.filter(pk=users["reader"].pk).aupdate(is_active=False)
        await Note.objects.filter(pk=9001).aupdate(title="canary")
        with pytest.raises(ConnectionError):
            while True:
                assert "canary" not in str(await sockets["reader"].receive())
        assert sockets["reader"].close_code == 4401
    finally:
        await get_user_model().objects.filter(pk=users["reader"].pk).aupdate(is_active=True)


def test_nobody_is_anonymous_to_the_client_of_tests() -> None:
    assert isinstance(BindingClient().user, AnonymousUser)

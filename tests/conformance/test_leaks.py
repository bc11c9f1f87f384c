"""What a binding does not declare cannot be asked for, and what it does not show never leaves."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import models
from django.db.backends.utils import CursorWrapper
from django.test import Client
from rest_framework.test import APIRequestFactory, force_authenticate

from channels_binding.bindings import BaseBinding
from channels_binding.bindings.expansions import declared_paths
from channels_binding.calls import Call
from channels_binding.dispatch import perform
from channels_binding.exceptions import Invalid
from channels_binding.protocol.names import RESERVED_NAMES
from channels_binding.querysets.aggregates import PARTS, TAKES
from channels_binding.querysets.filters import input_names
from channels_binding.registry import registry
from channels_binding.rest.views import AggregateView, StreamView
from channels_binding.serializers.keys import as_pk
from channels_binding.threads import run
from tests.conformance.canaries import WORD, hiding, make, related
from tests.conftest import Connect
from tests.project.zoo.models import Note

DEPTH = 3
BATCH = 20
"""So many unknown names a refusal lists."""


def streams() -> list[type[BaseBinding]]:
    """Every stream of the zoo with a model; what single test files bind for themselves is theirs."""
    return [cls for cls in registry if cls.find_model() is not None and cls.__module__.startswith("tests.project.")]


def paths(model: type[models.Model], depth: int, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """``("owner__password", <CharField>)``: every path of a model, relations backwards as well."""
    for field in model._meta.get_fields():
        yield f"{prefix}{field.name}", field
        if field.is_relation and isinstance(field.related_model, type) and depth > 1:
            yield from paths(field.related_model, depth - 1, f"{prefix}{field.name}__")


def names(cls: type[BaseBinding]) -> list[str]:
    """Every path and every path with a lookup, also a transform's, that the stream does not declare."""
    binding = cls(Call(cls.get_stream(), "search", {}, get_user_model()(pk=1)))
    filters = binding.get_filterset_class()
    declared = input_names(filters({}, cls.get_model()._default_manager.none())) if filters else set()
    found: set[str] = set()
    for path, field in paths(cls.get_model(), DEPTH):
        lookups = [*field.get_lookups()] if hasattr(field, "get_lookups") else ["exact", "in", "isnull"]
        found |= {path, f"{path}_id", *(f"{path}__{lookup}" for lookup in lookups)}
    return sorted(found - declared - {*RESERVED_NAMES})


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """SQL of every thread and connection, as it is executed."""
    seen: list[str] = []
    execute, execute_many = CursorWrapper.execute, CursorWrapper.executemany

    def one(self: Any, sql: str, params: Any = None) -> Any:
        seen.append(sql)
        return execute(self, sql, params)

    def many(self: Any, sql: str, params: Any) -> Any:
        seen.append(sql)
        return execute_many(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", one)
    monkeypatch.setattr(CursorWrapper, "executemany", many)
    return seen


def batches(all_names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(all_names), BATCH):
        yield all_names[start : start + BATCH]


def over_http(cls: type[BaseBinding], query: dict[str, str], view: Any = StreamView) -> tuple[int, dict[str, Any]]:
    request = APIRequestFactory().get("/", query)
    force_authenticate(request, get_user_model()(pk=1, username="ann"))
    response = view.as_view()(request, stream=cls.get_stream())
    response.render()
    return response.status_code, json.loads(response.content)


def refused(cls: type[BaseBinding], data: dict[str, Any], action: str = "search") -> dict[str, Any]:
    """The errors by field of a call that must be refused."""
    with pytest.raises(Invalid) as caught:
        perform(Call(cls.get_stream(), action, data, get_user_model()(pk=1, username="ann")))
    return dict(caught.value.fields or {})


def test_the_sweep_is_as_large_as_it_should_be() -> None:
    assert len(streams()) >= 40
    assert sum(len(names(cls)) for cls in streams()) > 25_000
    assert {"owner__password__startswith", "secret_code__regex", "labels__note__secret_code"} <= {
        *names(registry.get("zoo.GuardedNote"))
    }


def test_no_undeclared_filter_is_applied(statements: list[str]) -> None:
    """As a call has them; each name of a batch is refused by name."""
    for cls in streams():
        for batch in batches(names(cls)):
            errors = refused(cls, {"filters": dict.fromkeys(batch, "1")})["filters"]
            assert set(errors) == {name[:100] for name in batch}
            assert {each["code"] for error in errors.values() for each in error} == {"unknown"}
    assert statements == []


def test_no_undeclared_filter_is_applied_over_http(statements: list[str]) -> None:
    """As a query string has them, also with the prefix that reaches reserved names."""
    for cls in streams():
        for number, batch in enumerate(batches(names(cls))):
            prefix = "filters." if number % 2 else ""
            status, answer = over_http(cls, {f"{prefix}{name}": "1" for name in batch})
            assert status == 400
            assert set(answer["fields"]["filters"]) == {name[:100] for name in batch}
    assert statements == []


def test_no_undeclared_order_or_field_is_taken(statements: list[str]) -> None:
    for cls in streams():
        binding = cls(Call(cls.get_stream(), "search", {}, get_user_model()(pk=1)))
        orders = {*binding.get_ordering_fields()}
        fields = {*binding.get_serializer().fields}
        for path, _ in paths(cls.get_model(), DEPTH):
            if path not in orders:
                assert refused(cls, {"order": path})["order"][0]["code"] == "unknown"
                assert refused(cls, {"order": [f"-{path}"]})["order"]
                assert over_http(cls, {"order": f"-{path}"})[0] == 400
            if path not in fields:
                assert refused(cls, {"fields": [path]})["fields"][0]["code"] == "unknown"
                assert over_http(cls, {"fields": path})[0] == 400
    assert statements == []


def test_nothing_undeclared_is_expanded(statements: list[str]) -> None:
    asked = 0
    for cls in streams():
        declared = {path.replace(".", "__") for path in declared_paths(cls.expandable)}
        for path, _ in paths(cls.get_model(), DEPTH):
            if path not in declared:
                dotted = path.replace("__", ".")
                asked += 1
                assert refused(cls, {"expand": [dotted]})["expand"][0]["code"] == "unknown"
                assert refused(cls, {"id": 1, "expand": [dotted]}, "retrieve")["expand"]
                assert over_http(cls, {"expand": dotted})[0] == 400
    assert asked > 1_000
    assert statements == []


def test_no_undeclared_measure_or_group_is_taken(statements: list[str]) -> None:
    found = [cls for cls in streams() if cls.find_action("aggregate")]
    asked = 0
    for cls in found:
        declared = {f"{function}:{name}" for name, functions in cls.aggregates.items() for function in functions}
        for path, _ in paths(cls.get_model(), DEPTH):
            measures = {f"{function}:{path}" for function in TAKES} - declared
            groups = {path, f"{path}_id", *(f"{path}:{part}" for part in PARTS)} - {*cls.group_by}
            asked += len(measures) + len(groups)
            for name, names in (("measures", measures), ("by", groups)):
                for each in names:
                    assert refused(cls, {name: [each]}, "aggregate")[name][0]["code"] == "unknown"
                assert over_http(cls, {name: ",".join(names)}, AggregateView)[0] == 400
    assert asked > 5_000
    assert statements == []


def test_a_stream_without_search_fields_cannot_be_searched(statements: list[str]) -> None:
    for cls in streams():
        if not cls.search_fields:
            assert refused(cls, {"query": "a"})["query"][0]["code"] == "unknown"
            assert over_http(cls, {"query": "a"})[0] == 400
    assert statements == []


async def test_a_socket_refuses_the_same(connect: Connect, user: Any, statements: list[str]) -> None:
    socket = await connect(user)
    cls = registry.get("zoo.GuardedNote")
    before = len(statements)
    for batch in batches(names(cls)):
        answer = await socket.call("zoo.GuardedNote.search", {"filters": dict.fromkeys(batch, "1")})
        assert set(answer["error"]["fields"]["filters"]) == {name[:100] for name in batch}
    for data in (
        {"order": "owner__password"},
        {"order": ["-secret_code"]},
        {"fields": ["secret_code"]},
        {"query": "a"},
    ):
        answer = await socket.call("zoo.GuardedNote.search", data)
        assert answer["error"]["code"] == "invalid"
    # the hub reads the users of open connections again meanwhile, which is nothing that the calls have asked for
    assert [sql for sql in statements[before:] if "zoo_" in sql] == []


# Canaries


def is_labelled(model: type[models.Model]) -> bool:
    """A key that is another row's is shown with that row's ``str()``, which its model has chosen to show."""
    pk = model._meta.pk
    return model._meta.proxy or (pk.is_relation and not getattr(pk.remote_field, "parent_link", False))


@pytest.fixture
def hidden_rows(transactional_db: None) -> Iterator[list[type[BaseBinding]]]:
    """A row of every model of the zoo, and bindings that show none of their words."""
    found = [model for model in dict.fromkeys(cls.get_model() for cls in streams()) if not is_labelled(model)]
    for model in found:
        make(model)
    with hiding(found) as bindings:
        yield bindings


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in ("channels_binding", "django.request", "django.server"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def keys(cls: type[BaseBinding]) -> list[Any]:
    rows = cls.get_model()._default_manager.all()
    if cls.get_model() is get_user_model():
        rows = rows.exclude(username="ann")  # who asks: would be signed out
    return [as_pk(key) for key in rows.values_list("pk", flat=True)[:2]]


def calls(cls: type[BaseBinding]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a curious client tries: everything that is offered, and everything that is hidden."""
    stream = cls.get_stream()
    every = [field.name for field in cls.get_model()._meta.concrete_fields]
    yield f"{stream}.describe", {}
    yield f"{stream}.list", {"live": False}
    yield f"{stream}.search", {"live": False, "labels": True}
    yield f"{stream}.search", {"live": False, "query": WORD}
    yield f"{stream}.aggregate", {"live": False, "by": [*cls.group_by], "labels": True}
    yield f"{stream}.form", {}
    yield f"{stream}.create", {}
    yield from ((f"{stream}.search", {"live": False, "expand": [path]}) for path in related(cls.get_model()))
    for name in every:
        for action, data in (
            ("search", {"order": name}),
            ("search", {"order": name, "after": ""}),
            ("search", {"filters": {name: "a"}}),
            ("search", {"fields": [name]}),
            ("aggregate", {"by": [name], "labels": True}),
            ("aggregate", {"measures": [f"max:{name}"], "filters": {name: "a"}}),
            ("aggregate", {"by": [f"{name}:day"], "query": WORD}),
        ):
            yield f"{stream}.{action}", {**data, "live": False}
        yield f"{stream}.create", {name: "x"}
    for key in keys(cls):
        yield f"{stream}.retrieve", {"id": key, "live": False}
        yield f"{stream}.form", {"id": key}
        yield f"{stream}.form", {"id": key, "submit": dict.fromkeys(every, "x")}
        yield f"{stream}.update", {"id": key, **{name: [] for name in every if name != "id"}}
        yield f"{stream}.delete", {"id": key}


def test_the_canaries_are_where_they_should_be(hidden_rows: list[type[BaseBinding]]) -> None:
    assert len(hidden_rows) >= 35
    note = Note.objects.get()
    assert WORD in note.title
    assert WORD in note.secret_code
    assert (
        "secret_code"
        not in registry.get("hiding.Note")(Call("hiding.Note", "search", {}, None)).get_serializer().fields
    )


async def test_no_canary_leaves_by_the_socket(
    connect: Connect, user: Any, hidden_rows: list[type[BaseBinding]], log: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {**settings.CHANNELS_BINDING, "MESSAGES_PER_SECOND": 100_000}
    for modern in (True, False):
        socket = await connect(user, modern=modern)
        outgoing: list[str] = []
        receive = socket._receive_text

        async def recorded(seconds: float, receive: Any = receive, outgoing: list[str] = outgoing) -> str:
            outgoing.append(await receive(seconds))
            return outgoing[-1]

        socket._receive_text = recorded  # type: ignore[method-assign]
        for cls in hidden_rows:
            for event, data in await run(list, await run(calls, cls)):
                await socket.call(event, data)
        await socket.call("hiding.Note.search#live", {})
        await Note.objects.acreate(title=f"{WORD} pushed", secret_code=WORD, rank=7)
        push = await socket.receive()
        assert "7" in json.dumps(push)
        assert len(outgoing) > len(hidden_rows) * 10
        assert [text for text in outgoing if WORD in text or "throttled" in text] == []
    assert WORD not in log.text


_TOKEN = re.compile(rb"[A-Za-z0-9]{32,}")
"""CSRF tokens: any four letters come up in one of them now and then. No canary is as long."""


def test_no_canary_leaves_over_http(
    user: Any, hidden_rows: list[type[BaseBinding]], log: pytest.LogCaptureFixture
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    answers = [client.get(path) for path in ("/api/schema/", "/api/asyncapi/", "/api/docs/")]
    for cls in hidden_rows:
        base = f"/api/{cls.get_stream()}/"
        every = [field.name for field in cls.get_model()._meta.concrete_fields]
        answers += [client.get(base), client.options(base), client.get(f"{base}form/"), client.post(f"{base}form/", {})]
        answers += [
            client.get(base, headers={"Accept": "text/html"}),
            client.get(base, {"labels": "true"}),
            *(client.get(base, {"expand": path}) for path in related(cls.get_model())),
            client.get(f"{base}aggregate/", {"by": ",".join(cls.group_by), "labels": "true"}),
        ]
        answers += [client.get(base, {name: "x"}) for name in every] + [
            client.get(base, {"order": name, "after": ""}) for name in every
        ]
        for key in keys(cls):
            row = f"{base}{key}/"
            body = json.dumps({name: [] for name in every})
            answers += [client.get(row), client.get(f"{row}form/"), client.options(row)]
            answers += [client.generic(method, row, body, "application/json") for method in ("PUT", "PATCH")]
            answers += [client.post(f"{row}form/", dict.fromkeys(every, "x")), client.delete(row)]
    assert len(answers) > len(hidden_rows) * 10
    assert [answer.request["PATH_INFO"] for answer in answers if answer.status_code >= 500] == []
    for answer in answers:
        sent = _TOKEN.sub(b"", answer.content + str(answer.headers).encode())
        assert WORD.encode() not in sent, answer.request["PATH_INFO"]
    assert WORD not in log.text


def test_a_change_of_what_is_hidden_changes_nothing_that_is_seen(
    user: Any, hidden_rows: list[type[BaseBinding]]
) -> None:
    client = Client()
    client.force_login(user)
    before = client.get("/api/hiding.Note/")
    Note.objects.update(secret_code=f"{WORD} other", title=f"{WORD} other")
    after = client.get("/api/hiding.Note/")
    assert (before.content, before["ETag"]) == (after.content, after["ETag"])

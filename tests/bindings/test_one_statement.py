"""Writes of one statement beside the ordinary way: the same answers, refusals, rows and notes, whatever is sent."""

import base64
import copy
import datetime
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, cast
from unittest import mock

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.core.management.color import no_style
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework import serializers as drf
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated

from channels_binding.bindings import one_statement
from channels_binding.bindings.one_statement import OneStatement
from channels_binding.bindings.relations import KnownRows
from channels_binding.calls import Call
from channels_binding.compiled.write import WritePlan
from channels_binding.consumers import Binding, bind
from channels_binding.dispatch import perform
from channels_binding.exception_handler import as_error
from channels_binding.live.capture import recorder, signals
from channels_binding.live.capture.changes import Changes
from channels_binding.protocol import codecs
from channels_binding.registry import registry
from channels_binding.serializers.keys import as_pk
from tests.project.zoo.bindings.notes import IsNotLocked
from tests.project.zoo.models import Article, Label, Note, Precious
from tests.zoo_rows import Maker, values

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = [
    "zoo.Address", "zoo.Article", "zoo.Booking", "zoo.City", "zoo.Country", "zoo.Crew", "zoo.Currency", "zoo.Device",
    "zoo.Digits", "zoo.Document", "zoo.Flag", "zoo.Follow", "zoo.GuardedNote", "zoo.Invoice", "zoo.Label", "zoo.Lapse",
    "zoo.Legacy", "zoo.Membership", "zoo.Moment", "zoo.Money", "zoo.Note", "zoo.Novel", "zoo.PagedNote", "zoo.Passport",
    "zoo.Person", "zoo.Place", "zoo.Precious", "zoo.Prose", "zoo.Reading", "zoo.Remark", "zoo.Serial", "zoo.Sponsor",
    "zoo.Tiny", "zoo.Token", "zoo.Watch",
]  # fmt: skip
"""Streams some of whose writes are of one statement; all others are made the ordinary way, and so need not be compared."""
MISSING = 424_242
JUNK: list[Any] = [
    None, "", " ", "x", "x" * 300, True, False, 0, 1, 5, -1, 2**15, 2**31, 2**63, 2**70, 1.5, -0.0, "1", "1.005",
    "999999999.999", "2026-02-29", "2026-03-01", "2026-03-01T12:00:00+14:00", "9999-12-31T23:59:59.999999Z", "25:00",
    "12:30", "1 02:03:04",
    "a@b.example", "https://example.com/", "127.0.0.1", "::1", "7f1d0a5e-1111-4222-8333-123456789abc", "red", "a", "tea",
    "AQI=", [], [1], {}, {"a": [1, None]}, "ü\u202e𝄞", "\x00", "NaN", "Infinity", MISSING,
]  # fmt: skip


MOMENT = datetime.datetime(2026, 7, 8, 9, 10, 11, 123456, tzinfo=datetime.UTC)
LONG_AGO = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)


@dataclass
class Made:
    """What a write did."""

    answer: Any
    """Or the error, as it is sent."""
    version: str | None
    rows: list[dict[str, Any]]
    notes: list[Any]


class Twice:
    """The writes of one stream, made both ways from the same state, keys and moments included."""

    def __init__(self, stream: str, user: Any) -> None:
        self.stream, self.user = stream, user
        self.binding: Any = registry.get(stream)
        self.model: Any = self.binding.get_model()
        self.present: set[Any] = set()
        self.at_once = 0
        """Writes that were made by one statement."""

    def write(self, action: str, data: dict[str, Any], row: Any = None) -> Made:
        """Both writes, which may differ in nothing. Args: row: The one that is changed."""
        before = [*self.model._base_manager.values()]
        links = {each: [*each._base_manager.all()] for each in self._throughs()}
        self.present = {*self.model._base_manager.values_list("pk", flat=True)}
        self._restore(before, links)
        made = []
        for stock_writes in (lambda self, given: None, OneStatement.stock_writes):
            with (
                mock.patch.object(OneStatement, "stock_writes", stock_writes),
                self._counted(),
                fixed_values(self.model),
            ):
                made.append(self._made(action, copy.deepcopy(data)))
            self._restore(before, links)
        assert made[1] == made[0]
        return made[1]

    def _made(self, action: str, data: dict[str, Any]) -> Made:
        seen: list[Changes] = []
        version = None
        with mock.patch.object(recorder, "_publishers", [seen.append]):
            try:
                answer: Any = perform(Call(self.stream, action, data, self.user, transport="websocket"))
                version = answer.version
            except Exception as exception:
                answer = as_error(exception).to_json()
        rows = [*self.model._base_manager.order_by("pk").values()]
        if data.get("id") == MISSING:
            seen.clear()  # an UPDATE that finds no row is noted like any: that costs an evaluation at most
        return Made(codecs.parse(codecs.encode(answer)), version, rows, [(each.keys, each.facts) for each in seen])

    @contextmanager
    def _counted(self) -> Iterator[None]:
        run = WritePlan._run

        def counting(plan: Any, *args: Any) -> Any:
            self.at_once += 1
            return run(plan, *args)

        with mock.patch.object(WritePlan, "_run", counting):
            yield

    def age(self, rows: Iterable[Any]) -> None:
        """What sets itself at each change was set long ago."""
        fields = [each for each in self.model._meta.local_concrete_fields if getattr(each, "auto_now", False)]
        for row in rows if fields else ():
            self.model._base_manager.filter(pk=row.pk).update(**{each.attname: LONG_AGO for each in fields})

    def _throughs(self) -> set[Any]:
        """Tables of its links."""
        return {each.remote_field.through for each in self.model._meta.many_to_many}

    def _restore(self, before: list[dict[str, Any]], links: dict[Any, list[Any]]) -> None:
        """The rows, what they are linked to, and the next key, as they were."""
        meta, rows = self.model._meta, self.model._base_manager
        for row in rows.all():
            if row.pk not in self.present:
                row.delete()
        key = {each.attname for parent in (meta.model, *meta.get_parent_list()) for each in parent._meta.pk_fields}
        columns = [c.attname for c in meta.concrete_fields if c.attname not in key and not c.generated and c.column]
        for each in before:
            rows.filter(**{name: each[name] for name in each if name in key}).update(
                **{name: each[name] for name in columns}
            )
        for through, rows_of_links in links.items():
            through._base_manager.all()._raw_delete(through._base_manager.db)
            through._base_manager.bulk_create(rows_of_links)
        for model in (self.model, *meta.get_parent_list()):
            reset_sequences(model)


def reset_sequences(model: Any) -> None:
    if model._meta.auto_field is None:
        return
    table, key = map(connection.ops.quote_name, (model._meta.db_table, model._meta.pk.column))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            highest = f"(SELECT COALESCE(MAX({key}), 0) FROM {table})"
            cursor.execute(f"UPDATE sqlite_sequence SET seq = {highest} WHERE name = %s", [model._meta.db_table])
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)


@contextmanager
def fixed_values(model: Any) -> Iterator[None]:
    """What columns give themselves is the same each time."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch("django.utils.timezone.now", return_value=MOMENT))
        for column in model._meta.concrete_fields:
            if column.default is uuid.uuid4:
                stack.enter_context(mock.patch.object(column, "_get_default", return_value=uuid.UUID(int=7)))
        yield


@contextmanager
def without_traces(user: Any) -> Iterator[None]:
    """Each example begins with the same rows."""
    types = {*ContentType.objects.values_list("pk", flat=True)}
    try:
        yield
    finally:
        take_away(user, types)


def take_away(user: Any, types: set[int]) -> None:
    with transaction.atomic():
        for model in apps.get_models(include_auto_created=True):
            kept = {
                type(user): {user.pk},
                ContentType: types,
                Permission: {*Permission.objects.values_list("pk", flat=True)},
            }
            rows = model._base_manager.exclude(pk__in=kept.get(model, ()))
            if model._meta.managed and not model._meta.proxy:
                rows._raw_delete(rows.db)


@pytest.fixture
def twice(user: Any) -> Callable[[str], Any]:
    signals.connect()
    user.is_superuser = True
    user.save()

    @contextmanager
    def opened(stream: str) -> Iterator[Twice]:
        with without_traces(user):
            yield Twice(stream, user)

    return opened


def sent(both: Twice, data: st.DataObject) -> dict[str, Any]:
    """What a client might send: of each field nothing, a value that it can have, or something else."""
    names = [*both.binding.default_serializer_class()().fields]
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True) | st.just(names)) if names else []
    return {name: data.draw(_value(both.model, name)) for name in chosen}


def _value(model: Any, name: str) -> st.SearchStrategy[Any]:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return st.sampled_from(JUNK)
    if field.is_relation:
        found = field.related_model._base_manager.order_by("pk")
        fitting: Any = st.integers(0, 2).map(
            lambda n: [*map(_as_json, found.values_list("pk", flat=True)[n:]), MISSING][0]
        )
    elif isinstance(field, (models.CompositePrimaryKey, models.GeneratedField)):
        fitting = st.sampled_from(JUNK)
    else:
        fitting = values(field).map(_as_json)
    return st.one_of(fitting, fitting, fitting, st.sampled_from(JUNK))


def _as_json(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(value).decode()
    return (
        codecs.parse(codecs.encode({"value": value}))["value"]
        if not hasattr(value, "lower") or isinstance(value, str)
        else str(value)
    )


def test_which_streams_are_written_at_once_is_known() -> None:
    found = [
        cls for cls in registry if cls.find_model() is not None and cls.__module__.startswith("tests.project.zoo.")
    ]
    assert (
        sorted(cls.get_stream() for cls in found if one_statement._stock_writes_of(cast("Any", cls)) is not None)
        == AT_ONCE
    )


@pytest.mark.parametrize("stream", AT_ONCE)
@settings(max_examples=6, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_a_new_row_is_as_by_the_ordinary_way(stream: str, twice: Callable[[str], Any], data: st.DataObject) -> None:
    with twice(stream) as both:
        made(both, data)
        both.write("create", sent(both, data))


@pytest.mark.parametrize("stream", AT_ONCE)
@settings(max_examples=6, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_a_changed_row_is_as_by_the_ordinary_way(stream: str, twice: Callable[[str], Any], data: st.DataObject) -> None:
    with twice(stream) as both:
        row = made(both, data)
        if row is not None:
            key = (data.draw(st.integers(0, 3)) and as_pk(row.pk)) or MISSING
            both.write(data.draw(st.sampled_from(["update", "replace"])), {**sent(both, data), "id": key})


def test_what_the_ordinary_way_has_linked_is_not_linked_already_when_the_other_is_tried(
    twice: Callable[[str], Any],
) -> None:
    with twice("zoo.Note") as both:
        note, label = Note.objects.create(title="x"), Label.objects.create(name="red")
        assert "zoo.Note_labels" in both.write("update", {"id": note.pk, "labels": [label.pk]}).notes[0][0]


def made(both: Twice, data: st.DataObject) -> Any:
    """A stored row, of long ago; None where it is refused."""
    try:
        with transaction.atomic():
            row = Maker(data).row(both.model)
    except IntegrityError:
        return None
    both.age([row])
    return row


DAY = datetime.date(2026, 3, 1)
CASES: dict[str, tuple[str, list[dict[str, Any]], str, dict[str, Any], int]] = {
    # stream, stored rows, action, data (id: which of them), statements
    "defaults": ("zoo.Digits", [], "create", {}, 1),
    "times": ("zoo.Article", [], "create", {"headline": "x"}, 1),
    "times of a change": ("zoo.Article", [{"headline": "x"}], "update", {"id": 0, "headline": "y"}, 1),
    "nothing given": ("zoo.Article", [{"headline": "x"}], "update", {"id": 0}, 1),
    "nothing to set": ("zoo.Precious", [{"name": "a"}], "update", {"id": 0}, 0),
    "everything needed": ("zoo.Article", [{"headline": "x"}], "replace", {"id": 0, "is_quiet": True}, 0),
    "unique": ("zoo.Precious", [{"name": "a"}], "create", {"name": "a"}, 0),
    "unique, its own": ("zoo.Precious", [{"name": "a"}], "update", {"id": 0, "name": "a"}, 1),
    "unique, another's": ("zoo.Precious", [{"name": "a"}, {"name": "b"}], "update", {"id": 0, "name": "b"}, 0),
    "unique to the database": ("zoo.Invoice", [{"number": "abc"}], "create", {"number": "ABC"}, 1),
    "the same of a change": (
        "zoo.Invoice", [{"number": "abc"}, {"number": "d"}], "update", {"id": 1, "number": "ABC"}, 1
    ),
    "unique together": ("zoo.Booking", [{"room": 1, "day": DAY}], "create", {"room": 1, "day": "2026-03-01"}, 0),
    "checked": ("zoo.Booking", [], "create", {"room": 0, "day": "2026-03-01"}, 1),
    "a key that is taken": ("zoo.Country", [{"code": "NO", "name": "n"}], "create", {"code": "NO", "name": "m"}, 0),
    "another key": ("zoo.Country", [{"code": "NO", "name": "n"}], "update", {"id": 0, "code": "SE"}, 0),
    "no such row": ("zoo.Article", [], "update", {"id": MISSING, "headline": "y"}, 1),
    "no such row, and wrong": ("zoo.Article", [], "update", {"id": MISSING, "headline": None}, 0),
    "no such related row": ("zoo.Note", [], "create", {"title": "x", "owner": MISSING}, 0),
    "too long": ("zoo.Article", [{"headline": "x"}], "update", {"id": 0, "headline": "y" * 61}, 0),
    "too large": ("zoo.Tiny", [{"name": "x"}], "update", {"id": 2**70, "name": "y"}, 0),
    "a name that is not known": ("zoo.Article", [], "create", {"headline": "x", "headlnie": "y"}, 0),
    "a name that is only shown": ("zoo.Article", [], "create", {"headline": "x", "created_at": "2001-01-01T00:00Z"}, 1),
}  # fmt: skip


@pytest.mark.parametrize("is_atomic", [False, True], ids=["alone", "in a transaction"])
@pytest.mark.parametrize("case", CASES)
def test_each_kind_of_write_and_of_refusal_is_as_by_the_ordinary_way(
    case: str, is_atomic: bool, twice: Callable[[str], Any]
) -> None:
    stream, stored, action, data, statements = CASES[case]
    with twice(stream) as both:
        rows = [both.model._base_manager.create(**each) for each in stored]
        both.age(rows)
        data = {
            name: rows[value].pk if name == "id" and value != MISSING and value < 9 else value
            for name, value in data.items()
        }
        with transaction.atomic() if is_atomic else nullcontext():
            both.write(action, data)
        assert both.at_once == statements


@pytest.mark.parametrize("name", ["x" * 21, "taken"])
@pytest.mark.parametrize("action", ["create", "update"])
def test_a_refusal_is_in_the_language_of_its_caller(action: str, name: str, twice: Callable[[str], Any]) -> None:
    with twice("zoo.Precious") as both:
        both.model.objects.create(name="taken")
        key = {"id": both.model.objects.create(name="mine").pk} if action == "update" else {}
        found = []
        for language in ("de", "en", "de"):
            with translation.override(language):
                found.append(both.write(action, {**key, "name": name}).answer["fields"])
                assert found[-1]["name"][0]["message"] == of_rest_framework(name)
        assert found[0] == found[2] != found[1]


def of_rest_framework(name: str) -> str:
    """What its own serializer says of a name now."""
    meta = type("Meta", (), {"model": Precious, "fields": ("name",)})
    serializer: Any = type("Plain", (drf.ModelSerializer,), {"Meta": meta})(data={"name": name})
    assert not serializer.is_valid()
    return str(serializer.errors["name"][0])


def test_a_default_that_the_database_works_out_is_worked_out(twice: Callable[[str], Any]) -> None:
    column = apps.get_model("zoo", "Digits")._meta.get_field("limited")
    total = models.Value(3) + models.Value(4)
    with twice("zoo.Digits") as both, mock.patch.object(column, "_get_default", return_value=total):
        assert [row["limited"] for row in both.write("create", {"plain": 1}).rows] == [7]


# What is left to the ordinary way


def methods() -> list[str]:
    """Names that a class of the project's may define, and that creates and updates could call."""
    ours = [vars(base) for base in Binding.__mro__ if base.__module__.startswith("channels_binding.")]
    names = {name for each in ours for name, value in each.items() if callable(value) or isinstance(value, property)}
    dunder = {name for name in names if name.startswith("__") and name not in ("__init__",)}
    return sorted(names - one_statement._OF_OTHERS - one_statement._DECLARED - dunder - {"login", "logout"})


@pytest.mark.parametrize("name", methods())
def test_whatever_a_binding_says_itself_of_a_write_is_asked(name: str) -> None:
    def own(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(super(Own, self), name)(*args, **kwargs)

    class Plain(Binding):
        model = Article
        fields = ("id", "headline")
        permission_classes = (AllowAny,)

    Own: Any = type("Own", (Plain,), {name: own, "stream": "test.own"})
    assert one_statement._stock_writes_of(Plain) is not None
    assert one_statement._stock_writes_of(Own) is None


@pytest.mark.parametrize(
    "members",
    [
        {"full_clean": True},
        {"atomic": False},
        {"queryset": Article.objects.all()},
        {"serializer_class": drf.Serializer},
        {"permission_classes": property(lambda self: ())},
    ],
    ids=lambda members: next(iter(members)),
)
def test_what_a_binding_declares_otherwise_is_asked(members: dict[str, Any]) -> None:
    own: Any = type(
        "Own", (Binding,), {"model": Article, "fields": ("id", "headline"), "stream": "test.own", **members}
    )
    assert one_statement._stock_writes_of(own) is None


class Failing(BasePermission):
    """Asked for the answer, it fails."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.call.action == "retrieve":
            raise ValueError("in the middle")
        return True


def test_a_permission_that_fails_for_the_answer_undoes_the_write(user: Any) -> None:
    class Own(Binding):
        stream = "test.own"
        model = Article
        fields = ("id", "headline")
        permission_classes = (Failing,)

    stored = Article.objects.create(headline="before")
    for action, data in (("create", {"headline": "x"}), ("update", {"id": stored.pk, "headline": "x"})):
        with pytest.raises(ValueError, match="in the middle"):
            perform(Call("test.own", action, data, user, transport="websocket"))
    assert [each.headline for each in Article.objects.all()] == ["before"]


def test_a_row_that_an_action_s_own_permissions_show_is_not_shown_where_retrieve_s_do_not(user: Any) -> None:
    class Own(Binding):
        stream = "test.own"
        model = Note
        fields = ("id", "title")
        permission_classes = (IsNotLocked,)

        @bind("create", permission_classes=(AllowAny,))
        def create(self, data: Any) -> Any:
            return super().create(data)

    answer: Any = perform(Call("test.own", "create", {"title": "locked"}, user))
    assert {**answer} == {"success": True, "id": Note.objects.get().pk}


def test_an_update_with_a_version_locks_its_row_first(user: Any) -> None:
    stored = Article.objects.create(headline="before")
    with CaptureQueriesContext(connection) as context:
        perform(Call("zoo.Article", "update", {"id": stored.pk, "headline": "x"}, user, if_version="*"))
    assert [query["sql"].split()[0] for query in context.captured_queries].count("UPDATE") == 1
    assert any(query["sql"].startswith("SELECT") for query in context.captured_queries)


def test_a_hidden_related_row_is_a_missing_one(user: Any) -> None:
    hidden = KnownRows(type(user)._default_manager.none())
    with mock.patch.object(OneStatement, "known_rows", return_value=hidden), pytest.raises(ValidationError) as caught:
        perform(Call("zoo.Note", "create", {"title": "x", "owner": user.pk}, user))
    assert caught.value.get_codes() == {"owner": ["does_not_exist"]}


def test_whom_only_an_event_admits_is_shown_no_row(user: Any) -> None:
    class Own(Binding):
        stream = "test.own"
        model = Article
        fields = ("id", "headline")
        permission_classes = (IsAuthenticated,)

        @bind("open", permission_classes=(AllowAny,))
        def open(self, data: Any) -> Any:
            return self.perform("create", data)

    for caller, is_shown in ((AnonymousUser(), False), (user, True)):
        answer: Any = perform(Call("test.own", "open", {"headline": "x"}, caller, transport="websocket"))
        assert ("headline" in answer) is is_shown

"""Where rows may not be written by one statement: everything of the project's that would have run, and odd databases."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections, models
from django.db.models.signals import post_init, post_save, pre_init, pre_save
from django.test import override_settings
from django.utils.translation import get_language
from rest_framework import serializers as drf
from rest_framework.exceptions import ValidationError

from channels_binding.compiled import stock_writes as module
from channels_binding.compiled.stock_writes import StockWrites, is_saved_by_django, stock_writes
from channels_binding.registry import registry
from channels_binding.serializers.default import default_class
from tests.project.zoo.models import Article, Attachment, Cafe, Chapter, Computed, LoudNote, Note, Seat, Vault

pytestmark = pytest.mark.django_db


def writes_of(stream: str) -> StockWrites:
    cls: Any = registry.get(stream)
    found = stock_writes(cls.default_serializer_class(), cls.get_model())
    assert found is not None
    return found


# The model


@pytest.mark.parametrize("model", [Attachment, Cafe, Chapter, Computed, LoudNote, Seat, Vault])
def test_a_model_with_more_than_plain_columns_of_one_table_is_saved_by_django(model: Any) -> None:
    assert is_saved_by_django(Article)
    assert not is_saved_by_django(model)


class Upper(models.CharField):  # type: ignore[type-arg]
    """A column of the project's."""


def odd_models() -> Iterator[type[models.Model]]:
    def made(**members: Any) -> Any:
        meta = type("Meta", (), {"app_label": "odd", **members.pop("meta", {})})
        fields = {"name": models.CharField(max_length=9), **members}
        metaclass: Any = type(models.Model)
        return metaclass("Odd", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})

    def save(self: Any, *args: Any, **kwargs: Any) -> None:
        """The project's."""

    for name in (
        "save",
        "save_base",
        "_do_insert",
        "_save_table",
        "__init__",
        "__setattr__",
        "from_db",
        "serializable_value",
    ):
        yield made(**{name: save})
    yield made(set_too=property(save, save))
    yield made(name=Upper(max_length=9))
    yield made(objects=type("Own", (models.Manager,), {})())
    yield made(objects=models.Manager.from_queryset(type("Rows", (models.QuerySet,), {}))())
    yield made(meta={"managed": False})
    yield made(meta={"select_on_save": True})


@pytest.mark.filterwarnings("ignore:Model 'odd.odd' was already registered:RuntimeWarning")
def test_whatever_a_model_says_itself_of_being_saved_is_left_to_it() -> None:
    with restored_apps():
        assert [is_saved_by_django(model) for model in odd_models()] == [False] * 14


@contextmanager
def restored_apps() -> Iterator[None]:
    from django.apps import apps

    known = apps.all_models.pop("odd", None)
    try:
        yield
    finally:
        apps.all_models.pop("odd", None)
        if known is not None:
            apps.all_models["odd"] = known
        apps.clear_cache()


# The serializer


class OfTheField:
    """A validator that is given the field."""

    requires_context = True

    def __call__(self, value: Any, field: Any) -> None:
        """The project's."""


@pytest.mark.parametrize(
    "options",
    [{"validators": [OfTheField()]}, {"default": OfTheField(), "required": False}],
    ids=["validator", "default"],
)
def test_what_is_given_the_field_may_keep_it_and_is_given_a_new_one_each_time(options: Any) -> None:
    def compiled(**extra: Any) -> Any:
        return stock_writes(default_class(Article, ("id", "headline"), (), {"headline": extra}), Article)

    assert compiled(validators=[lambda value: None]) is not None
    assert compiled(**options) is None


def test_a_field_that_bears_the_name_of_another_column_is_left_to_rest_framework() -> None:
    options = {"title": {"source": "owner"}, "owner": {"source": "title"}}
    assert stock_writes(default_class(Note, ("id", "title", "owner"), (), {}), Note) is not None
    assert stock_writes(default_class(Note, ("id", "title", "owner"), (), options), Note) is None


def test_related_rows_that_are_written_by_default_are_left_to_rest_framework() -> None:
    def compiled(**options: Any) -> Any:
        return stock_writes(default_class(Note, ("id", "title", "labels"), (), {"labels": options}), Note)

    assert compiled() is not None
    assert compiled(default=[7]) is None


def test_another_serializer_than_the_default_one_is_left_alone() -> None:
    class Own(drf.ModelSerializer[Article]):
        class Meta:
            model = Article
            fields = ("id", "headline")

    assert stock_writes(Own, Article) is None


def state(serializer: Any) -> Any:
    """All that a serializer and its fields hold."""
    parts = [serializer, *serializer.fields.values()]
    return [{name: value for name, value in vars(part).items() if name not in ("fields", "parent")} for part in parts]


def test_nothing_of_a_call_stays_in_a_serializer() -> None:
    writes = writes_of("zoo.Digits")
    writes.validated({"plain": 1}, {})
    before = state(writes._idle[get_language()][0])
    with pytest.raises(ValidationError):
        writes.validated({"plain": "canary", "big": None}, {"request": "canary"})
    writes.validated({"plain": 777}, {"request": "canary"}, object(), partial=True)
    (idle,) = writes._idle[get_language()]
    assert state(idle) == before


def test_a_serializer_is_in_one_hand_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    writes, used, both = writes_of("zoo.Label"), [], threading.Barrier(4, timeout=5)
    run_validation = drf.ModelSerializer.run_validation

    def slowly(self: Any, data: Any) -> Any:
        used.append(self)
        both.wait()
        return run_validation(self, data)

    monkeypatch.setattr(drf.ModelSerializer, "run_validation", slowly)
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(writes.validated({"name": f"n{n}"}, {}))) for n in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({*map(id, used)}) == 4
    assert sorted(each["name"] for each in found) == ["n0", "n1", "n2", "n3"]


# The moment


def test_the_database_and_nobody_else_makes_it_possible() -> None:
    assert writes_of("zoo.Article").is_possible(DEFAULT_DB_ALIAS)
    assert not writes_of("zoo.Article").is_possible("archive")


@pytest.mark.parametrize("signal", [pre_init, post_init, pre_save, post_save])
def test_a_receiver_of_the_project_s_hears_of_a_row(signal: Any) -> None:
    def heard(**_: Any) -> None:
        """The project's."""

    writes = writes_of("zoo.Article")
    signal.connect(heard, sender=Article)
    try:
        assert not writes.is_possible(DEFAULT_DB_ALIAS)
    finally:
        signal.disconnect(heard, sender=Article)
    assert writes.is_possible(DEFAULT_DB_ALIAS)


@pytest.mark.parametrize("method", ["db_for_read", "db_for_write", "allow_relation"])
def test_a_router_that_chooses_may_look_at_instances(method: str) -> None:
    chooser = type("Chooser", (), {method: lambda self, *args, **hints: None})()
    with override_settings(DATABASE_ROUTERS=[chooser]):
        assert not writes_of("zoo.Article").is_possible(DEFAULT_DB_ALIAS)


class Lost:
    """The driver's connection to a database that is gone."""

    def cursor(self) -> Any:
        database: Any = connections[DEFAULT_DB_ALIAS]
        raise database.Database.OperationalError("gone")


def test_a_connection_that_is_lost_is_made_again_as_after_any_statement() -> None:
    module._without_triggers.clear()
    lost, looked = connections[DEFAULT_DB_ALIAS], mock.Mock()
    with (
        mock.patch.object(lost, "connection", Lost()),
        mock.patch.object(lost, "errors_occurred", False),
        mock.patch.object(lost, "close_if_health_check_failed", looked),
    ):
        with pytest.raises(OperationalError):
            writes_of("zoo.Article").is_possible(DEFAULT_DB_ALIAS)
        assert lost.errors_occurred  # so it is closed when the call is over (close_old_connections)
    looked.assert_called_once_with()  # CONN_HEALTH_CHECKS


@pytest.fixture
def trigger() -> Iterator[Callable[[], None]]:
    """A trigger of the project's on articles, once it is asked for."""
    module._without_triggers.clear()

    def make() -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(
                    "CREATE TRIGGER shout AFTER INSERT ON zoo_article BEGIN"
                    " UPDATE zoo_article SET headline = upper(headline) WHERE id = NEW.id; END"
                )
            else:
                cursor.execute(
                    "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                    " UPDATE zoo_article SET headline = upper(headline) WHERE id = NEW.id; RETURN NULL; END $$"
                )
                cursor.execute("CREATE TRIGGER shout AFTER INSERT ON zoo_article FOR EACH ROW EXECUTE FUNCTION shout()")

    yield make
    module._without_triggers.clear()


def test_a_trigger_may_change_the_row_after_it_was_returned(trigger: Callable[[], None]) -> None:
    trigger()
    assert not writes_of("zoo.Article").is_possible(DEFAULT_DB_ALIAS)
    assert writes_of("zoo.Booking").is_possible(DEFAULT_DB_ALIAS)


def test_a_trigger_that_is_made_later_is_seen_at_once_or_after_a_minute(
    trigger: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, now = writes_of("zoo.Article"), 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert writes.is_possible(DEFAULT_DB_ALIAS)
    trigger()
    assert writes.is_possible(DEFAULT_DB_ALIAS) is (connection.vendor == "postgresql")  # where no version is to be read
    now += module.TRIGGERS_SECONDS
    assert not writes.is_possible(DEFAULT_DB_ALIAS)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no triggers of a connection")
def test_a_trigger_of_the_connection_alone_is_seen(trigger: Callable[[], None]) -> None:
    writes = writes_of("zoo.Article")
    assert writes.is_possible(DEFAULT_DB_ALIAS)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TRIGGER hush AFTER INSERT ON zoo_article BEGIN DELETE FROM zoo_article; END")
    try:
        assert not writes.is_possible(DEFAULT_DB_ALIAS)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER hush")
    assert writes.is_possible(DEFAULT_DB_ALIAS)

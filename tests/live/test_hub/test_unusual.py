"""Unusual but ordinary Django: whatever rows are read and written by, each live list equals its query afterwards."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Exists, Prefetch
from django.db.models.expressions import RawSQL
from django.db.models.signals import post_save
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission

from channels_binding import dispatch
from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding
from channels_binding.exceptions import NotFound
from channels_binding.live.capture import signals, statements
from channels_binding.protocol import codecs
from channels_binding.querysets import tables
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread
from tests.project.zoo.models import Label, Note, Precious
from tests.throwaway import throwaway

Through = Note.labels.through
BOSS = "SELECT parent_id FROM zoo_note WHERE parent_id IS NOT NULL"


class Siblings(serializers.ModelSerializer):  # type: ignore[type-arg]
    before = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ("id", "before")

    def get_before(self, note: Any) -> int:
        return Note.objects.filter(rank__lt=note.rank).count()


class Children(Siblings):
    def get_before(self, note: Any) -> Any:
        return [each.title for each in note.children]


class ThroughBinding(AsyncBinding):
    stream = "tests.NoteLabel"
    model = Through
    fields = ("id", "note", "label")


class SiblingsBinding(AsyncBinding):
    stream = "tests.Siblings"
    model = Note
    serializer_class = Siblings


class ChildrenBinding(SiblingsBinding):
    stream = "tests.Children"
    serializer_class = Children

    def get_queryset(self) -> Any:
        return Note.objects.prefetch_related(Prefetch("note_set", Note.objects.order_by("id"), to_attr="children"))


class LabelledUserBinding(AsyncBinding):
    """Neither side of the many-to-many table is a row of it."""

    stream = "tests.PreciousWhileLabelled"
    model = Precious
    fields = ("id", "name")

    def get_queryset(self) -> Any:
        return Precious.objects.filter(Exists(Through.objects.filter(label_id__gt=0)))


class AlikeBinding(AsyncBinding):
    """A row may enter by what belongs to another."""

    stream = "tests.WhileOneIsLabelled"
    label_key = 0
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(Exists(Through.objects.filter(label=self.label_key)), title="a")


class RawBinding(AsyncBinding):
    stream = "tests.RawNote"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(pk__in=RawSQL("SELECT note_id FROM zoo_note_labels WHERE label_id > %s", [0]))


class RawOwnBinding(RawBinding):
    stream = "tests.RawParent"

    def get_queryset(self) -> Any:
        return Note.objects.filter(pk__in=RawSQL(BOSS, []))


class ExtraBinding(RawBinding):
    """SQL that calls the table by its name."""

    stream = "tests.ExtraNote"

    def get_queryset(self) -> Any:
        return Note.objects.extra(where=["EXISTS (SELECT 1 FROM zoo_note_labels l WHERE l.note_id = zoo_note.id)"])


class DoneBinding(AsyncBinding):
    stream = "tests.DoneNote"
    model = Note
    fields = ("id", "title", "rank", "done")
    filterset_fields = ("done", "rank")


@in_thread
def truth(stream: str, data: dict[str, Any], user: Any) -> Any:
    """What a query answers that nothing has been kept of."""
    reading: Any = dispatch.perform(Call(stream, "search", {**data, "live": False}, user))
    return [codecs.parse(row.body) for row in reading.rows], reading.meta["count"]


async def shows_the_truth(socket: BindingCommunicator, stream: str, write: Callable[[], Any], **data: Any) -> Any:
    """Follow a live list over a write, without asking the server for it: what is asked may be read anew."""
    await socket.live(f"{stream}.search#beside", {**data, "limit": 1})  # a list by itself would simply be read again
    live = await socket.live(f"{stream}.search#a", data)
    await in_thread(write)()
    wanted = await truth(stream, data, socket.user)
    with suppress(TimeoutError):
        while (live.rows, live.count) != wanted:
            push = await socket.receive()
            if push["event"] == live.event:
                live.apply(push)
    assert (live.rows, live.count) == wanted
    return wanted


@pytest.fixture
async def notes(user: Any) -> list[Any]:
    """Two with the same label, of which the second is a part of the first, and one without."""
    found = [await Note.objects.acreate(title=title, rank=rank) for rank, title in enumerate("abc")]
    label = await Label.objects.acreate(name="x")
    for note in found[:2]:
        await note.labels.aadd(label)
    await Note.objects.filter(pk=found[1].pk).aupdate(parent=found[0])
    AlikeBinding.label_key = (await Label.objects.acreate(name="y")).pk
    await Precious.objects.acreate(name="it")
    return found


def label(name: str) -> Any:
    return Label.objects.get(name=name)


MANY_TO_MANY: dict[str, Callable[[list[Any]], Any]] = {
    "add": lambda notes: notes[2].labels.add(label("x")),
    "add from the other side": lambda notes: label("y").note_set.add(notes[2]),
    "remove": lambda notes: notes[0].labels.remove(label("x")),
    "set": lambda notes: notes[0].labels.set([label("y")]),
    "clear": lambda notes: label("x").note_set.clear(),
}


@pytest.mark.parametrize("stream", [each.stream for each in (ThroughBinding, LabelledUserBinding, AlikeBinding)])
@pytest.mark.parametrize("way", [*MANY_TO_MANY])
async def test_what_reads_a_many_to_many_table_by_itself_is_told_of_its_rows(
    way: str, stream: str, notes: list[Any], connect: Connect, user: Any
) -> None:
    await shows_the_truth(await connect(user), stream, lambda: MANY_TO_MANY[way](notes))


async def test_who_subscribes_to_a_many_to_many_table_is_told_of_its_rows(
    notes: list[Any], connect: Connect, user: Any
) -> None:
    socket = await connect(user)
    await socket.call("tests.NoteLabel.subscribe")
    await in_thread(MANY_TO_MANY["add"])(notes)
    while (await socket.receive())["data"]["note"] != notes[2].pk:
        pass  # whatever may have changed is sent
    await in_thread(MANY_TO_MANY["clear"])(notes)
    assert [(await socket.receive())["event"] for _ in range(3)] == ["tests.NoteLabel.delete"] * 3


@pytest.mark.parametrize("action", ["search#a", "subscribe"])
async def test_who_may_read_by_a_many_to_many_table_loses_it_with_its_row(
    action: str, notes: list[Any], connect: Connect, user: Any
) -> None:
    class InGroup(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return Through.objects.filter(note=notes[0]).exists()

    class GatedBinding(AsyncBinding):
        stream = "tests.GatedByThrough"
        model = Precious
        fields = ("id",)
        permission_classes = (InGroup,)
        depends_on = (Through,)

        def get_audience(self) -> Any:
            return "all"

    socket = await connect(user)
    await socket.call(f"tests.GatedByThrough.{action}")
    await in_thread(MANY_TO_MANY["remove"])(notes)
    assert (await socket.receive())["error"]["code"] == "forbidden"


@pytest.mark.parametrize("stream", ["tests.Siblings", "tests.Children"])
async def test_a_row_that_is_made_of_other_rows_of_its_model_changes_with_them(
    stream: str, notes: list[Any], connect: Connect, user: Any
) -> None:
    def write() -> None:
        notes[1].refresh_from_db()
        notes[1].rank, notes[1].parent, notes[1].title = 7, notes[2], "d"
        notes[1].save()

    await shows_the_truth(await connect(user), stream, write)


@pytest.mark.parametrize("stream", ["tests.RawNote", "tests.RawParent", "tests.ExtraNote"])
async def test_tables_that_only_sql_of_the_project_s_names_are_looked_at(
    stream: str, notes: list[Any], connect: Connect, user: Any
) -> None:
    def write() -> None:
        if stream == "tests.RawParent":
            Note.objects.filter(pk=notes[1].pk).update(parent=notes[2])
        else:
            Through.objects.bulk_create([Through(note=notes[2], label=label("x"))])

    await shows_the_truth(await connect(user), stream, write)


async def test_sql_that_names_its_table_counts_its_rows(notes: list[Any], connect: Connect, user: Any) -> None:
    """Of a list that is shown already, rows and number are asked for together."""
    change = lambda: Note.objects.filter(pk=notes[0].pk).update(title="z")  # noqa: E731
    assert (await shows_the_truth(await connect(user), "tests.ExtraNote", change))[1] == 2


@pytest.mark.parametrize("is_new", [True, False])
async def test_what_a_receiver_writes_into_the_row_comes_after_what_was_saved(
    is_new: bool, notes: list[Any], connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_again(instance: Any, **_: Any) -> None:
        Note.objects.filter(pk=instance.pk).update(done=True)

    def write() -> None:
        with transaction.atomic():
            (Note(title="new") if is_new else notes[0]).save()

    socket = await connect(user)
    post_save.disconnect(dispatch_uid=signals._AFTER_SAVE)
    monkeypatch.setattr(signals, "_is_connected", False)
    post_save.connect(write_again, sender=Note)
    signals.connect()  # as when the first one comes to hear of it, long after the project's receivers
    try:
        rows, _ = await shows_the_truth(socket, "tests.DoneNote", write, filters={"done": True})
    finally:
        post_save.disconnect(write_again, sender=Note)
    assert len(rows) == 1


def by_hand(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def copy_a_row(notes: list[Any]) -> None:
    by_hand(
        "INSERT INTO zoo_note (title, rank, done, secret_code) SELECT title, 9, true, '' FROM zoo_note"
        " WHERE zoo_note.id = %s",
        notes[0].pk,
    )


def update_by_another_table(notes: list[Any]) -> None:
    by_hand("UPDATE zoo_note SET done = true FROM zoo_precious WHERE zoo_precious.id = %s", Precious.objects.get().pk)


def insert_after_a_save_that_failed(notes: list[Any]) -> None:
    with suppress(ValueError):
        Note(title="a", rank="no number").save()
    by_hand("INSERT INTO zoo_note (title, rank, done, secret_code) VALUES ('b', 1, true, '')")


@pytest.mark.parametrize("write", [copy_a_row, update_by_another_table, insert_after_a_save_that_failed])
async def test_what_is_written_by_hand_is_told(
    write: Callable[[list[Any]], None], notes: list[Any], connect: Connect, user: Any
) -> None:
    socket = await connect(user)
    rows, _ = await shows_the_truth(socket, "tests.DoneNote", lambda: write(notes), filters={"done": True})
    assert rows


class OfPrecious(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return Precious.objects.exists()


class OfChildren(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return Note.objects.filter(parent=obj).exists()


class OfGetObject(BasePermission):
    """None; the binding's own ``get_object()`` looks it up."""


@pytest.mark.parametrize("action", ["retrieve#a", "presence#a"])
@pytest.mark.parametrize("rule", [OfPrecious, OfChildren, OfGetObject])
async def test_who_may_see_a_row_by_other_rows_loses_it_with_them(
    rule: Any, action: str, notes: list[Any], connect: Connect, user: Any
) -> None:
    def get_object(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not Precious.objects.exists():
            raise NotFound
        return AsyncBinding.get_object(self, *args, **kwargs)

    own = {"get_object": get_object} if rule is OfGetObject else {}
    members = {
        "stream": "tests.Ruled",
        "model": Note,
        "fields": ("id",),
        "permission_classes": (rule,),
        "presence": True,
    }
    with throwaway():
        type("RuledBinding", (AsyncBinding,), {"__module__": __name__, **members, **own})
        socket = await connect(user)
        answer = await socket.call(f"tests.Ruled.{action}", {"id": notes[0].pk})
        assert answer["type"] == "snapshot"
        await in_thread(lambda: (Precious.objects.all().delete(), Note.objects.filter(parent=notes[0]).delete()))()
        assert (await socket.receive())["type"] == "gone"
        await socket.close()


class HasToken(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return hasattr(request.user, "auth_token")


@pytest.mark.parametrize("hook", ["permission_classes", "get_audience"])
@pytest.mark.parametrize("action", ["search#a", "retrieve#a", "presence#a", "subscribe"])
async def test_what_a_user_leads_to_is_followed_though_it_was_loaded_before_the_reading(
    action: str, hook: str, notes: list[Any], connect: Connect, user: Any
) -> None:
    """``request.user.profile`` of a permission, which is asked when the read is let in; or of an audience."""

    def get_audience(self: Any) -> Any:
        return ("with a token", hasattr(self.user, "auth_token"))

    own = {"get_audience": get_audience} if hook == "get_audience" else {}
    members = {"stream": "tests.ByUser", "model": Note, "fields": ("id",), "permission_classes": (HasToken,)}
    await Token.objects.acreate(user=user)
    with throwaway():
        type("ByUserBinding", (AsyncBinding,), {"__module__": __name__, "presence": True, **members, **own})
        socket = await connect(user)
        answer = await socket.call(f"tests.ByUser.{action}", {} if action[0] == "s" else {"id": notes[0].pk})
        assert "error" not in answer
        await in_thread(Token.objects.all().delete)()
        assert (await socket.receive())["error"]["code"] == "forbidden"
        await socket.close()


@pytest.fixture
def shared(transactional_db: None) -> Iterator[None]:
    """Two models that Django does not manage, whose rows are those of others: of a model, and of a many-to-many table."""

    class Pearl(models.Model):
        name = models.CharField(max_length=20)

        class Meta:
            app_label, managed, db_table = "zoo", False, "zoo_precious"

    class Tagging(models.Model):
        note = models.ForeignKey(Note, models.DO_NOTHING, related_name="+")
        label = models.ForeignKey(Label, models.DO_NOTHING, related_name="+")

        class Meta:
            app_label, managed, db_table = "zoo", False, "zoo_note_labels"

    yield from bound(Pearl, Tagging)


@pytest.fixture
def legacy(transactional_db: None) -> Iterator[None]:
    """A table of another program, that compares texts in its own way, of which the model says nothing."""
    is_padded = connection.vendor == "postgresql"
    code = "char(10)" if is_padded else "varchar(10) COLLATE NOCASE"

    class Parcel(models.Model):
        code = models.CharField(max_length=10)

        class Meta:
            app_label, managed, db_table = "zoo", False, "others_parcel"

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE others_parcel (id integer PRIMARY KEY, code {code})")
    Parcel._default_manager.create(id=1, code="b")
    yield from bound(Parcel)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE others_parcel")


def bound(*unmanaged: type[models.Model]) -> Iterator[None]:
    def forget() -> None:
        for kept in (
            statements.tables,
            statements.sharing_tables,
            statements._words_of_tables,
            statements._every_label,
        ):
            kept.cache_clear()
        for kept_of_text in (statements._labels_in, statements._written):
            kept_of_text.cache_clear()
        tables._by_table.cache_clear()

    forget()
    with throwaway():
        for made in unmanaged:
            filters = [field.name for field in made._meta.fields]
            members = {
                "stream": f"tests.{made.__name__}",
                "model": made,
                "fields": ("id",),
                "filterset_fields": filters,
            }
            type(f"{made.__name__}Binding", (AsyncBinding,), {"__module__": __name__, **members})
        yield
    for made in unmanaged:
        del apps.all_models["zoo"][made.__name__.lower()]
    apps.clear_cache()
    forget()


def unmanaged(name: str) -> Any:
    return apps.get_model("zoo", name)


@pytest.mark.parametrize(
    ("stream", "data", "write"),
    [
        ("tests.Pearl", {}, lambda notes: Precious.objects.create(name="new")),
        ("tests.Pearl", {"filters": {"name": "new"}}, lambda notes: Precious.objects.update(name="new")),
        ("tests.Pearl", {"filters": {"name": "it"}}, lambda notes: Precious.objects.get().delete()),
        ("tests.Tagging", {}, lambda notes: notes[2].labels.add(label("x"))),
        ("tests.Tagging", {}, lambda notes: notes[0].labels.clear()),
        ("zoo.Note", {}, lambda notes: unmanaged("Tagging").objects.create(note=notes[2], label=label("x"))),
        ("zoo.Precious", {}, lambda notes: unmanaged("Pearl").objects.update(name="new")),
    ],
)
async def test_models_that_share_a_table_are_told_of_each_other_s_writes(
    stream: str, data: Any, write: Any, shared: None, notes: list[Any], connect: Connect, user: Any
) -> None:
    await shows_the_truth(await connect(user), stream, lambda: write(notes), **data)


@pytest.mark.parametrize(
    "write",
    [
        lambda parcels: parcels.filter(pk=1).update(code="A" if connection.vendor == "sqlite" else "a"),
        lambda parcels: parcels.create(id=2, code="A" if connection.vendor == "sqlite" else "a  "),
    ],
)
async def test_text_in_a_table_of_others_is_what_the_database_takes_it_for(
    write: Any, legacy: None, connect: Connect, user: Any
) -> None:
    parcels = unmanaged("Parcel").objects
    await shows_the_truth(await connect(user), "tests.Parcel", lambda: write(parcels), filters={"code": "a"})

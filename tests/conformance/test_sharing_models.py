# mypy: ignore-errors
"""Models, columns and serializers of a project's that answer two callers otherwise: the proof of sharing says so."""

import datetime
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage, Storage
from django.db import connection, models
from django.test.utils import isolate_apps
from rest_framework import serializers

from channels_binding.bindings.trace import Trace
from tests.conformance.two_callers import CALLER, binding_of, judge, users
from tests.project.zoo.models import Note

pytestmark = pytest.mark.django_db(transaction=True)


class tables:
    """Models of the test alone, with their tables."""

    def __init__(self, *made: Any) -> None:
        self.made = made

    def __enter__(self) -> None:
        with connection.schema_editor() as editor:
            for each in self.made:
                editor.create_model(each)

    def __exit__(self, *args: Any) -> None:
        with connection.schema_editor() as editor:
            for each in reversed(self.made):
                editor.delete_model(each)


class TellingField(models.CharField):
    """Reads its column for each caller otherwise (say, decrypts it with the caller's key)."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return f"{value} for {CALLER.get()}"


class TellingKey(models.CharField):
    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return f"{value}-{CALLER.get()}"


def model_with_a_generated_column() -> Any:
    """``shown`` is ``title``, read by a field that gives each caller other values."""

    class Gen(models.Model):
        title = models.CharField(max_length=9)
        shown = models.GeneratedField(
            expression=models.F("title"), output_field=TellingField(max_length=9), db_persist=True
        )

        class Meta:
            app_label = "zoo"

    return Gen


class MineKey(models.ForeignKey):
    """A relation that leads to the caller's own rows alone."""

    def get_extra_restriction(self, alias: Any, related_alias: Any) -> Any:
        column = self.remote_field.model._meta.get_field("name")
        lookup = column.get_lookup("exact")
        return lookup(column.get_col(alias), CALLER.get())


@isolate_apps("tests.project.zoo")
def test_a_generated_columns_output_field() -> None:
    Gen = model_with_a_generated_column()
    with tables(Gen):
        Gen(title="x").save()
        judge(binding_of({"model": Gen, "fields": ("id", "shown")}))


@isolate_apps("tests.project.zoo")
def test_a_key_that_the_serializer_does_not_show_and_that_is_sent_as_id() -> None:
    class Keyed(models.Model):
        code = TellingKey(primary_key=True, max_length=9)
        title = models.CharField(max_length=9)

        class Meta:
            app_label = "zoo"

    class KeyedSerializer(serializers.ModelSerializer):
        class Meta:
            model = Keyed
            fields = ("title",)

    with tables(Keyed):
        models.QuerySet(Keyed).create(code="c", title="x")
        judge(binding_of({"model": Keyed, "fields": None, "serializer_class": KeyedSerializer}))


@isolate_apps("tests.project.zoo")
def test_keys_of_a_to_many_relation() -> None:
    class Tag(models.Model):
        code = TellingKey(primary_key=True, max_length=9)

        class Meta:
            app_label = "zoo"

    class Post(models.Model):
        tags = models.ManyToManyField(Tag)

        class Meta:
            app_label = "zoo"

    with tables(Tag, Post):
        post = Post.objects.create()
        Tag.objects.create(code="c")
        with connection.cursor() as cursor:
            cursor.execute(
                f"insert into {Post.tags.through._meta.db_table} (post_id, tag_id) values (%s, 'c')", [post.pk]
            )
        judge(binding_of({"model": Post, "fields": ("id", "tags")}))


@isolate_apps("tests.project.zoo")
@pytest.mark.parametrize("kind", ["nested", "dotted", "slug"])
def test_a_foreign_key_of_the_projects_on_the_way_to_a_plain_column(kind: str) -> None:
    class Team(models.Model):
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "zoo"

    class Post(models.Model):
        team = MineKey(Team, models.CASCADE, null=True)

        class Meta:
            app_label = "zoo"

    class TeamSerializer(serializers.ModelSerializer):
        class Meta:
            model = Team
            fields = ("name",)

    shown: dict[str, Any] = {
        "nested": TeamSerializer(source="team"),
        "dotted": serializers.CharField(source="team.name", allow_null=True),
        "slug": serializers.SlugRelatedField(source="team", slug_field="name", read_only=True),
    }
    meta = type("Meta", (), {"model": Post, "fields": ("id", "x")})
    shows = type(
        "PostSerializer", (serializers.ModelSerializer,), {"x": shown[kind], "Meta": meta, "__module__": __name__}
    )
    with tables(Team, Post):
        for each in ("ann", "bob"):
            Post(team=Team.objects.create(name=each)).save()
        judge(binding_of({"model": Post, "fields": None, "serializer_class": shows}))


@isolate_apps("tests.project.zoo")
def test_a_foreign_key_of_the_projects_between_a_row_and_its_to_many_relation() -> None:
    class Team(models.Model):
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "zoo"

    class Post(models.Model):
        teams = models.ManyToManyField(Team, through="zoo.Between")

        class Meta:
            app_label = "zoo"

    class Between(models.Model):
        post = models.ForeignKey(Post, models.CASCADE)
        team = MineKey(Team, models.CASCADE)

        class Meta:
            app_label = "zoo"

    class PostSerializer(serializers.ModelSerializer):
        class Meta:
            model = Post
            fields = ("id", "teams")
            read_only_fields = ("teams",)

    with tables(Team, Post, Between):
        post = Post.objects.create()
        for each in ("ann", "bob"):
            Between(post=post, team=Team.objects.create(name=each)).save()
        judge(binding_of({"model": Post, "fields": None, "serializer_class": PostSerializer}))


class Zone(datetime.tzinfo):
    """The caller's own time zone."""

    def utcoffset(self, moment: Any) -> Any:
        return datetime.timedelta(hours=1 if CALLER.get() == "ann" else 2)

    def dst(self, moment: Any) -> Any:
        return datetime.timedelta(0)

    def fromutc(self, moment: Any) -> Any:
        return moment + self.utcoffset(moment)


def serializer_of(model: Any, names: tuple[str, ...], **declared: Any) -> Any:
    meta = type("Meta", (), {"model": model, "fields": names})
    return type("Shown", (serializers.ModelSerializer,), {**declared, "Meta": meta, "__module__": __name__})


@pytest.mark.parametrize("is_declared", [True, False], ids=["declared", "extra_kwargs"])
def test_a_serializer_fields_time_zone(is_declared: bool) -> None:
    from django.contrib.auth import get_user_model

    users()
    model, names = get_user_model(), ("id", "date_joined")
    if is_declared:
        field = serializers.DateTimeField(default_timezone=Zone())
        members = {"fields": None, "serializer_class": serializer_of(model, names, date_joined=field)}
    else:
        members = {"fields": names, "extra_kwargs": {"date_joined": {"default_timezone": Zone()}}}
    judge(binding_of({"model": model, **members}))


class Signed(Storage):
    """Signs for the caller; keeps the storage that it wraps where Django's lazy ones do."""

    def __init__(self) -> None:
        self._wrapped = FileSystemStorage(base_url="/media/")

    def url(self, name: Any) -> str:
        return f"{self._wrapped.url(name)}?for={CALLER.get()}"


@isolate_apps("tests.project.zoo")
@pytest.mark.parametrize("kind", ["wrapper", "patched"])
def test_a_storage(kind: str) -> None:
    patched = FileSystemStorage(base_url="/media/")
    patched.url = lambda name: f"/media/{name}?for={CALLER.get()}"

    class Doc(models.Model):
        file = models.FileField(storage=Signed() if kind == "wrapper" else patched)

        class Meta:
            app_label = "zoo"

    with tables(Doc):
        Doc(file="x.txt").save()
        judge(binding_of({"model": Doc, "fields": ("id", "file")}))


@isolate_apps("tests.project.zoo")
def test_a_models_metaclass_chooses_the_default_manager() -> None:
    class Chosen(models.base.ModelBase):
        @property
        def _default_manager(cls) -> Any:
            chosen = models.Manager()
            chosen.model, chosen.name, chosen._db = cls, "objects", None if CALLER.get() == "ann" else "nowhere"
            return chosen

    class Post(models.Model, metaclass=Chosen):
        title = models.CharField(max_length=9)

        class Meta:
            app_label = "zoo"

    with tables(Post):
        models.QuerySet(Post).create(title="x")
        judge(binding_of({"model": Post}))


class Named(str):
    """A table for each tenant."""

    def __str__(self) -> str:
        return f"zoo_{CALLER.get()}"

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other)

    def startswith(self, *args: Any) -> bool:
        return False


class PerCaller(type):
    def __iter__(cls) -> Any:
        return iter(["title"] if CALLER.get() == "ann" else ["secret_code"])

    def __len__(cls) -> int:
        return 1


class SearchFields(metaclass=PerCaller):
    pass


def test_a_class_that_can_be_iterated() -> None:
    Note(title="x", secret_code="y").save()
    judge(binding_of({"search_fields": SearchFields}), {"query": "x"})


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite's functions can ask Python who calls")
@pytest.mark.parametrize("kind", ["func", "rawsql", "extra"])
def test_sql_of_the_projects(kind: str) -> None:
    """A text of SQL counts as a plain value; a function of the database may know who calls (current_setting on PostgreSQL)."""
    from django.db.models import Func
    from django.db.models.expressions import RawSQL

    for user in users():
        Note(title=user.username).save()
    connection.ensure_connection()
    connection.connection.create_function("caller", 0, lambda: CALLER.get())
    made: dict[str, Any] = {
        "func": Note.objects.filter(title=Func(function="caller", output_field=models.CharField())),
        "rawsql": Note.objects.filter(title=RawSQL("caller()", ())),
        "extra": Note.objects.extra(where=["title = caller()"]),
    }
    judge(binding_of({"queryset": made[kind]}))


class Attribute:
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else {7: _row()}

    def __set__(self, instance: Any, value: Any) -> None:
        pass


def _row() -> Any:
    from channels_binding.calls import Row

    return Row.of(1, {"id": 1, "title": CALLER.get()})


class Traced(Attribute):
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else Trace(lambda queryset: None, unchanged={1: _row()})


def test_what_instances_are_given_and_a_descriptor_takes() -> None:
    Note(pk=1, title="x").save()
    judge(binding_of({"trace": Traced()}))


def test_a_number_of_an_enumeration() -> None:
    class Mine(models.IntegerChoices):
        RANK = 1

        def __int__(self) -> int:
            return 1 if CALLER.get() == "ann" else 2

    Note(title="a", rank=1).save()
    Note(title="b", rank=2).save()
    value = models.Value(Mine.RANK, output_field=models.IntegerField())
    judge(binding_of({"queryset": Note.objects.filter(rank=value)}))


class OwnExact(models.lookups.Exact):
    lookup_name = "exact"

    def get_prep_lookup(self) -> Any:
        return 1 if CALLER.get() == "ann" else 2


class OwnIn(models.lookups.In):
    lookup_name = "in"

    def get_prep_lookup(self) -> Any:
        return [1] if CALLER.get() == "ann" else [2]


@pytest.mark.parametrize(("lookup", "data"), [(OwnExact, {"id": 1}), (OwnIn, {"ids": [1, 2]})], ids=["id", "ids"])
def test_a_lookup_of_the_key(lookup: Any, data: Any) -> None:
    from django.test.utils import register_lookup

    Note(pk=1, title="a").save()
    Note(pk=2, title="b").save()
    with register_lookup(type(Note._meta.pk), lookup):
        judge(binding_of({}), data, "retrieve")


class TenantRows(models.QuerySet):
    """Reads the caller's own database: ``_db`` is given to instances and stands in no body of Django's class."""

    _db = property(lambda self: None if CALLER.get() == "ann" else "nowhere", lambda self, value: None)


class TenantManager(models.Manager):
    _db = property(lambda self: None if CALLER.get() == "ann" else "nowhere", lambda self, value: None)


def test_a_querysets_attribute_of_instances() -> None:
    Note(title="x").save()
    judge(binding_of({"queryset": TenantRows(Note)}))


def test_a_managers_attribute_of_instances() -> None:
    from unittest import mock

    Note(title="x").save()
    manager: Any = TenantManager()
    manager.model = Note
    with mock.patch.object(Note._meta, "default_manager", manager):
        judge(binding_of({}))


def test_a_time_in_the_callers_zone() -> None:
    from django.contrib.auth import get_user_model

    users()
    model = get_user_model()
    model.objects.update(date_joined=datetime.datetime(2026, 1, 1, 10, 30, tzinfo=datetime.UTC))
    since = datetime.datetime(2026, 1, 1, 12, 0, tzinfo=Zone())
    rows = model.objects.filter(date_joined__gte=since)
    judge(binding_of({"model": model, "queryset": rows, "fields": ("id",)}))

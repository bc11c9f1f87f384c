"""Compiled reading: what a plan sends is what REST framework would have sent, byte for byte, or there is no plan."""

import datetime
import json
import zoneinfo
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import serializers as drf
from rest_framework.test import APIRequestFactory

from channels_binding.compiled.compiler import plan_of
from channels_binding.registry import registry
from channels_binding.serializers.default import rows_of
from tests.project.zoo.models import (
    Chapter,
    City,
    Country,
    Crew,
    Label,
    LoudNote,
    Membership,
    Note,
    Novel,
    Passport,
    Person,
    Price,
)
from tests.zoo_rows import Maker

REQUEST = APIRequestFactory().get("/")
ZONES = [zoneinfo.ZoneInfo(name) for name in ("UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe")]

STREAMS = {
    cls.get_stream(): cls
    for cls in registry
    if cls.find_model() is not None and cls.__module__.startswith(("tests.project.", "django.contrib"))
}
LEFT_TO_DRF = {"zoo.Attachment"}
"""Streams without a plan: a model that watches its own loading (the size of an image)."""


def as_drf(queryset: Any, serializer: Any) -> list[Any]:
    return [*rows_of(serializer, [*queryset])]


def compare(serializer_class: Any, queryset: Any) -> None:
    plan = plan_of(serializer_class, queryset.model)
    assert plan is not None
    expected = as_drf(queryset, serializer_class(context={"request": REQUEST}))
    shown = [*plan.rows(queryset, lambda: REQUEST)]
    unordered = unordered_relations(queryset.model) if connection.vendor == "postgresql" else []
    if any(name in json.loads(row.body) for row in expected for name in unordered):
        assert [sorted_in(row, unordered) for row in shown] == [sorted_in(row, unordered) for row in expected]
    else:
        assert shown == expected


def unordered_relations(model: Any) -> list[str]:
    """Names of the relations to several rows of a model without an order: PostgreSQL gives them as it finds them."""
    several = (each for each in model._meta.get_fields() if each.many_to_many or each.one_to_many)
    return [
        each.name if isinstance(each, models.Field) else each.get_accessor_name()
        for each in several
        if each.related_model is not None and not each.related_model._meta.ordering
    ]


def sorted_in(row: Any, names: list[str]) -> tuple[Any, str]:
    shown = json.loads(row.body)
    lists = {name: sorted(value, key=json.dumps) for name in names if isinstance(value := shown.get(name), list)}
    return row.pk, json.dumps({**shown, **lists})


@pytest.mark.django_db
@pytest.mark.parametrize("stream", sorted(set(STREAMS) - LEFT_TO_DRF))
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_plan_sends_the_bytes_that_rest_framework_would_send(stream: str, data: st.DataObject) -> None:
    cls = STREAMS[stream]
    zone = data.draw(st.sampled_from(ZONES))
    with timezone.override(zone), transaction.atomic():
        try:
            with transaction.atomic():
                Maker(data).rows(cls.get_model(), data.draw(st.integers(1, 3)))
        except IntegrityError:
            pass  # two rows with one unique value; what was there before is compared all the same
        compare(cls.default_serializer_class(), cls.get_model()._default_manager.order_by("pk"))
        transaction.set_rollback(True)


# Shapes that the default serializers of the zoo do not have


def model_serializer(model: Any, *fields: str, **declared: Any) -> Any:
    meta = type("Meta", (), {"model": model, "fields": fields, "depth": declared.pop("depth", 0)})
    return type("Made", (drf.ModelSerializer,), {"Meta": meta, **declared})


PersonShown = model_serializer(Person, "id", "name", "friends")
Bare = model_serializer(Person, "id", "name")
NoteInside = model_serializer(Note, "id", "title", "done")
CountryInside = model_serializer(Country, "code", "name")


class NotModel(drf.Serializer[Any]):
    name = drf.CharField()
    day = drf.CharField(source="pk")


SHAPES: dict[str, tuple[Any, Any]] = {
    "a nested row": (City, model_serializer(City, "name", "country", country=CountryInside())),
    "a nested row that may be missing": (Person, model_serializer(Person, "name", "mentor", mentor=Bare())),
    "nested in nested": (
        Person,
        model_serializer(Person, "mentor", mentor=model_serializer(Person, "name", "mentor", mentor=Bare())()),
    ),
    "many nested": (
        Country,
        model_serializer(Country, "code", "cities", cities=model_serializer(City, "id", "name")(many=True)),
    ),
    "many nested over a table between": (
        Crew,
        model_serializer(Crew, "name", "members", members=PersonShown(many=True)),
    ),
    "by depth": (Novel, model_serializer(Novel, "title", "sold_in", depth=1)),
    "another name": (Note, model_serializer(Note, "heading", "rank", heading=drf.CharField(source="title"))),
    "write-only": (Note, model_serializer(Note, "title", "secret_code", secret_code=drf.CharField(write_only=True))),
    "a slug": (City, model_serializer(City, "country", country=drf.SlugRelatedField("name", read_only=True))),
    "a column of another row": (
        City,
        model_serializer(City, "of", of=drf.CharField(source="country.name", read_only=True)),
    ),
    "a column of another row that may be missing": (
        Person,
        model_serializer(
            Person,
            "of",
            "at",
            of=drf.CharField(source="mentor.name", allow_null=True),
            at=drf.ReadOnlyField(source="mentor.mentor.name", allow_null=True),
        ),
    ),
    "to_field": (Price, model_serializer(Price, "currency", "second")),
    "keys of the other side": (Person, model_serializer(Person, "pupils", "followers", "crews")),
    "a number as text": (Note, model_serializer(Note, "rank", rank=drf.CharField())),
    "a decimal as it is": (
        Price,
        model_serializer(Price, "amount", amount=drf.DecimalField(8, 2, coerce_to_string=False)),
    ),
    "a decimal rounded": (Price, model_serializer(Price, "amount", amount=drf.DecimalField(8, 1))),
    "a proxy": (LoudNote, model_serializer(LoudNote, "title", "labels")),
    "a one-to-one key": (Passport, model_serializer(Passport, "person", "number", person=Bare())),
}


@pytest.mark.django_db
@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_other_shapes_are_sent_alike_too(shape: str, data: st.DataObject) -> None:
    model, serializer_class = SHAPES[shape]
    with transaction.atomic():
        try:
            with transaction.atomic():
                _populate(Maker(data), model)
        except IntegrityError:
            pass
        compare(serializer_class, model._default_manager.order_by("pk"))
        transaction.set_rollback(True)


def _populate(maker: Maker, model: Any) -> None:
    made = maker.rows(model, 3)
    if model is Country:
        for country in made:
            City.objects.create(country=country, name="Bonn")
    if model is Crew:
        people = maker.rows(Person, 2, depth=1)
        Membership.objects.bulk_create(Membership(crew=crew, person=person) for crew in made[:2] for person in people)
        people[0].friends.add(people[1])
    if model is Person:
        made[0].mentor = made[1]
        made[0].save()
        made[0].followers.add(made[2])


@pytest.mark.django_db
def test_statements_do_not_grow_with_rows() -> None:
    cls = SHAPES["many nested over a table between"][1]
    counts = []
    for _ in range(2):
        for _ in range(3):
            crew = Crew.objects.create(name="x")
            crew.members.set([Person.objects.create(name="a"), Person.objects.create(name="b")])
        plan = plan_of(cls, Crew)
        assert plan is not None
        with CaptureQueriesContext(connection) as context:
            assert len(plan.rows(Crew.objects.all(), lambda: REQUEST))
        counts.append(len(context))
    assert counts == [3, 3]  # crews, their members, the members' friends


@pytest.mark.django_db
def test_a_narrowed_plan_selects_only_what_is_shown() -> None:
    Note.objects.create(title="x")
    cls = model_serializer(Note, "id", "title", "rank", "labels")
    plan = plan_of(cls, Note)
    assert plan is not None
    with CaptureQueriesContext(connection) as context:
        (row,) = plan.only(["rank"]).rows(Note.objects.all(), lambda: None)
    assert len(context) == 1
    assert "title" not in context.captured_queries[0]["sql"]
    assert row.body == f'{{"id":{row.pk},"rank":0}}'.encode()


@pytest.mark.django_db
def test_an_annotated_distinct_queryset_is_read_alike() -> None:
    user = get_user_model().objects.create_user("ann")
    for rank in range(3):
        note = Note.objects.create(title=str(rank), rank=rank, owner=user)
        note.labels.set([Label.objects.create(name="a"), Label.objects.create(name="a")])
    queryset = (
        Note.objects.annotate(n=models.Count("labels"))
        .filter(labels__name="a", n__gt=0)
        .distinct()
        .order_by("-n", "-rank")
    )
    compare(model_serializer(Note, "id", "rank", "owner"), queryset)
    compare(model_serializer(Note, "id", "rank", "owner"), queryset.all()[1:2])


@pytest.mark.django_db
def test_the_zone_is_that_of_the_call_and_not_of_the_compilation() -> None:
    novel = Novel.objects.create(title="x")
    Chapter.objects.create(novel=novel, title="1")
    user = get_user_model()
    user.objects.create_user("ann", date_joined=datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC))
    cls = model_serializer(user, "date_joined")
    plan = plan_of(cls, user)
    assert plan is not None
    bodies = set()
    for zone in ZONES:
        with timezone.override(zone):
            bodies |= {row.body for row in plan.rows(user.objects.all(), lambda: None)}
    assert len(bodies) == len(ZONES)

"""What a serializer reads of related rows is fetched in few statements and known beforehand."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Prefetch
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers as drf

from channels_binding.serializers import relations
from channels_binding.serializers.default import rows_of
from channels_binding.serializers.relations import own_columns, prefetches_of, related_models
from tests.project.zoo.models import Label, Note
from tests.serializers.test_default import DeepSerializer, plain


def test_what_a_serializer_reads_is_fetched_in_a_fixed_number_of_statements(transactional_db: None) -> None:
    owner = get_user_model().objects.create(username="ann")
    counts = []
    for _ in range(2):
        for _ in range(5):
            Note.objects.create(title="n", owner=owner).labels.set([Label.objects.create(name="x")])
        with CaptureQueriesContext(connection) as queries:
            serializer = DeepSerializer()
            rows_of(serializer, list(relations.joined(Note.objects.all(), serializer)))
        counts.append(len(queries))
    assert counts == [2, 2]


def test_joins_and_prefetches_of_the_queryset_s_own_are_kept() -> None:
    own = Note.objects.select_related("parent").prefetch_related("labels")
    queryset = relations.joined(own, DeepSerializer())
    assert queryset.query.select_related == {"parent": {}}
    assert queryset._prefetch_related_lookups == ("labels",)  # type: ignore[attr-defined]


def test_models_whose_rows_are_shown_in_part_are_known() -> None:
    through = Note.labels.through
    assert related_models(DeepSerializer(), Note) == {get_user_model(), Label, through}
    assert related_models(plain("title", "parent")(), Note) == set()
    assert through in related_models(plain("labels")(), Note)


def test_a_source_over_several_relations_is_joined_all_the_way_and_every_row_on_it_is_known() -> None:
    class ParentsOwner(drf.ModelSerializer[Note]):
        whose = drf.CharField(source="parent.owner.username", read_only=True)

        class Meta:
            model = Note
            fields = ("title", "whose")

    assert related_models(ParentsOwner(), Note) == {Note, get_user_model()}
    joined = relations.joined(Note.objects.all(), ParentsOwner())
    assert joined.query.select_related == {"parent": {"owner": {}}}


def test_rows_are_ordered_by_columns_that_are_shown_and_not_by_what_is_only_written() -> None:
    class Secretive(drf.ModelSerializer[Note]):
        loud = drf.CharField(source="title", read_only=True)

        class Meta:
            model = Note
            fields = ("id", "rank", "secret_code", "loud", "labels")
            extra_kwargs = {"secret_code": {"write_only": True}}

    assert own_columns(Secretive(), Note) == ["id", "rank"]


@pytest.mark.backends
def test_what_is_prefetched_is_what_prefetch_related_was_given() -> None:
    own = Prefetch("labels", Label.objects.none())
    assert prefetches_of(Note.objects.prefetch_related("parent", own)) == ("parent", own)
    assert prefetches_of(Note.objects.prefetch_related("parent").prefetch_related(None)) == ()

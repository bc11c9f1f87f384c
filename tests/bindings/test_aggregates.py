"""``aggregate``, as a client sees it."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone
from rest_framework import serializers

from channels_binding.consumers import Binding
from channels_binding.exceptions import Invalid, LimitExceeded, MethodNotAllowed
from channels_binding.registry import registry
from channels_binding.testing import BindingClient
from tests.project.zoo.models import Digits, Moment, Note, Prose

pytestmark = pytest.mark.django_db


def rows(user: Any, stream: str, **data: Any) -> list[tuple[Any, ...]]:
    """Without the ids, which say the groups again."""
    return [tuple(row.values())[1:] for row in BindingClient(user).call(f"{stream}.aggregate", data)["rows"]]


def test_an_aggregate_is_of_the_rows_that_a_search_finds(user: Any, stranger: Any) -> None:
    for number, owner in enumerate((user, user, stranger, None)):
        Note.objects.create(title=f"n{number % 2}", rank=number, owner=owner)
    assert rows(user, "zoo.Note", measures=["count", "sum:rank"]) == [(4, 6)]
    assert rows(user, "zoo.Note", measures=["sum:rank"], filters={"rank__gte": 2}) == [(5,)]
    assert rows(user, "zoo.Note", measures=["sum:rank"], query="n1") == [(4,)]
    assert rows(user, "zoo.OwnNote", measures=["count", "sum:rank"], by=["owner"]) == [(user.pk, 2, 1)]
    assert rows(stranger, "zoo.OwnNote", measures=["count"]) == [(1,)]


def test_rows_that_the_caller_leaves_out_are_not_measured(user: Any) -> None:
    keys = [Note.objects.create(title="x", rank=rank, owner=user).pk for rank in (1, 10, 100)]
    measures = ["count", "sum:rank"]
    assert rows(user, "zoo.Note", measures=measures, exclude=[keys[2], 424242]) == [(2, 11)]
    assert rows(user, "zoo.Note", measures=measures, by=["rank"], exclude=[str(keys[0])]) == [
        (10, 1, 10),
        (100, 1, 100),
    ]
    assert rows(user, "zoo.GuardedNote", measures=["count"], exclude=keys[1:]) == [(1,)]
    assert rows(user, "zoo.Note", measures=measures, exclude=[]) == [(3, 111)]


@pytest.mark.parametrize("keys", ["1", {"a": 1}, [True], ["one"], [None], [[1]], [*range(1001)]])
def test_what_is_no_list_of_keys_cannot_be_left_out(user: Any, keys: Any) -> None:
    with pytest.raises(Invalid):
        rows(user, "zoo.Note", exclude=keys)


def test_rows_that_an_object_permission_hides_are_not_measured(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Note.objects.create(title="locked", rank=100)
    Note.objects.create(title="open", rank=1)
    assert rows(user, "zoo.GuardedNote", measures=["count", "sum:rank"], by=["rank"]) == [(1, 1, 1)]
    monkeypatch.setattr("channels_binding.bindings.aggregates.MOST_JUDGED", 1)
    with pytest.raises(LimitExceeded):
        rows(user, "zoo.GuardedNote")


def test_a_sum_beyond_what_columns_hold_is_told_or_refused_but_is_no_fault(user: Any) -> None:
    Digits.objects.bulk_create([Digits(big=2**63 - 1), Digits(big=2**63 - 1)])
    if connection.vendor == "sqlite":
        with pytest.raises(Invalid, match="larger"):
            rows(user, "zoo.Digits", measures=["sum:big"])
    else:
        assert rows(user, "zoo.Digits", measures=["sum:big"]) == [(str(2**64 - 2),)]


def test_the_answer_says_what_stands_beside_the_rows(user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_PAGE_SIZE": 3}
    for rank in range(4):
        Note.objects.create(title="x", rank=rank)
    client = BindingClient(user)
    page = client.call("zoo.Note.aggregate", {"by": ["rank"], "limit": 2, "order": ["-rank"]})
    assert {**page, "rows": [row["id"] for row in page["rows"]]} == {
        "limit": 2,
        "count": 2,
        "truncated": True,
        "order": ["-rank"],
        "rows": ["[3]", "[2]"],
    }
    whole = client.call("zoo.Note.aggregate", {"by": ["done"], "limit": 99})
    assert (whole["limit"], whole["truncated"], whole["order"]) == (3, False, None)


def test_parts_of_times_are_those_of_the_active_time_zone(user: Any) -> None:
    Moment.objects.create(day="2026-03-01", instant="2026-02-28T23:30:00Z", hour="10:00")
    found = {}
    for zone in ("UTC", "Asia/Tokyo"):
        with timezone.override(zone):
            found[zone] = rows(user, "zoo.Moment", by=["instant:month", "day:week"])
    assert found == {"UTC": [("2026-02-01", "2026-02-23", 1)], "Asia/Tokyo": [("2026-03-01", "2026-02-23", 1)]}


def test_texts_of_related_groups_are_told_of_rows_that_the_caller_may_know_of(user: Any, stranger: Any) -> None:
    Note.objects.create(title="x", owner=user)
    Note.objects.create(title="x", owner=stranger)
    client = BindingClient(user)
    data = {"by": ["owner"], "labels": True}
    assert client.call("zoo.Note.aggregate", data)["labels"] == {
        "owner": {str(user.pk): "ann", str(stranger.pk): "bob"}
    }
    others = registry.get("auth.User")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(others, "get_queryset", lambda self: type(user).objects.filter(pk=self.user.pk))
        found = client.call("zoo.Note.aggregate", data)
    assert found["labels"] == {"owner": {str(user.pk): "ann"}}
    assert client.call("zoo.Note.aggregate", {"by": ["done"], "labels": True})["labels"] == {}


ODD: list[dict[str, Any]] = [
    {"measures": ["sum:secret_code"]},
    {"measures": ["sum:title"]},
    {"measures": ["median:rank"]},
    {"measures": ["sum:rank__gt"]},
    {"by": ["secret_code"]},
    {"by": ["owner__password"]},
    {"by": ["rank:month"]},
    {"order": "-sum:rank"},
    {"order": "done"},
    {"limit": 0},
    {"page": 1},
    {"fields": ["rank"]},
    {"filters": {"owner": 1}},
    {"params": {"a": 1}},
]


@pytest.mark.parametrize("data", ODD, ids=str)
def test_what_is_not_declared_is_refused_without_sql(data: Any, user: Any, django_assert_num_queries: Any) -> None:
    client = BindingClient(user)
    with django_assert_num_queries(0), pytest.raises(Invalid):
        client.call("zoo.Note.aggregate", data)


def test_it_is_offered_where_something_is_declared(user: Any) -> None:
    with pytest.raises(MethodNotAllowed):
        BindingClient(user).call("zoo.PagedNote.aggregate", {})
    assert "aggregate" not in BindingClient(user).call("zoo.PagedNote.describe", {})
    assert BindingClient(user).call("zoo.GuardedNote.describe", {})["aggregate"] == {
        "measures": ["count", "sum:rank"],
        "by": ["rank"],
    }

    class Reported(Binding):
        model = Note
        stream = "x.Reported"
        actions = ("search",)
        group_by = ("done",)

    assert "aggregate" not in Reported.get_actions()

    class Own(Binding):
        model = Note
        stream = "x.Own"

        def aggregate(self, data: Any) -> Any:
            return {"own": True}

    assert "aggregate" in Own.get_actions(), "a handler of the project's own is its own affair"


def test_two_groups_that_are_shown_alike_are_an_error_and_no_mixture(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Prose.objects.create(title="a", postcode="A")
    Prose.objects.create(title="b", postcode="B")

    class Masked(serializers.CharField):
        def to_representation(self, value: Any) -> str:
            return "***"

    class MaskedProse(serializers.ModelSerializer[Prose]):
        postcode = Masked()

        class Meta:
            model = Prose
            fields = ("id", "postcode")

    monkeypatch.setattr(registry.get("zoo.Prose"), "serializer_class", MaskedProse)
    with pytest.raises(ImproperlyConfigured):
        BindingClient(user).call("zoo.Prose.aggregate", {"by": ["postcode"]})

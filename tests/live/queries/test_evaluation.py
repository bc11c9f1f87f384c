"""Identity of live queries, and what touches them."""

import datetime
from fractions import Fraction
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Max
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django_filters import DateFilter, DateFromToRangeFilter, DateRangeFilter, FilterSet
from rest_framework import serializers

from channels_binding.bindings import AsyncBinding
from channels_binding.calls import Call, Reading
from channels_binding.live.capture.changes import Changes, Fact
from channels_binding.live.queries.evaluation import canonical, evaluate, identity_of, key_of, normalized
from channels_binding.live.queries.prefilter import probe
from channels_binding.registry import registry
from tests.conformance import related
from tests.conftest import Connect
from tests.project.zoo.models import Country, Label, Moment, Note, Precious


def call(action: str = "search", **data: Any) -> Call:
    return Call("zoo.Note", action, data, user=None)


def test_equal_reads_of_one_audience_have_one_key() -> None:
    one, other = {"page": 1, "filters": {"a": 1, "b": 2}}, {"filters": {"b": 2, "a": 1}, "page": 1}
    assert key_of(call(), one, ("all",)) == key_of(call(), other, ("all",))
    assert key_of(call(), one, ("all",)).startswith("zoo.Note/search/")


@pytest.mark.parametrize(
    ("params", "audience"), [({"page": 2}, ("all",)), ({"page": 1}, ("user", 7)), ({"page": 1}, ("user", "7"))]
)
def test_another_page_or_audience_has_another_key(params: dict[str, Any], audience: Any) -> None:
    assert key_of(call(), params, audience) != key_of(call(), {"page": 1}, ("all",))


def test_the_text_of_an_audience_does_not_depend_on_the_history_of_a_set() -> None:
    grown = frozenset([1]) | frozenset(range(100, 0, -1))
    assert identity_of(("groups", grown)) == identity_of(("groups", frozenset(range(1, 101))))
    assert identity_of(("a", ("b", 1))) != identity_of(("a", "b", 1))


def test_audiences_that_say_the_same_of_themselves_are_not_the_same() -> None:
    one, other = Label(pk=1, name="same"), Label(pk=2, name="same")
    assert identity_of(one) != identity_of(other)
    assert identity_of(("team", one)) == identity_of(("team", Label(pk=1, name="renamed")))
    assert identity_of(SimpleLazyObject(lambda: one)) == identity_of(one)
    there = Label(pk=1)
    there._state.db = "other"
    assert identity_of(one) != identity_of(there)
    lists: Any = [one], [other]
    mappings: Any = {"team": one}, {"team": other}
    for here, elsewhere in (lists, mappings):
        assert identity_of(here) != identity_of(elsewhere)
    assert identity_of(Fraction(1, 2)) == identity_of(Fraction(2, 4))


def test_defaults_are_filled_in_and_live_is_left_out() -> None:
    binding = registry.get("zoo.Note")(call(live=True, filters=None))
    assert canonical(binding, binding.call.data) == {"page": 1, "limit": 25}
    assert canonical(binding, {"page": 0}) == {"page": 0, "limit": 25}  # refused later, not taken for a default


def test_keys_and_values_are_recognised_however_the_database_was_given_them() -> None:
    text = "12345678-1234-1234-1234-123456789012"
    assert normalized(Changes({"zoo.Token": {text.replace("-", "")}}), {"zoo.Token"}).keys == {"zoo.Token": {text}}
    assert normalized(Changes({"zoo.Note": {"7", 8, "odd"}}), {"zoo.Note"}).keys == {"zoo.Note": {7, 8, "odd"}}
    assert normalized(Changes({"zoo.Note": {"7"}, "zoo.Label": None}), set()).keys == {
        "zoo.Note": {"7"},
        "zoo.Label": None,
    }
    changes = Changes({"zoo.Note": {"7"}})
    changes.know("zoo.Note", "7", {"done": 1, "owner_id": "3"}, is_new=True)
    assert normalized(changes, {"zoo.Note"}).facts == {
        "zoo.Note": {7: Fact({"done": True, "owner_id": 3}, is_new=True)}
    }


def test_a_key_that_may_be_another_word_for_a_row_is_that_of_any_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """``filter(pk="2").update(…)`` of the row ``2.00``."""
    monkeypatch.setattr(Country._meta, "pk", models.DecimalField(decimal_places=2, max_digits=8, primary_key=True))
    changes = Changes({"zoo.Country": {"2"}, "zoo.City": {1}})
    assert normalized(changes, {"zoo.Country", "zoo.City"}).keys == {"zoo.Country": None, "zoo.City": {1}}
    assert normalized(Changes({"zoo.Country": set()}), {"zoo.Country"}).keys == {"zoo.Country": set()}


def evaluation(action: str, user: Any, stream: str = "zoo.Note", **data: Any) -> Any:
    return evaluate(Call(stream, action, data, user))


@pytest.mark.django_db
def test_evaluating_tells_everything_that_the_answer_is_made_of(django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="ann")
    note = Note.objects.create(title="x")
    found = evaluation("search", user, filters={"labels__name": "red"}, labels=True)
    assert found.reading.rows == ()
    assert {"zoo.Note", "zoo.Label", "zoo.Note_labels", "auth.User"} <= found.labels
    found = evaluation("retrieve", user, id=note.pk)
    assert found.reading is not None
    assert found.labels == {"zoo.Note", "zoo.Note_labels"}
    assert not found.is_entangled
    assert evaluation("retrieve", user, id=note.pk + 1).reading is None


@pytest.mark.django_db
def test_a_built_in_list_has_a_prefilter_and_a_row_has_none(django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="ann")
    found = evaluation("search", user, filters={"done": True})
    assert found.prefilter.conditions.allowed == {"done": {True}}
    assert evaluation("list", user).prefilter is not None
    assert evaluation("retrieve", user, ids=[]).prefilter is None


class ParentNoteBinding(AsyncBinding):
    stream = "tests.ParentNote"
    model = Note
    fields = ("id", "title")
    filterset_fields = ("parent__title",)


class AskingNoteBinding(AsyncBinding):
    """Whose rows depend on what another table holds, in a way that no query shows."""

    stream = "tests.AskingNote"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(title__in=[*Label.objects.values_list("name", flat=True)])


class TalkativeSerializer(serializers.ModelSerializer[Note]):
    """Asks about another table for each row."""

    is_known = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ("id", "is_known")

    def get_is_known(self, note: Note) -> bool:
        return Precious.objects.filter(name=note.title).exists()


class TalkativeNoteBinding(AsyncBinding):
    stream = "tests.TalkativeNote"
    model = Note
    serializer_class = TalkativeSerializer


@pytest.mark.django_db
def test_whatever_the_database_is_asked_for_a_query_or_its_rows_it_depends_on(django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="ann")
    Note.objects.create(title="x")
    asking = evaluation("search", user, "tests.AskingNote")
    assert asking.labels == {"zoo.Note", "zoo.Label"}
    assert asking.prefilter is not None
    assert not asking.is_entangled
    talkative = evaluation("search", user, "tests.TalkativeNote")
    assert talkative.labels == {"zoo.Note", "zoo.Precious"}
    assert evaluation("retrieve", user, "tests.TalkativeNote", id=Note.objects.get().pk).labels == talkative.labels


class LookingNoteBinding(AsyncBinding):
    """Whose rows depend on what its own table holds."""

    stream = "tests.LookingNote"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(rank=Note.objects.aggregate(best=Max("rank"))["best"])


@pytest.mark.django_db
def test_a_query_for_which_its_own_table_was_asked_is_entangled(django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="ann")
    assert evaluation("search", user, "tests.LookingNote").is_entangled


class OwnSearchBinding(AsyncBinding):
    stream = "tests.OwnSearch"
    model = Note
    fields = ("id", "title")

    def search(self, data: Any) -> Any:
        return Reading((), {"count": 0})


@pytest.mark.django_db
def test_a_query_that_depends_on_more_than_its_rows_has_no_prefilter(django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="ann")
    entangled = evaluation("search", user, "tests.ParentNote", filters={"parent__title": "a"})
    assert entangled.is_entangled
    assert entangled.no_prefilter == "its rows depend on others of zoo.Note"
    assert evaluation("search", user, "tests.ParentNote").prefilter is not None
    own = evaluation("search", user, "tests.OwnSearch")
    assert (own.prefilter, own.no_prefilter) == (None, "OwnSearchBinding has a search of its own")


class MomentFilters(FilterSet):  # type: ignore[misc]  # django-filter has no types
    day = DateFromToRangeFilter()
    about = DateRangeFilter(field_name="day")

    class Meta:
        model = Moment
        fields: ClassVar = {"hour": ["lt"]}


class DatedBinding(AsyncBinding):
    stream = "tests.Dated"
    model = Moment
    fields = ("id", "day")
    filterset_class = MomentFilters


class CurrentBinding(DatedBinding):
    stream = "tests.Current"

    def get_queryset(self) -> Any:
        return Moment.objects.filter(instant__lte=timezone.now())


class OwnFilteringBinding(DatedBinding):
    stream = "tests.OwnFiltering"

    def filter_queryset(self, queryset: Any, data: Any) -> Any:
        return super().filter_queryset(queryset, data)


class ByMethod(FilterSet):  # type: ignore[misc]  # django-filter has no types
    day = DateFilter(method="since")

    def since(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(day__gte=value)


class ByMethodBinding(DatedBinding):
    stream = "tests.ByMethod"
    filterset_class = ByMethod


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stream", "filters", "has_prefilter"),
    [
        ("tests.Dated", {"day_after": "2026-01-02"}, True),
        ("tests.Dated", {"day_after": "2026-01-02", "day_before": "2026-02-02", "hour__lt": "10:00"}, True),
        ("tests.Dated", {"about": "week"}, False),
        ("tests.Current", {"day_after": "2026-01-02"}, False),
        ("tests.OwnFiltering", {"day_after": "2026-01-02"}, False),
        ("tests.ByMethod", {"day": "2026-01-02"}, False),
        ("zoo.Moment", {"day__gte": "2026-01-02"}, True),
    ],
)
def test_times_that_the_caller_names_are_the_same_every_time(
    stream: str, filters: Any, has_prefilter: bool, django_user_model: Any
) -> None:
    user = django_user_model.objects.create(username="ann")
    found = evaluation("search", user, stream, filters=filters)
    assert (found.prefilter is not None) is has_prefilter
    if not has_prefilter:
        assert found.no_prefilter == "a time is among its parameters"


@pytest.mark.django_db
def test_a_list_of_days_says_which_rows_may_enter_it(django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="ann")
    made = [
        Moment.objects.create(day=datetime.date(2026, 1, day), instant=timezone.now(), hour=datetime.time(1)).pk
        for day in (1, 2, 3)
    ]
    found = evaluation("search", user, "tests.Dated", filters={"day_after": "2026-01-02", "day_before": "2026-01-02"})
    assert found.prefilter is not None
    assert [probe([(found.prefilter, [key])]) for key in made] == [[False], [True], [False]]


class SharedBinding(related.PlainBinding):
    """Everybody reads the same rows, it says; of the related streams it says nothing."""

    stream = "related.Shared"

    def get_audience(self) -> Any:
        return ("everyone",)


@pytest.mark.parametrize("data", [{"labels": True}, {"filters": {"parent": related.HIDDEN}}], ids=["labels", "filter"])
async def test_callers_of_one_audience_share_no_more_than_the_related_streams_let_them(
    data: dict[str, Any], connect: Connect, user: Any, stranger: Any
) -> None:
    """The boss, who sees everything, reads first."""
    await sync_to_async(related.make_rows)()
    await Note.objects.acreate(title="row", parent_id=related.HIDDEN)
    await get_user_model().objects.filter(pk=stranger.pk).aupdate(username=related.SEES_ALL)
    await stranger.arefresh_from_db()
    with related.served_by(related.NoteByQueryset, related.LabelByQueryset):
        boss, ann = [await connect(each) for each in (stranger, user)]
        seen = await boss.call("related.Shared.search#h", {"fields": ["id", "parent"], **data})
        assert "hidden" in str(seen) or seen["data"]["count"] == 1
        answer = await ann.call("related.Shared.search#h", {"fields": ["id", "parent"], **data})
        alone = await ann.call("related.Shared.search", {"fields": ["id", "parent"], "live": False, **data})
        assert answer.get("data") == alone.get("data")
        assert "hidden" not in str(answer)

"""Filters and search: what is not declared is refused before any SQL, what is declared is judged like a query string."""
# ruff: noqa: E501 (tables are read across)

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection, models, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django_filters import FilterSet, filters

from channels_binding.calls import Call
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import Invalid
from channels_binding.querysets.filters import (
    MAX_QUERY_LENGTH,
    apply_filters,
    apply_search,
    filterset_class,
    input_names,
    refuse_undeclared,
)
from channels_binding.registry import registry
from tests.project.zoo.models import Address, Computed, Label, Moment, Money, Note

pytestmark = pytest.mark.django_db

DECLARED = {"rank": ["exact", "gte", "in"], "title": ["exact", "icontains"], "done": ["exact"], "weight": ["isnull"], "labels": ["exact"], "labels__name": ["exact"], "owner": ["exact"]}  # fmt: skip


@pytest.fixture
def notes(db: None) -> list[Note]:
    made = [Note.objects.create(title=f"note {n}", rank=n, done=n > 1, weight=n or None) for n in range(4)]
    labels = [Label.objects.create(name="same"), Label.objects.create(name="same")]
    made[1].labels.set(labels)
    return made


def found(filters: Any, declared: Any = DECLARED) -> list[int]:
    cls = filterset_class(Note, declared)
    return [note.rank for note in apply_filters(cls, filters, Note.objects.order_by("rank"))]


def refused(filters: Any, declared: Any = DECLARED) -> dict[str, Any]:
    with CaptureQueriesContext(connection) as queries, pytest.raises(Invalid) as error:
        found(filters, declared)
    assert len(queries) == 0
    assert error.value.fields is not None
    return dict(error.value.fields)


# What is not declared


def paths(model: type[models.Model], depth: int) -> Iterator[str]:
    """Every way from a model over its fields and relations, at most ``depth`` names long."""
    for field in model._meta.get_fields(include_hidden=False):
        name = field.name  # of a reverse relation its query name
        yield name
        if isinstance(field, models.ForeignKey):
            yield field.attname
        if depth > 1 and field.is_relation and isinstance(field.related_model, type):
            yield from (f"{name}__{path}" for path in paths(field.related_model, depth - 1))


PATHS = sorted({"pk", *paths(Note, 3)})
LOOKUPS = sorted(
    {name for field in Note._meta.concrete_fields for name in field.get_lookups()} | {"year", "date", "search"}
)


def _call(data: dict[str, Any], user: Any) -> Call:
    return Call("zoo.Note", "search", data, user)


def test_every_path_of_the_model_times_every_lookup_is_refused_with_no_sql_unless_it_is_declared(user: Any) -> None:
    cls = registry.get("zoo.Note")
    declared = {"done", "rank", "rank__gte", "rank__lte", "rank__in", "title", "title__icontains", "labels", "labels__name", "weight__isnull"}  # fmt: skip
    known_class = cls(_call({}, user)).get_filterset_class()
    assert input_names(known_class({}, Note.objects.none())) == declared
    names = [path + lookup for path in PATHS for lookup in ("", *(f"__{lookup}" for lookup in LOOKUPS))]
    assert len(names) > 2000
    unknown = sorted(set(names) - declared)
    with CaptureQueriesContext(connection) as queries:
        for batch in (unknown[n : n + 20] for n in range(0, len(unknown), 20)):
            for data in (
                {"filters": dict.fromkeys(batch, "1")},
                {"filters": QueryDict("&".join(f"{n}=1" for n in batch))},
            ):
                with pytest.raises(Invalid) as refusal:
                    cls(_call(data, user)).perform("search", data)
                assert refusal.value.fields is not None
                assert set(refusal.value.fields["filters"]) == set(batch)
    assert len(queries) == 0


def test_every_path_of_the_model_is_refused_as_order_and_as_field_with_no_sql_unless_it_is_declared(user: Any) -> None:
    cls = registry.get("zoo.Note")
    orders = set(cls(_call({}, user)).get_ordering_fields())
    assert orders == {"id", "title", "rank", "weight", "done", "owner"}
    with CaptureQueriesContext(connection) as queries:
        for path in set(PATHS) - orders:
            for data in ({"order": path}, {"order": f"-{path}"}, {"order": ["rank", path]}, {"order": f"rank,{path}"}):
                with pytest.raises(Invalid):
                    cls(_call(data, user)).perform("search", data)
        for path in set(PATHS) - orders - {"labels"}:
            with pytest.raises(Invalid):
                cls(_call({"fields": [path]}, user)).perform("search", {"fields": [path]})
    assert len(queries) == 0


@pytest.mark.parametrize(
    "name", ["_connector", "_negated", "__class__", "", "rank__", "__rank", "rank ", "RANK", "rank__exact", "rank__lt", "title__regex", "owner__password", "owner__password__startswith", "secret_code", "x" * 5000, "rank\n", "rank__in__0", "o", "ordering"],
)  # fmt: skip
def test_a_name_that_is_not_declared_is_refused_and_told_shortened(name: str) -> None:
    fields = refused({"rank": 1, name: "1"})["filters"]
    assert list(fields) == [name[:100]]
    assert fields[name[:100]][0]["code"] == "unknown"
    assert "labels__name" in fields[name[:100]][0]["message"]


def test_at_most_twenty_unknown_names_are_told() -> None:
    assert len(refused({f"x{n}": 1 for n in range(1000)})["filters"]) == 20


def test_a_binding_without_filters_refuses_every_name() -> None:
    with pytest.raises(Invalid):
        apply_filters(None, {"rank": 1}, Note.objects.all())
    queryset = Note.objects.all()
    assert apply_filters(None, {}, queryset) is queryset
    assert apply_filters(None, None, queryset) is queryset


@pytest.mark.parametrize("given", [[], [1], "rank=1", 7, True, False, 0, ""], ids=str)
def test_filters_are_an_object(given: Any) -> None:
    assert refused(given)["filters"][0]["code"] == "invalid"


# What is declared


@pytest.mark.parametrize(
    ("given", "ranks"),
    [
        ({}, [0, 1, 2, 3]),
        (None, [0, 1, 2, 3]),
        ({"rank": 2}, [2]),
        ({"rank": "2"}, [2]),
        ({"rank": 0}, [0]),
        ({"rank": None}, [0, 1, 2, 3]),
        ({"rank": ""}, [0, 1, 2, 3]),
        ({"rank__gte": 2}, [2, 3]),
        ({"rank__gte": 1, "done": False}, [1]),
        ({"rank__in": [1, 3]}, [1, 3]),
        ({"rank__in": ["1", "3"]}, [1, 3]),
        ({"rank__in": "1,3"}, [1, 3]),
        ({"rank__in": 3}, [3]),
        ({"rank__in": []}, [0, 1, 2, 3]),
        ({"title": "note 1"}, [1]),
        ({"title__icontains": "NOTE"}, [0, 1, 2, 3]),
        ({"done": True}, [2, 3]),
        ({"done": "true"}, [2, 3]),
        ({"done": "false"}, [0, 1]),
        ({"weight__isnull": True}, [0]),
        ({"weight__isnull": "false"}, [1, 2, 3]),
        ({"rank": 99}, []),
        (QueryDict("rank__in=1,3&done=true"), [3]),
        (QueryDict("rank=2"), [2]),
    ],
    ids=str,
)
def test_declared_filters_filter_by_json_as_by_a_query_string(given: Any, ranks: list[int], notes: list[Note]) -> None:
    assert found(given) == ranks


def test_a_relation_is_filtered_by_one_key_or_several(notes: list[Note]) -> None:
    one, two = Label.objects.order_by("pk")
    assert found({"labels": [one.pk]}) == [1]
    assert found({"labels": one.pk}) == [1]
    assert found({"labels": [one.pk, two.pk]}) == [1]


def test_a_row_that_matches_in_several_ways_is_found_once(notes: list[Note]) -> None:
    assert found({"labels__name": "same"}) == [1]
    queryset = apply_filters(filterset_class(Note, DECLARED), {"labels__name": "same"}, Note.objects.all())
    assert queryset.count() == 1


ODD: list[Any] = [True, -1, 1.5, 2**60, 2**63, 2**70, "x", " ", "\n", "é", "'; DROP TABLE", [], [None], [""], [1], ["x"], [True], [[1]], [{}], {}, {"a": 1}, {"exact": 1}, "\u202e", "9" * 400, [1] * 2000]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:20])
@pytest.mark.parametrize(
    "name",
    [
        "rank",
        "rank__gte",
        "rank__in",
        "title",
        "title__icontains",
        "done",
        "weight__isnull",
        "labels",
        "labels__name",
        "owner",
    ],
)
def test_whatever_a_filter_is_given_it_filters_or_is_invalid(name: str, odd: Any, notes: list[Note]) -> None:
    refusal: Invalid | None = None
    try:
        found({name: odd})
    except Invalid as error:
        refusal = error
    except OverflowError:
        assert connection.vendor == "sqlite"
    if refusal is not None:
        assert refusal.fields is not None
        assert list(refusal.fields["filters"]) == [name]


@pytest.mark.parametrize("odd", [{"a": 1}, [[1]], [{}], [1] * 1001], ids=lambda odd: str(odd)[:20])
def test_objects_and_long_lists_never_reach_the_database(odd: Any) -> None:
    for name in DECLARED:
        field = name if "exact" in DECLARED[name] else f"{name}__{DECLARED[name][0]}"
        assert list(refused({field: odd})["filters"]) == [field]


def test_a_value_that_does_not_validate_is_told_at_its_filter() -> None:
    assert refused({"rank": "x"})["filters"]["rank"][0]["code"] == "invalid"


class RangeFilterSet(FilterSet):  # type: ignore[misc]
    rank = filters.RangeFilter()
    mine = filters.CharFilter(method="filter_mine")

    def filter_mine(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(title=value)

    class Meta:
        model = Note
        fields = ()


def test_the_parts_of_a_range_are_names_of_their_own(notes: list[Note]) -> None:
    filterset = RangeFilterSet({}, Note.objects.all())
    assert input_names(filterset) == {"rank_min", "rank_max", "mine"}
    queryset = apply_filters(RangeFilterSet, {"rank_min": 1, "rank_max": 2}, Note.objects.order_by("rank"))
    assert [note.rank for note in queryset] == [1, 2]
    with pytest.raises(Invalid):
        apply_filters(RangeFilterSet, {"rank": 1}, Note.objects.all())


def test_a_filter_with_a_method_of_its_own_filters(notes: list[Note]) -> None:
    queryset = apply_filters(RangeFilterSet, {"mine": "note 2"}, Note.objects.all())
    assert [note.rank for note in queryset] == [2]


def test_names_and_lookups_are_declared_alike() -> None:
    assert set(filterset_class(Note, ["rank", "title"]).base_filters) == {"rank", "title"}
    assert set(filterset_class(Note, {"rank": ["gte"]}).base_filters) == {"rank__gte"}
    assert filterset_class(Note, ["rank"]) is filterset_class(Note, ("rank",))


# Search


def searched(query: Any, fields: Any = ("title",)) -> list[int]:
    view = type("View", (), {"search_fields": fields})()
    return [note.rank for note in apply_search(fields, query, Note.objects.order_by("rank"), view)]


@pytest.mark.parametrize(
    ("query", "ranks"),
    [(None, [0, 1, 2, 3]), ("", [0, 1, 2, 3]), ("note", [0, 1, 2, 3]), ("NOTE 2", [2]), ("2 note", [2]), ('"note 2"', [2]), ("x", []), ('"', [0, 1, 2, 3]), ("note 1 2", []), ("%", []), ("_", [])],
)  # fmt: skip
def test_every_word_has_to_occur(query: Any, ranks: list[int], notes: list[Note]) -> None:
    assert searched(query) == ranks


def test_a_row_is_found_once_over_several_relations(notes: list[Note]) -> None:
    assert searched("same", ("labels__name",)) == [1]


@pytest.mark.parametrize(
    "query", [7, True, [], ["note"], {}, "x" * (MAX_QUERY_LENGTH + 1), "a\x00b"], ids=lambda q: str(q)[:20]
)
def test_what_is_no_short_text_is_refused(query: Any) -> None:
    with pytest.raises(Invalid) as error:
        searched(query)
    assert error.value.fields is not None
    assert list(error.value.fields) == ["query"]


def test_a_stream_without_search_fields_cannot_be_searched() -> None:
    with pytest.raises(Invalid, match="search_fields"):
        searched("note", ())


def test_words_beyond_the_tenth_are_not_asked_for(notes: list[Note]) -> None:
    with CaptureQueriesContext(connection) as queries:
        searched(" ".join("n" * 60))
    assert queries[0]["sql"].count("LIKE") == 10


def test_what_is_not_declared_is_refused_before_the_queryset_is_asked_for() -> None:
    cls = filterset_class(Note, {"rank": ["gte"]})
    refuse_undeclared(cls, (), {"filters": {"rank__gte": 1}}, Note)
    refuse_undeclared(cls, ("title",), {"filters": {}, "query": "a"}, Note)
    refuse_undeclared(None, (), {"filters": None, "query": ""}, Note)
    for data in ({"filters": {"rank": 1}}, {"filters": {"rank__gte": 1, "secret_code": "x"}}, {"query": "a"}):
        with pytest.raises(Invalid):
            refuse_undeclared(cls, (), data, Note)
    with pytest.raises(Invalid):
        refuse_undeclared(None, (), {"filters": {"rank": 1}}, Note)


@pytest.mark.parametrize("year", [0, -1, 10_000])
@pytest.mark.parametrize("lookup", ["year", "year__gte", "iso_year"])
@pytest.mark.django_db
def test_a_year_outside_the_calendar_is_refused_where_django_would_fail_to_make_a_date_of_it(
    lookup: str, year: int
) -> None:
    cls = filterset_class(Moment, {"day": [lookup]})
    with pytest.raises(Invalid) as caught:
        apply_filters(cls, {f"day__{lookup}": year}, Moment.objects.all())
    assert list((caught.value.fields or {})["filters"]) == [f"day__{lookup}"]
    assert [*apply_filters(cls, {f"day__{lookup}": 2026}, Moment.objects.all())] == []


@pytest.mark.parametrize("lookup", ["in", "range"])
@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40])
@pytest.mark.django_db
def test_a_number_that_no_column_holds_is_refused_in_a_list_on_every_database(lookup: str, number: int) -> None:
    cls = filterset_class(Note, {"rank": [lookup]})
    with pytest.raises(Invalid) as caught:
        apply_filters(cls, {f"rank__{lookup}": [number, 1]}, Note.objects.all())
    assert list((caught.value.fields or {})["filters"]) == [f"rank__{lookup}"]
    for held in (2**63 - 1, -(2**63)):
        assert [*apply_filters(cls, {f"rank__{lookup}": [held, 1]}, Note.objects.all())] == []


@pytest.mark.django_db
def test_a_number_of_another_kind_of_column_may_be_as_large_as_it_likes() -> None:
    cls = filterset_class(Money, {"factor": ["in"]})
    assert [*apply_filters(cls, {"factor__in": [10**40, 1]}, Money.objects.all())] == []


@pytest.mark.parametrize(
    ("value", "found"),
    [(True, 1), ("true", 1), ("TRUE", 1), (1, 1), ("1", 1), (False, 0), ("0", 0), (None, 1), ("", 1)],
)
@pytest.mark.django_db
def test_a_boolean_is_spelled_in_every_usual_way(value: Any, found: int) -> None:
    Note.objects.create(title="x", done=True)
    cls = filterset_class(Note, {"done": ["exact"]})
    for given in ({"done": value}, QueryDict(f"done={'' if value is None else value}")):
        assert apply_filters(cls, given, Note.objects.all()).count() == found


@pytest.mark.parametrize("value", ["maybe", "2", 2, "unknown"])
def test_a_boolean_that_is_none_is_refused_and_not_ignored(value: Any) -> None:
    cls = filterset_class(Note, {"done": ["exact"]})
    for given in ({"done": value}, QueryDict(f"done={value}")):
        with pytest.raises(Invalid):
            apply_filters(cls, given, Note.objects.all())


PATTERNS = ["(", "[", "*", "(?P<x", "x**", "\\"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_regular_expression_that_is_none_is_the_caller_s_error(pattern: str, notes: list[Note]) -> None:
    cls = filterset_class(Note, {"title": ["regex", "iregex"]})
    for name in ("title__regex", "title__iregex"):
        with pytest.raises((Invalid, DataError)) as caught, transaction.atomic():
            [*apply_filters(cls, {name: pattern}, Note.objects.all())]
        assert as_error(caught.value).code == "invalid"
    for fields in (("$title",), ("rank", "$title")):
        with pytest.raises((Invalid, DataError)) as caught, transaction.atomic():
            searched(pattern, fields)
        assert as_error(caught.value).code == "invalid"
    assert searched(pattern) == []
    assert searched("^note.[12]$", ("$title",)) == [1, 2]


@pytest.mark.one_backend("PostgreSQL takes texts of any length")
def test_a_text_that_is_too_long_for_like_is_the_caller_s_error(notes: list[Note]) -> None:
    cls = filterset_class(Note, {"title": ["icontains"]})
    with pytest.raises(OperationalError) as caught:
        [*apply_filters(cls, {"title__icontains": "x" * 60_000}, Note.objects.all())]
    assert as_error(caught.value).code == "invalid"


@pytest.mark.parametrize(("name", "meant"), [("search", "query"), ("ordering", "order"), ("page_size", "limit")])
def test_a_name_that_rest_framework_has_for_another_thing_is_told_with_ours(name: str, meant: str) -> None:
    (error,) = refused({name: "x"})["filters"][name]
    assert error["message"].endswith(f" Did you mean {meant!r}, which is no filter?")


# Odd columns


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"area": 6}, ["Ann"]),
        ({"area__gte": "4"}, ["Ann", "Cid"]),
        ({"area__in": [3, 6]}, ["Ann", "Bob"]),
        ({"key_name": "bob"}, ["Bob"]),
        ({"key_name__icontains": "I"}, ["Cid"]),
    ],
    ids=str,
)
def test_a_generated_column_is_filtered_by_as_one_of_what_it_holds(filters: Any, names: list[str]) -> None:
    for name, width in (("Ann", 2), ("Bob", 1), ("Cid", 3)):
        Computed.objects.create(name=name, width=width, height=3)
    declared = {"area": ["exact", "gte", "in"], "key_name": ["exact", "icontains"]}
    rows = apply_filters(filterset_class(Computed, declared), filters, Computed.objects.order_by("name"))
    assert [row.name for row in rows] == names


def test_its_values_are_judged_as_those_of_any_other() -> None:
    with pytest.raises(Invalid):
        apply_filters(filterset_class(Computed, ["area"]), {"area": "many"}, Computed.objects.all())


@pytest.mark.parametrize("value", ["", "::1", "10.0.0.1", "e\u0301", "NaN", "10.0.0", 7, True])
@pytest.mark.parametrize("lookup", ["exact", "in"])
def test_what_is_no_address_is_refused_on_every_database(value: Any, lookup: str) -> None:
    declared = filterset_class(Address, {"host": [lookup]})
    name = "host" if lookup == "exact" else "host__in"
    queryset = Address.objects.all()
    if value in ("", "::1", "10.0.0.1"):
        assert [*apply_filters(declared, {name: value}, queryset)] == []
        return
    with pytest.raises(Invalid) as error:
        apply_filters(declared, {name: value}, queryset)
    assert error.value.fields["filters"].keys() == {name}  # type: ignore[index]


def test_a_filter_that_makes_something_else_of_a_text_is_let_to() -> None:
    class Dated(FilterSet):  # type: ignore[misc]
        day = filters.DateRangeFilter()
        rank = filters.CharFilter(method="by_word")

        class Meta:
            model = Moment
            fields = ("day",)

        def by_word(self, queryset: Any, name: str, value: str) -> Any:
            return queryset.none()

    made = apply_filters(Dated, {"day": "today", "rank": "low"}, Moment.objects.all())
    assert made.count() == 0

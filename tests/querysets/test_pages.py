"""Pages and orders: odd values, NULLs last both ways on the real database, and a total order."""
# ruff: noqa: E501 (tables are read across)

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

from channels_binding.exceptions import Invalid
from channels_binding.querysets.pages import MAX_PAGE, Page, keys_and_count, ordered, read_order, read_page
from tests.project.zoo.models import Cafe, LoudNote, Note, Place


def page(**data: Any) -> Page:
    return read_page(data, default=25, maximum=100)


@pytest.mark.parametrize(
    ("data", "number", "limit"),
    [
        ({}, 1, 25),
        ({"page": None, "limit": None}, 1, 25),
        ({"page": 2}, 2, 25),
        ({"page": "2", "limit": "10"}, 2, 10),
        ({"limit": 1}, 1, 1),
        ({"limit": 100}, 1, 100),
        ({"limit": 101}, 1, 100),
        ({"limit": 10**9}, 1, 100),
        ({"limit": 2**63}, 1, 100),
        ({"limit": "9" * 30}, 1, 100),
        ({"page": 10**9}, 10**9, 25),
    ],
    ids=str,
)
def test_page_and_limit_are_read_and_the_limit_is_cut(data: dict[str, Any], number: int, limit: int) -> None:
    assert page(**data) == Page(number, limit)


ODD: list[Any] = [0, -1, -(2**63), 1.0, 1.5, True, False, "", " ", "x", "-1", "0", "+1", "1.0", "1e3", "٣", "²", "0x1", "1_0", " 1", "1\n", [], [1], {}, {"gt": 1}]  # fmt: skip


@pytest.mark.parametrize("name", ["page", "limit"])
@pytest.mark.parametrize("value", ODD, ids=str)
def test_what_is_no_whole_number_of_at_least_one_is_refused_at_its_name(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        page(**{name: value})
    assert refused.value.fields is not None
    assert list(refused.value.fields) == [name]


@pytest.mark.parametrize("number", [2**31, 2**53, 2**63, 2**64, "9" * 400])
@pytest.mark.parametrize("limit", [1, 100])
def test_the_last_page_there_can_be_is_the_same_for_every_limit(number: Any, limit: int) -> None:
    assert page(page=MAX_PAGE, limit=limit).number == MAX_PAGE
    with pytest.raises(Invalid) as refused:
        page(page=number, limit=limit)
    assert refused.value.fields is not None
    assert refused.value.fields["page"][0]["code"] == "max_value"


def test_pages_are_neighbours_without_overlap() -> None:
    assert Page(1, 25).window == slice(0, 25)
    assert Page(2, 25).window == slice(25, 50)


ALLOWED = ["id", "rank", "weight"]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (None, []),
        ("", []),
        ([], []),
        ("rank", ["rank"]),
        ("-rank", ["-rank"]),
        (" rank ", ["rank"]),
        ("rank,-weight", ["rank", "-weight"]),
        ("rank, -weight", ["rank", "-weight"]),
        (["-rank", "id"], ["-rank", "id"]),
    ],
)
def test_an_order_is_a_name_several_joined_by_commas_or_a_list(given: Any, names: list[str]) -> None:
    assert read_order({"order": given}, ALLOWED) == names


@pytest.mark.parametrize(
    "given",
    ["title", "-title", "--rank", "-", ",", "rank,", "rank,,id", "?", "-?", "pk", "rank__x", "owner__password", "rank;", "rank desc", "RANK", "- rank", "rank\x00", "\u202erank", 7, 0, True, False, 1.5, {}, {"rank": 1}, [1], [None], [["rank"]], ["rank", 7], [{}], ["title"]],
    ids=lambda given: ascii(given),
)  # fmt: skip
def test_any_other_order_is_refused_with_the_names_there_are(given: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read_order({"order": given}, ALLOWED)
    assert refused.value.fields is not None
    assert list(refused.value.fields) == ["order"]


def test_an_order_names_no_more_than_there_are_names() -> None:
    assert read_order({"order": ["rank", "id", "weight"]}, ALLOWED)
    for given in (["rank"] * 4, ",".join(["rank"] * 5000)):
        with pytest.raises(Invalid):
            read_order({"order": given}, ALLOWED)


def test_nothing_can_be_ordered_where_nothing_is_declared() -> None:
    with pytest.raises(Invalid, match="the binding declares no ordering_fields"):
        read_order({"order": "id"}, [])


@pytest.fixture
def notes(transactional_db: None) -> None:
    for weight, rank in [(None, 1), (2, 1), (1, 2), (None, 2), (2, 1), (1, 1)]:
        Note.objects.create(title="n", weight=weight, rank=rank)


def values(*names: str, **filters: Any) -> list[Any]:
    return [note.weight for note in ordered(Note.objects.filter(**filters), names)]


def test_nulls_come_last_both_ways(notes: None) -> None:
    assert values("weight") == [1, 1, 2, 2, None, None]
    assert values("-weight") == [2, 2, 1, 1, None, None]


def test_nulls_of_a_related_row_come_last_both_ways(notes: None) -> None:
    parent = Note.objects.create(title="p", weight=5)
    child = Note.objects.create(title="c", parent=parent)
    for name in ("parent__weight", "-parent__weight"):
        assert ordered(Note.objects.all(), [name]).first() == child


@pytest.mark.backends
def test_a_column_that_is_never_null_is_ordered_without_a_clause_for_nulls() -> None:
    sql = str(ordered(Note.objects.all(), ["-rank"]).query)
    assert "NULLS" not in sql
    assert "NULLS LAST" in str(ordered(Note.objects.all(), ["weight"]).query)
    assert "NULLS LAST" in str(ordered(Note.objects.all(), ["parent__rank"]).query)


@pytest.mark.parametrize(
    "names", [["rank"], ["-rank"], ["weight"], ["-weight", "rank"], ["title"], [], ["pk"], ["-pk"]], ids=str
)
def test_every_order_is_total(names: list[str], notes: None) -> None:
    queryset = ordered(Note.objects.all(), names)
    assert queryset.query.order_by[-1] == "pk"
    whole = [note.pk for note in queryset]
    assert [queryset[n].pk for n in range(6)] == whole
    assert len(set(whole)) == 6


def test_equal_rows_are_ordered_by_their_key_ascending(notes: None) -> None:
    for name in ("title", "-title"):
        keys = [note.pk for note in ordered(Note.objects.all(), [name])]
        assert keys == sorted(keys)


@pytest.mark.backends
def test_where_nothing_is_asked_for_the_order_is_the_queryset_s_then_the_model_s_then_the_key() -> None:
    assert ordered(Note.objects.order_by("-rank"), []).query.order_by == ("-rank", "pk")
    assert ordered(LoudNote.objects.all(), []).query.order_by == ("-rank", "pk")
    assert ordered(Note.objects.all(), []).query.order_by == ("pk",)
    own = ordered(Note.objects.order_by(F("weight").desc(nulls_last=True)), [])
    assert own.query.order_by == (F("weight").desc(nulls_last=True), "pk")


@pytest.mark.backends
def test_what_is_asked_for_replaces_the_queryset_s_order() -> None:
    assert ordered(Note.objects.order_by("-rank"), ["title"]).query.order_by == ("title", "pk")


def test_an_annotation_may_be_null_and_can_be_ordered_by(notes: None) -> None:
    queryset = Note.objects.annotate(double=F("weight") * 2)
    assert [note.weight for note in ordered(queryset, ["-double"])] == [2, 2, 1, 1, None, None]


def test_an_inherited_column_is_ordered_by(transactional_db: None) -> None:
    for name in "ba":
        Cafe.objects.create(name=name)
    assert [cafe.name for cafe in ordered(Cafe.objects.all(), ["name"])] == ["a", "b"]
    assert [place.name for place in ordered(Place.objects.all(), ["-name"])] == ["b", "a"]


@pytest.mark.django_db
def test_a_relation_is_ordered_by_as_its_rows_are_and_its_nulls_come_last_both_ways(django_user_model: Any) -> None:
    ann, bob = [django_user_model.objects.create(username=name) for name in ("ann", "bob")]
    for title, owner in (("b", bob), ("none", None), ("a", ann)):
        Note.objects.create(title=title, owner=owner)
    shown = [[note.title for note in ordered(Note.objects.all(), [name])] for name in ("owner", "-owner")]
    assert shown == [["a", "b", "none"], ["b", "a", "none"]]


@pytest.mark.django_db
@pytest.mark.parametrize(("window", "expected"), [(slice(0, 2), 2), (slice(2, 4), 1), (slice(4, 6), 0)])
def test_keys_of_a_page_and_the_count_take_one_statement_unless_the_page_is_empty(
    window: slice, expected: int, django_assert_num_queries: Any
) -> None:
    notes = [Note.objects.create(title=f"n{rank}", rank=rank) for rank in (3, 1, 2, 0)]
    queryset = Note.objects.filter(rank__gt=0).select_related("owner").order_by("rank")
    with django_assert_num_queries(1 if expected else 2):
        keys, count = keys_and_count(queryset, window)
    assert count == 3
    assert keys == [notes[1].pk, notes[2].pk, notes[0].pk][window]


@pytest.mark.django_db
def test_of_nothing_one_statement_tells_all(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert keys_and_count(Note.objects.order_by("pk"), slice(0, 5)) == ([], 0)


def _orders(queryset: QuerySet[Any]) -> list[tuple[str, Any]]:
    """The terms of an ORDER BY as Django writes them, without repetitions and what says where NULLs stand.

    ``zoo_person.id`` is written as ``zoo_follow.follower_id``, by which it was joined.
    """
    compiler = queryset.query.clone().get_compiler(using=queryset.db)
    compiler.setup_query()
    terms = [
        (sql.removesuffix(" NULLS LAST").replace('"', ""), params) for _, (sql, params, _) in compiler.get_order_by()
    ]
    joined = {}
    for alias, join in compiler.query.alias_map.items():
        for left, right in getattr(join, "join_cols", ()):
            joined[f"{alias}.{right}"] = f"{join.parent_alias}.{left}"
    found: dict[Any, tuple[str, Any]] = {}
    for sql, params in terms:
        written = _written_as(joined, sql)
        found.setdefault((written.rpartition(" ")[0], str(params)), (written, params))
    return [*found.values()]


def _written_as(joined: dict[str, str], sql: str) -> str:
    column, _, direction = sql.rpartition(" ")
    while column in joined:
        column = joined[column]
    return f"{column} {direction}"


def _names(model: Any, depth: int = 2) -> Iterator[str]:
    """Names that rows of a model can be ordered by: columns, keys, relations, and so on along them."""
    yield "pk"
    for field in model._meta.get_fields():
        if not field.related_model or not (field.many_to_one or field.one_to_one):
            yield from [field.name] * (field.concrete and not field.many_to_many)
        elif isinstance(field.related_model, type):
            yield from {field.name, getattr(field, "attname", field.name)}
            along = _names(field.related_model, depth - 1) if depth else ()
            yield from (f"{field.name}__{name}" for name in along)


@pytest.mark.backends
@pytest.mark.parametrize("model", [*apps.get_app_config("zoo").get_models()], ids=lambda model: model.__name__)
def test_every_name_orders_as_django_orders_by_it_and_then_by_the_key(model: Any) -> None:
    for name in (sign + name for name in dict.fromkeys(_names(model)) for sign in ("", "-")):
        wanted = model._default_manager.order_by(name, "pk")
        assert _orders(ordered(model._default_manager.all(), [name])) == _orders(wanted), name
        assert _orders(ordered(wanted, [])) == _orders(wanted), name


ORDERS: list[Any] = [
    ["-pk"],
    ["author_id"],
    ["author"],
    ["-author"],
    ["-author__pk"],
    ["editor__author"],
    [Lower("name"), "-author"],
    [F("author").desc()],
    ["?"],
    ["place_ptr"],
    ["-place_ptr__name", "pages"],
]


@pytest.mark.backends
@pytest.mark.parametrize("own", ORDERS, ids=str)
@pytest.mark.parametrize("of_authors", [[], ["name"], ["-born", "pk"], [F("born").desc()], [Lower("name")]], ids=str)
@isolate_apps("tests.project.zoo")
def test_the_order_of_a_model_is_django_s(own: Any, of_authors: Any) -> None:
    """With ``pk`` of a child table, keys of relations, and relations whose rows have an order of their own."""

    class Author(models.Model):
        name = models.CharField(max_length=9)
        born = models.IntegerField(null=True)

        class Meta:
            app_label, ordering = "zoo", of_authors

    class Book(Place):
        pages = models.IntegerField()
        author = models.ForeignKey(Author, models.CASCADE)
        editor = models.ForeignKey("self", models.CASCADE, null=True)

        class Meta:
            app_label, ordering = "zoo", own

    for queryset in (Book.objects.all(), Book.objects.reverse(), Book.objects.filter(author__name="a")):
        terms = [term for term in _orders(queryset) if "RAND" not in term[0]]
        mine = [term for term in _orders(ordered(queryset, [])) if "RAND" not in term[0]]
        assert mine[: len(terms)] == terms
        assert mine[len(terms) :] in ([], _orders(Book.objects.order_by("pk")))


@pytest.mark.backends
def test_a_reversed_queryset_stays_so_and_what_a_client_asks_for_does_not() -> None:
    backward = Note.objects.order_by("rank", "?", Lower("title")).reverse()
    wanted = _orders(Note.objects.order_by("-rank", Lower("title").desc(), "pk"))
    assert [term for term in _orders(ordered(backward, [])) if "RAND" not in term[0]] == wanted
    assert _orders(ordered(backward, ["rank"])) == _orders(Note.objects.order_by("rank", "pk"))


@pytest.mark.backends
def test_an_order_that_extra_gives_stays() -> None:
    queryset = Note.objects.extra(select={"twice": "rank * 2"}, order_by=["-twice", "zoo_note.title"])
    assert _orders(ordered(queryset, []))[:2] == _orders(queryset)
    assert _orders(ordered(queryset, ["twice"])) == _orders(queryset.order_by("twice", "pk"))


@pytest.mark.backends
def test_a_name_that_only_the_queryset_knows_is_left_to_django() -> None:
    queryset = Note.objects.alias(own=FilteredRelation("owner", condition=Q(owner__is_active=True)))
    assert _orders(ordered(queryset, ["-own__username"]))[:1] == _orders(queryset.order_by("-own__username"))

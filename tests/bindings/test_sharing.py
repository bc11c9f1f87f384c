"""Who shares an answer: everybody where all that makes it is known to ask nothing of the caller, else each caller alone."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import django_filters
import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.db.models import Count, F, Func, Value
from django.db.models.functions import Lower
from django.db.models.sql import Query
from django.test.utils import register_lookup
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated

from channels_binding.bindings import sharing
from channels_binding.bindings.base import BaseBinding
from channels_binding.calls import Call
from channels_binding.classes import is_written_in
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.registry import registry
from channels_binding.security.authentication import Identity
from tests.project.zoo.models import Note

NAME = "tests.Judged"


class Loud(Func):
    """An expression of the project's."""

    function = "UPPER"


class Owned(models.QuerySet[Any]):
    def filter(self, *args: Any, **kwargs: Any) -> Any:
        return super().filter(*args, **kwargs)


class MineManager(models.Manager[Any]):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(name="mine")


class Helped(models.QuerySet[Any]):
    """What it adds is called by nothing of Django's."""

    def open(self) -> Any:
        return self.filter(done=False)


class PlainSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model = Note
        fields = ("id", "title")


class OwnSerializer(PlainSerializer):
    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance)


class PlainFilters(django_filters.FilterSet):  # type: ignore[misc]
    class Meta:
        model = Note
        fields = ("rank",)


class OwnFilters(PlainFilters):
    @property
    def qs(self) -> Any:
        return super().qs


class MethodFilters(django_filters.FilterSet):  # type: ignore[misc]
    odd = django_filters.BooleanFilter(method="only_odd")


class RequestFilters(django_filters.FilterSet):  # type: ignore[misc]
    owner = django_filters.ModelChoiceFilter(queryset=lambda request: get_user_model().objects.all())


def judged(members: dict[str, Any], data: dict[str, Any] | None = None, action: str = "search") -> list[str]:
    cls = type("JudgedBinding", (AsyncBinding,), {"stream": NAME, "model": Note, "fields": ("id", "title"), **members})
    return sharing.reasons(cls(Call(NAME, action, data or {}, AnonymousUser())))


PROVEN: dict[str, dict[str, Any]] = {
    "nothing": {},
    "permissions that only ask whether somebody is there": {"permission_classes": (IsAuthenticated, AllowAny)},
    "a stock serializer": {"serializer_class": PlainSerializer},
    "a queryset of plain values": {"queryset": Note.objects.filter(done=False, rank__in=[1, 2]).order_by("-rank")},
    "Django's expressions": {"queryset": Note.objects.annotate(n=Count("labels")).filter(title=Lower(Value("X")))},
    "a queryset class that overrides nothing": {"queryset": Helped(Note)},
    "hooks of writes": {"perform_create": lambda self, serializer: None, "clean": lambda self, serializer: None},
    "events": {"close": bind("close")(lambda self, data: None)},
    "helpers": {"helper": lambda self: self.user},
    "stock filters": {"filterset_class": PlainFilters},
}


@pytest.mark.parametrize("members", PROVEN.values(), ids=PROVEN)
def test_what_is_known_to_ask_nothing_of_the_caller_is_shared(members: dict[str, Any]) -> None:
    assert judged(members, {"filters": {"rank": 1}} if "filterset_class" in members else {}) == []


class PerInstance:
    """A queryset for the class, another one for each instance."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return Note.objects.all() if instance is None else Note.objects.filter(owner=instance.user)


UNKNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "get_queryset": ({"get_queryset": lambda self: Note.objects.filter(owner=self.user)}, "get_queryset() is"),
    "filter_queryset": ({"filter_queryset": lambda self, queryset, data: queryset}, "filter_queryset() is"),
    "a private hook": ({"_matching": lambda self, data: None}, "_matching() is"),
    "a search of its own": ({"search": lambda self, data: None}, "search() is"),
    "a search under another name": ({"mine": bind("search")(lambda self, data: None)}, "search is answered by"),
    "a special method": (
        {"__getattribute__": lambda self, name: object.__getattribute__(self, name)},
        "__getattribute__",
    ),
    "its making": ({"__init__": lambda self, call: AsyncBinding.__init__(self, call)}, "__init__() is"),
    "a property": ({"page_size": property(lambda self: self.user.pk)}, "page_size of"),
    "a list of its own kind": ({"search_fields": type("Lazy", (list,), {})(["title"])}, "search_fields of"),
    "a permission": ({"permission_classes": (IsAdminUser,)}, "IsAdminUser may"),
    "composed permissions": ({"permission_classes": (IsAuthenticated | IsAdminUser,)}, "may ask who calls"),
    "a single permission": ({"permission_class": IsAdminUser}, "IsAdminUser may"),
    "get_permissions": ({"get_permissions": lambda self: []}, "get_permissions() is"),
    "a computed queryset": ({"queryset": PerInstance()}, "queryset of JudgedBinding is computed"),
    "a property for a queryset": ({"queryset": property(lambda self: None)}, "queryset of JudgedBinding is computed"),
    "a computed serializer": ({"serializer_class": property(lambda self: PlainSerializer)}, "serializer_class of"),
    "computed filters": ({"filterset_class": property(lambda self: PlainFilters)}, "filterset_class of"),
    "computed permissions": ({"permission_classes": property(lambda self: ())}, "permission_classes of"),
    "a serializer's method": ({"serializer_class": OwnSerializer}, "rows are shown by code of OwnSerializer"),
    "a queryset's own filter": ({"queryset": Owned(Note)}, "queryset of"),
    "an expression": ({"queryset": Note.objects.filter(title=Loud(F("title")))}, "queryset of"),
    "an expression in an order": ({"queryset": Note.objects.order_by(Loud(F("title")))}, "queryset of"),
    "an expression in an annotation": ({"queryset": Note.objects.annotate(x=Loud(F("title")))}, "queryset of"),
    "an order by an expression": ({"ordering": (Loud(F("title")),)}, "the order (Loud(F(title)),)"),
    "an expression in a subquery": (
        {"queryset": Note.objects.filter(pk__in=Note.objects.filter(title=Loud(F("title"))).values("pk"))},
        "queryset of",
    ),
}


@pytest.mark.parametrize(("members", "reason"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_the_callers_own_and_says_why(members: dict[str, Any], reason: str) -> None:
    found = judged(members)
    assert [each for each in found if reason in each], found


class OwnFilter(django_filters.CharFilter):  # type: ignore[misc]
    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, value).filter(owner__username=self.parent.request.user.username)


class EachFilters(django_filters.FilterSet):  # type: ignore[misc]
    title = OwnFilter()


class OverriddenFilters(django_filters.FilterSet):  # type: ignore[misc]
    class Meta:
        model = Note
        fields = {"title": ["in"]}
        filter_overrides = {models.CharField: {"filter_class": OwnFilter}}


class InitialFilters(django_filters.FilterSet):  # type: ignore[misc]
    title = django_filters.CharFilter(disabled=True, initial=lambda: "whose")


@pytest.mark.parametrize("cls", [OwnFilters, EachFilters, OverriddenFilters, InitialFilters])
def test_a_filterset_of_the_projects_takes_part_in_every_list_whether_a_filter_is_named_or_not(cls: Any) -> None:
    assert judged({"filterset_class": cls})
    assert judged({"filterset_class": cls}, {"query": "x"})
    assert judged({"filterset_class": cls}, action="list")


@pytest.mark.parametrize("cls", [MethodFilters, RequestFilters])
def test_methods_and_querysets_of_filters_take_part_where_they_are_named(cls: Any) -> None:
    assert judged({"filterset_class": cls}) == []
    name = next(iter(cls.base_filters))
    assert judged({"filterset_class": cls}, {"filters": {name: "1"}})


WORD = gettext_lazy("Yes")


class NumberInFilter(django_filters.BaseInFilter, django_filters.NumberFilter):  # type: ignore[misc]
    """As in django-filter's documentation."""


class OwnLookup(models.lookups.Exact):
    lookup_name = "own"


class OwnTransform(models.Transform):
    lookup_name = "owned"


class OwnWidget(forms.TextInput):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return super().value_from_datadict(data, files, name)


def filters_of(**declared: Any) -> Any:
    return type("Judged", (django_filters.FilterSet,), {**declared, "__module__": __name__})


FILTERS: dict[str, tuple[Any, bool]] = {
    "a stock filter": (django_filters.CharFilter(field_name="title", lookup_expr="icontains"), True),
    "a way over a relation": (django_filters.CharFilter(field_name="parent__title"), True),
    "choices": (django_filters.ChoiceFilter(field_name="title", choices=[("a", "A")]), True),
    "translated choices": (
        django_filters.ChoiceFilter(choices=[("g", [("a", gettext_lazy("Yes"))])], field_name="title"),
        True,
    ),
    "an order": (django_filters.OrderingFilter(fields=["title"]), True),
    "an order by other names": (django_filters.OrderingFilter(fields={"title": "t"}), True),
    "two filters in one": (NumberInFilter(field_name="rank", lookup_expr="in"), True),
    "a translated placeholder": (
        django_filters.CharFilter(field_name="title", widget=forms.TextInput(attrs={"placeholder": WORD})),
        True,
    ),
    "a stock widget": (django_filters.CharFilter(field_name="title", widget=forms.Textarea(attrs={"rows": 3})), True),
    "a lookup": (django_filters.CharFilter(field_name="title", lookup_expr="own"), False),
    "a transform": (django_filters.CharFilter(field_name="title", lookup_expr="owned__exact"), False),
    "a transform of a related row": (django_filters.CharFilter(field_name="parent__title__owned"), False),
    "an order by a transform": (django_filters.OrderingFilter(fields=["title__owned"]), False),
    "a widget": (django_filters.CharFilter(field_name="title", widget=OwnWidget), False),
    "a widget object": (django_filters.CharFilter(field_name="title", widget=OwnWidget()), False),
    "computed choices": (django_filters.ChoiceFilter(field_name="title", choices=lambda: [("a", "A")]), False),
    "validators": (django_filters.CharFilter(field_name="title", validators=[lambda value: None]), False),
    "nobody knows what": (django_filters.CharFilter(field_name="nothing"), False),
}


@pytest.mark.parametrize(("filter_", "is_shared"), FILTERS.values(), ids=FILTERS)
def test_a_filter_takes_part_with_its_way_and_all_of_its_options(filter_: Any, is_shared: bool) -> None:
    members = {"filterset_class": filters_of(x=filter_)}
    with register_lookup(models.CharField, OwnLookup, OwnTransform):
        found = judged(members, {"filters": {"x": "1"}})
    assert (found == []) is is_shared, found
    assert all(each.startswith("the filter x ") for each in found)


@pytest.mark.parametrize(
    "order", [[5], [None], [["title"]], [{"a": 1}], [True], 5, {"a": 1}, "a,,b", "nothing", "title__"]
)
def test_an_order_that_is_refused_is_the_same_refusal_for_all(order: Any) -> None:
    assert judged({}, {"order": order}) == []


def test_who_asks_for_more_filters_than_are_looked_at_is_answered_alone() -> None:
    many = {f"f{number}": "1" for number in range(sharing.MOST_FILTERS)}
    filters = filters_of(x=django_filters.BooleanFilter(method="own"), own=lambda self, queryset, name, value: queryset)
    assert judged({"filterset_class": filters}, {"filters": {**many, "x": "1"}})


def test_a_way_that_a_client_makes_up_is_not_gone() -> None:
    """Django takes the square of its length for it: 44 seconds for one frame."""
    with mock.patch.object(Query, "names_to_path", side_effect=AssertionError):
        assert judged({}, {"order": "__".join(["parent"] * 1000)}) == []
        assert judged({"filterset_fields": ("title",)}, {"filters": {"__".join(["parent"] * 1000): 1}}) == []


@pytest.mark.parametrize("queryset", [Note.objects, None], ids=["a manager", "none"])
def test_odd_declarations_are_judged_all_the_same(queryset: Any) -> None:
    assert bool(judged({"queryset": queryset, "search_fields": None}, {"query": "x"})) is (queryset is not None)


def test_an_order_and_a_search_take_part_with_their_ways() -> None:
    members = {"ordering_fields": ("title", "title__owned", "parent"), "search_fields": ("title", "parent__title")}
    with register_lookup(models.CharField, OwnTransform):
        assert judged(members, {"order": "-title", "query": "x"}) == []
        assert judged(members, {"order": "title,-title__owned"})
        assert judged({**members, "ordering": ("title__owned",)})
        assert judged({**members, "search_fields": ("title__owned",)}, {"query": "x"})
        with mock.patch.object(Note._meta, "ordering", ["title__owned"]):
            assert judged({**members, "queryset": Note.objects.order_by("parent")}, {"order": "parent"})


def test_a_filter_by_a_related_row_and_its_text_take_part_as_its_own_stream_lets_the_caller_see_it() -> None:
    members = {"fields": ("id", "parent"), "filterset_fields": ("parent", "rank")}
    asked: list[dict[str, Any]] = [{"filters": {"parent": 1}}, {"filters": {"rank": 1}}, {"labels": True}, {}]
    whose = registry.for_model(Note)
    assert whose is not None
    assert [bool(judged(members, data)) for data in asked] == [
        bool(sharing.reasons_of_class(whose)),
        False,
        True,  # Note.__str__ is the project's
        False,
    ]


def test_a_database_router_may_choose_by_who_calls(settings: Any) -> None:
    router = type("Router", (), {})
    settings.DATABASE_ROUTERS = [router()]
    (found,) = judged({})
    assert found.startswith("Router of DATABASE_ROUTERS may choose by who calls")
    router.depends_on_caller = False  # type: ignore[attr-defined]
    assert judged({}) == []


def test_rows_of_a_model_whose_manager_is_the_projects_are_not_known() -> None:
    assert judged({"model": Group, "fields": ("id", "name")}) == [], "GroupManager is Django's"
    for base in (models.Manager.from_queryset(Owned), MineManager):
        manager: Any = base()
        manager.model, manager._db = Group, None
        with mock.patch.object(Group._meta, "default_manager", manager):
            (found,) = judged({"model": Group, "fields": ("id", "name")})
        assert found == "the default manager of Group, or its order, is not only Django's"


def test_an_order_of_the_model_takes_part_as_well() -> None:
    with mock.patch.object(Note._meta, "ordering", [Lower("title").desc(), "pk"]):
        assert judged({}) == []
    with mock.patch.object(Note._meta, "ordering", [Loud(F("title"))]):
        assert judged({}) == ["the default manager of Note, or its order, is not only Django's"]


def test_files_in_a_storage_of_the_projects_may_be_shown_to_each_otherwise() -> None:
    class Signed(FileSystemStorage):
        pass

    column = models.FileField(storage=Signed())
    assert not is_written_in(type(sharing._inner(column.storage)), "django")


# Whose an answer is that is not shared


def caller(user: Any, connection: str = "a", **members: Any) -> Any:
    token, session_key = members.pop("token", None), members.pop("session_key", None)
    scope: dict[str, Any] = {"type": "websocket", "path": "/ws/", "headers": [(b"host", b"x")], **members}
    identity = Identity(user, token=token, session_key=session_key)
    return Call(NAME, "search", {}, user, scope=identity.into(scope, connection)).caller


@pytest.fixture
def ann() -> Any:
    return get_user_model()(pk=7)


def test_two_tabs_of_one_browser_are_one_caller(ann: Any) -> None:
    headers = [[(b"host", b"x"), (b"sec-websocket-key", key)] for key in (b"1", b"2")]
    client = [("10.0.0.1", port) for port in (1, 2)]
    first, second = (
        caller(ann, connection, session_key="s", headers=headers[i], client=client[i])
        for i, connection in enumerate("ab")
    )
    assert first == second


@pytest.mark.parametrize(
    "members",
    [
        {"token": "t"},
        {"session_key": "other"},
        {"headers": [(b"host", b"y")]},
        {"headers": [(b"host", b"x"), (b"accept-language", b"de")]},
        {"headers": [(b"host", b"x"), (b"cookie", b"theme=dark")]},
        {"path": "/ws/tenant-2/"},
        {"client": ("10.0.0.2", 1)},
        {"query_string": b"tenant=2"},
        {"tenant": 2},
        {"state": {"tenant": 2}},
    ],
    ids=str,
)
def test_another_token_session_or_request_is_another_caller(ann: Any, members: dict[str, Any]) -> None:
    assert caller(ann, session_key="s") != caller(ann, **{"session_key": "s", **members})


def test_nobody_in_particular_is_as_many_callers_as_there_are_connections() -> None:
    nobody = AnonymousUser()
    assert caller(nobody, "a") != caller(nobody, "b")
    assert caller(nobody, "a") == caller(nobody, "a")
    assert caller(nobody, "a", token="key of ours") != caller(nobody, "b", token="key of theirs")


def test_an_object_of_a_middlewares_own_is_no_other_connections(ann: Any) -> None:
    tenant = object()
    assert caller(ann, "a", tenant=tenant) != caller(ann, "b", tenant=tenant)


def test_two_users_and_two_kinds_of_users_are_other_callers(ann: Any) -> None:
    class TokenUser:
        pk = 7
        is_authenticated = True

    assert len({caller(ann), caller(get_user_model()(pk=8)), caller(TokenUser())}) == 3


def test_two_classes_of_one_name_and_two_types_of_one_key_are_other_callers() -> None:
    def kind(key: Any, module: str) -> Any:
        return type("User", (), {"pk": key, "is_authenticated": True, "__module__": module})()

    assert caller(kind(7, "one")) == caller(kind(7, "one"))
    assert len({caller(kind(7, "one")), caller(kind(7, "other")), caller(kind("7", "one"))}) == 3


def test_headers_of_one_name_are_told_apart_by_their_order_and_texts_by_what_they_are(ann: Any) -> None:
    class Lazy(str):
        pass

    headers = [(b"host", b"x"), (b"x-forwarded-for", b"1"), (b"x-forwarded-for", b"2")]
    assert caller(ann, headers=headers) == caller(ann, headers=[*headers[1:], headers[0]])
    assert caller(ann, headers=headers) != caller(ann, headers=[*headers[::-1]])
    assert caller(ann, "a", tenant=Lazy("x")) != caller(ann, "b", tenant=Lazy("x"))


def test_a_page_that_is_loaded_again_after_its_session_has_changed_is_another_caller(ann: Any) -> None:
    before, after = SessionStore("key"), SessionStore("key")
    before._session_cache, after._session_cache = {"tenant": "one"}, {"tenant": "two"}  # type: ignore[attr-defined]
    assert caller(ann, session_key="key", session=before) != caller(ann, session_key="key", session=after)


def test_no_stream_lives_in_this_package_since_its_hooks_would_count_as_stock() -> None:
    def below(cls: type[Any]) -> Iterator[type[Any]]:
        for each in cls.__subclasses__():
            yield each
            yield from below(each)

    ours: list[Any] = [each for each in below(BaseBinding) if each.__module__.startswith("channels_binding.")]
    assert [each for each in ours if each.model is not None or each.stream is not None] == []

# mypy: disable-error-code="misc, type-arg, attr-defined, abstract, var-annotated, has-type, arg-type, override, assignment"
"""Questions that two callers are answered otherwise, by what a project has written: the proof of sharing says so."""

from typing import Any
from unittest import mock

import django_filters
import pytest
from django.db import models
from django.test.utils import isolate_apps
from rest_framework.permissions import AllowAny

from tests.conformance.test_sharing_models import TellingField, model_with_a_generated_column, serializer_of, tables
from tests.conformance.two_callers import CALLER, binding_of, judge, users
from tests.project.zoo.models import Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


@isolate_apps("tests.project.zoo")
def test_a_code_of_a_related_row_that_is_looked_up_by_a_field_of_the_projects() -> None:
    class Prepared(models.CharField):
        def get_prep_value(self, value: Any) -> Any:
            return CALLER.get() if value else value

    class Team(models.Model):
        code = Prepared(max_length=9)

        class Meta:
            app_label = "zoo"

    class Post(models.Model):
        team = models.ForeignKey(Team, models.CASCADE)

        class Meta:
            app_label = "zoo"

    by_code = django_filters.ModelChoiceFilter(field_name="team", queryset=models.QuerySet(Team), to_field_name="code")
    filters = type("F", (django_filters.FilterSet,), {"team": by_code, "__module__": __name__})
    with tables(Team, Post):
        for user in users():
            with mock.patch.object(Prepared, "get_prep_value", lambda self, value: value):
                team = Team.objects.create(code=user.username)
            Post(team=team).save()
        judge(binding_of({"model": Post, "fields": ("id",), "filterset_class": filters}), {"filters": {"team": "x"}})


@isolate_apps("tests.project.zoo")
def test_a_key_of_a_nested_row_says_whether_there_is_one() -> None:
    class Hidden(models.CharField):
        def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
            return value if value == CALLER.get() else None

    class Team(models.Model):
        code = Hidden(primary_key=True, max_length=9)
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "zoo"

    class Post(models.Model):
        team = models.ForeignKey(Team, models.CASCADE)

        class Meta:
            app_label = "zoo"

    team = serializer_of(Team, ("name",))()
    with tables(Team, Post):
        for each in ("ann", "bob"):
            models.QuerySet(Team).create(code=each, name=each)
            Post(team_id=each).save()
        judge(
            binding_of(
                {"model": Post, "fields": None, "serializer_class": serializer_of(Post, ("id", "team"), team=team)}
            )
        )


@isolate_apps("tests.project.zoo")
def test_a_filter_by_a_generated_column() -> None:
    """A stock order whose column is a generated one of the project's output field."""

    Gen = model_with_a_generated_column()
    filters = type("F", (django_filters.FilterSet,), {"shown": django_filters.CharFilter(), "__module__": __name__})

    def prepared(self: Any, value: Any) -> Any:
        return CALLER.get()

    with tables(Gen):
        for each in ("ann", "bob"):
            Gen(title=each).save()
        with mock.patch.object(TellingField, "get_prep_value", prepared):
            judge(
                binding_of({"model": Gen, "fields": ("id",), "filterset_class": filters}), {"filters": {"shown": "x"}}
            )


def test_query_params_that_depend_on_who_calls() -> None:
    def get_query_params(cls: Any) -> Any:
        return ("tenant",) if CALLER.get() == "ann" else ()

    Note(title="x").save()
    judge(binding_of({"get_query_params": classmethod(get_query_params)}), {"params": {"tenant": "3"}})


class OwnTransform(models.Transform):
    lookup_name = "owned"

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.lhs)
        return (sql if CALLER.get() == "ann" else f"-{sql}"), params


def test_an_ordering_filter_with_other_names_than_its_columns() -> None:
    """``param_map`` is parameter → path; its keys are judged, the caller's rows are ordered by its values."""
    from django.test.utils import register_lookup

    Note(title="a", rank=1).save()
    Note(title="b", rank=2).save()
    order = django_filters.OrderingFilter(fields={"rank__owned": "rank"})
    filters = type("F", (django_filters.FilterSet,), {"o": order, "__module__": __name__})
    with register_lookup(models.IntegerField, OwnTransform):
        judge(
            binding_of({"filterset_class": filters, "queryset": Note.objects.filter(rank__gt=0)}),
            {"filters": {"o": "rank"}},
        )


@pytest.mark.parametrize("is_whole", [True, False], ids=["every row", "some rows"])
def test_a_statement_that_is_kept_is_nobodys_own(is_whole: bool) -> None:
    """selections keeps SQL by the names of an order: what a transform of the project's made of it for ann is run for bob."""
    from django.test.utils import register_lookup

    from tests.conformance.two_callers import answers

    Note(title="a", rank=1).save()
    Note(title="b", rank=2).save()
    rows = Note.objects.all() if is_whole else Note.objects.filter(rank__gt=0)
    with register_lookup(models.IntegerField, OwnTransform):
        told, why = answers(binding_of({"ordering": ("rank__owned",), "queryset": rows}))
    assert all(why), "the proof sees it; nothing is shared"
    assert told[0] == told[1][::-1], told


@isolate_apps("tests.project.zoo")
def test_a_relation_by_a_key_of_the_projects() -> None:
    class Team(models.Model):
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "zoo"

    class Own(models.ForeignKey):
        """Leads each caller elsewhere."""

        def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
            return value if CALLER.get() == "ann" else None

    class Post(models.Model):
        team = Own(Team, models.CASCADE, null=True)

        class Meta:
            app_label = "zoo"

    with tables(Team, Post), throwaway():
        binding_of({"model": Team, "fields": ("id", "name"), "permission_classes": (AllowAny,)})
        Post.objects.create(team=Team.objects.create(name="a"))
        cls = binding_of({"model": Post, "fields": ("id",), "expandable": ("team",), "permission_classes": (AllowAny,)})
        judge(cls, {"expand": ["team"]})

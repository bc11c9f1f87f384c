# mypy: disable-error-code="misc, type-arg, attr-defined, abstract, var-annotated, has-type, arg-type, override, assignment"
"""Filters of a project's that answer two callers otherwise: the proof of sharing says so, each time both differ."""

from typing import Any

import django_filters
import pytest
from django import forms
from django.db import models
from django.test.utils import register_lookup

from tests.conformance.two_callers import CALLER, binding_of, judge, users
from tests.project.zoo.models import Note

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rows() -> None:
    for rank, user in enumerate(users()):
        Note(title=user.username, rank=rank, owner=user).save()


class OwnQs(django_filters.FilterSet):  # django-filter's docs, tips: "Filtering the primary .qs"
    class Meta:
        model = Note
        fields = ("rank",)

    @property
    def qs(self) -> Any:
        return super().qs.filter(owner=self.request.user)


def test_a_filtersets_own_qs_where_no_filter_is_asked_for() -> None:
    judge(binding_of({"filterset_class": OwnQs}), {})


class MineFilter(django_filters.CharFilter):
    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, value).filter(owner=self.parent.request.user)


class OwnFilter(django_filters.FilterSet):
    title = MineFilter()


def test_a_filter_class_of_the_projects_without_a_value() -> None:
    judge(binding_of({"filterset_class": OwnFilter}), {})


class Disabled(django_filters.FilterSet):
    title = django_filters.CharFilter(disabled=True, initial=lambda: CALLER.get())


@pytest.mark.parametrize("data", [{}, {"filters": {"title": "x"}}, {"filters": {"title": None}}], ids=str)
def test_a_disabled_filter_takes_its_initial_value(data: Any) -> None:
    judge(binding_of({"filterset_class": Disabled}), data)


class InFilters(django_filters.FilterSet):
    class Meta:
        model = Note
        fields = {"title": ["in"]}
        filter_overrides = {models.CharField: {"filter_class": MineFilter}}


def test_a_filter_of_filter_overrides_that_is_combined_with_in() -> None:
    judge(binding_of({"filterset_class": InFilters}), {"filters": {"title__in": "ann,bob"}})


class RangeFilters(django_filters.FilterSet):
    class Meta:
        model = Note
        fields = {"title": ["range"]}
        filter_overrides = {models.CharField: {"filter_class": MineFilter}}


def test_a_filter_of_filter_overrides_that_is_combined_with_range() -> None:
    judge(binding_of({"filterset_class": RangeFilters}), {"filters": {"title__range": "a,z"}})


class OwnField(forms.CharField):
    def clean(self, value: Any) -> Any:
        return CALLER.get() if value else value


class OwnFieldFilter(django_filters.CharFilter):
    field_class = OwnField


class FieldFilters(django_filters.FilterSet):
    class Meta:
        model = Note
        fields = {"title": ["in"]}
        filter_overrides = {models.CharField: {"filter_class": OwnFieldFilter}}


class OwnLookup(models.lookups.Exact):
    lookup_name = "own"

    def get_rhs_op(self, connection: Any, rhs: Any) -> Any:
        return f"= {rhs}"

    def get_prep_lookup(self) -> Any:
        return CALLER.get()


class Choosing(django_filters.FilterSet):
    title = django_filters.LookupChoiceFilter(lookup_choices=["exact", "own"], label="x")


def test_a_lookup_that_the_caller_chooses() -> None:
    with register_lookup(models.CharField, OwnLookup):
        judge(binding_of({"filterset_class": Choosing}), {"filters": {"title": "x", "title_lookup": "own"}})


class OwnGte(models.lookups.GreaterThanOrEqual):
    lookup_name = "gte"

    def get_prep_lookup(self) -> Any:
        return 0 if CALLER.get() == "ann" else 1


class Ranged(django_filters.FilterSet):
    rank = django_filters.RangeFilter()


def test_a_range_that_compares_by_a_lookup_of_the_projects() -> None:
    with register_lookup(models.IntegerField, OwnGte):
        judge(binding_of({"filterset_class": Ranged}), {"filters": {"rank_min": 0}})


class Property(django_filters.FilterSet):
    """``queryset`` is given to instances, and stands in no body of django-filter's class."""

    class Meta:
        model = Note
        fields = ("done",)

    @property
    def queryset(self) -> Any:
        return self._rows.filter(owner=self.request.user)

    @queryset.setter
    def queryset(self, rows: Any) -> None:
        self._rows = rows


def test_a_filtersets_attribute_of_instances() -> None:
    judge(binding_of({"filterset_class": Property}), {"filters": {"done": False}})


class MineWidget(forms.TextInput):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return CALLER.get()


class Widgets(django_filters.FilterSet):
    rank = django_filters.NumberFilter(lookup_expr="gte")
    title = django_filters.CharFilter(widget=MineWidget)


def test_a_widget_of_a_filter_that_is_not_asked_for() -> None:
    judge(binding_of({"filterset_class": Widgets}), {"filters": {"rank": 0}})


class Defaults(django_filters.FilterSet):
    """django-filter's docs, tips: "Using initial values as defaults", here of who asks."""

    class Meta:
        model = Note
        fields = ("owner",)

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.queryset = self.queryset.filter(owner=self.request.user)


def test_a_filterset_that_is_made_in_its_own_way() -> None:
    judge(binding_of({"filterset_class": Defaults}), {})


def test_a_filtersets_own_qs_of_list_and_of_a_search_by_text() -> None:
    judge(binding_of({"filterset_class": OwnQs, "search_fields": ("title",)}), {"order": "title"}, "list")

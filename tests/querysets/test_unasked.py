# mypy: disable-error-code="misc, func-returns-value, attr-defined, no-any-return, var-annotated, unused-ignore, arg-type"
"""Filters that nobody asks for are not made, where that cannot make a difference."""

from typing import Any

import django_filters
import pytest
from django import forms
from django.db import models
from django_filters import FilterSet, filters

from channels_binding.exceptions import Invalid
from channels_binding.querysets.filters import apply_filters, filterset_class
from channels_binding.querysets.unasked import are_idle_unasked
from tests.project.zoo.models import Label, Note

pytestmark = pytest.mark.django_db

DECLARED = {"rank": ["exact", "gte", "in", "range"], "title": ["exact", "icontains"], "done": ["exact"], "weight": ["isnull"], "labels": ["exact"], "owner": ["exact"]}  # fmt: skip  # noqa: E501


class Every(FilterSet):
    """One of each filter that django-filter has."""

    char, number, boolean = filters.CharFilter("title"), filters.NumberFilter("rank"), filters.BooleanFilter("done")
    choice = filters.ChoiceFilter("title", choices=[("a", "A")], null_label="none", empty_label=None)
    choices = filters.MultipleChoiceFilter("title", choices=[("a", "A")], null_label="none")
    typed = filters.TypedMultipleChoiceFilter("rank", choices=[(1, "one")])
    model = filters.ModelChoiceFilter("labels", queryset=Label.objects.all())
    models = filters.ModelMultipleChoiceFilter("labels", queryset=Label.objects.all(), conjoined=True)
    between, day = filters.RangeFilter("rank"), filters.DateRangeFilter(field_name="owner__date_joined")
    days = filters.DateFromToRangeFilter("owner__date_joined", widget=django_filters.widgets.DateRangeWidget)
    lookup = filters.LookupChoiceFilter("rank", lookup_choices=[("exact", "is"), ("gt", "more")])
    order = filters.OrderingFilter(fields=["rank"])
    uuid, time = filters.UUIDFilter("title"), filters.TimeFilter("owner__date_joined__time")
    once_more = filters.CharFilter("labels__name", distinct=True, exclude=True, lookup_expr="icontains")


def test_every_filter_of_django_filters_does_nothing_where_it_is_given_nothing() -> None:
    assert are_idle_unasked(Every)
    whole = Every({}, Note.objects.all())
    assert whole.is_valid()
    assert str(whole.qs.query) == str(apply_filters(Every, {}, Note.objects.all()).query)


ASKED = (
    {"char": "a"},
    {"number": 1, "boolean": None},
    {"choices": ["null", "a"]},
    {"order": "-rank"},
    {"once_more": "x"},
)


@pytest.mark.parametrize("given", ASKED, ids=str)
def test_those_that_are_asked_for_filter_as_beside_the_others(given: Any) -> None:
    whole = Every({name: value for name, value in given.items() if value is not None}, Note.objects.all())
    assert whole.is_valid()
    assert str(whole.qs.query) == str(apply_filters(Every, given, Note.objects.all()).query)


def test_only_filters_that_are_asked_for_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = filterset_class(Note, DECLARED)
    made = []
    field = filters.Filter.field
    monkeypatch.setattr(filters.Filter, "field", property(lambda self: made.append(self) or field.fget(self)))
    apply_filters(declared, {}, Note.objects.all(), lambda: pytest.fail("no request is needed"))
    apply_filters(declared, None, Note.objects.all())
    assert made == []
    apply_filters(declared, {"rank": 1}, Note.objects.all())
    assert {each.field_name for each in made} == {"rank"}


def test_names_that_are_not_declared_are_refused_all_the_same() -> None:
    for given in ({"nope": 1}, {"rank": 1, "nope": 1}):
        with pytest.raises(Invalid, match="not valid"):
            apply_filters(filterset_class(Note, DECLARED), given, Note.objects.all())
    for odd in ([], "", 0, False):
        with pytest.raises(Invalid):
            apply_filters(filterset_class(Note, DECLARED), odd, Note.objects.all())


class OwnFilter(filters.CharFilter):
    def filter(self, qs: Any, value: Any) -> Any:
        return qs.filter(rank=1)


class OwnWidget(forms.TextInput):
    def value_from_datadict(self, *_: Any) -> Any:
        return "always"


def _set(**members: Any) -> type[FilterSet]:
    return type("Own", (FilterSet,), members)


class OwnForm(forms.Form):
    def clean(self) -> Any:
        raise forms.ValidationError("never")


class WithForm(FilterSet):
    class Meta:
        model = Note
        fields = ("rank",)
        form = OwnForm


class Derived(FilterSet):
    title = filters.CharFilter()

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return super().filter_queryset(queryset).filter(done=True)


MAY_DO_SOMETHING = [
    _set(title=OwnFilter()),
    _set(title=filters.CharFilter(method=lambda queryset, name, value: queryset.none())),
    _set(title=filters.CharFilter(required=True)),
    _set(title=filters.CharFilter(empty_value="x")),
    _set(title=filters.CharFilter(disabled=True, initial="x")),
    _set(title=filters.CharFilter(widget=OwnWidget)),
    _set(title=filters.CharFilter(widget=OwnWidget())),
    _set(title=filters.ChoiceFilter(choices=[("a", "A")], null_value="")),
    _set(title=filters.CharFilter(), qs=property(lambda self: self.queryset.none())),
    WithForm,
    Derived,
]


@pytest.mark.parametrize("cls", MAY_DO_SOMETHING, ids=range(len(MAY_DO_SOMETHING)))
def test_what_may_do_something_unasked_takes_part_in_every_list(cls: type[FilterSet]) -> None:
    assert not are_idle_unasked(cls)


def test_a_filterset_with_conditions_of_its_own_filters_a_list_that_asks_for_nothing() -> None:
    Note.objects.create(title="open"), Note.objects.create(title="done", done=True)
    assert [note.title for note in apply_filters(Derived, {}, Note.objects.all())] == ["done"]
    with pytest.raises(Invalid):
        apply_filters(_set(title=filters.CharFilter(required=True)), {}, Note.objects.all())

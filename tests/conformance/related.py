# mypy: disable-error-code="misc"
"""A stream that is written by every kind of relation, and the related streams, which hide rows in every way there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.db import models
from django_filters import FilterSet, ModelChoiceFilter, ModelMultipleChoiceFilter
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.bindings import BaseBinding
from channels_binding.consumers import AsyncBinding, Binding, bind
from tests.project.zoo.models import Label, LoudNote, Note, Precious

TEXTS: dict[type[models.Model], str] = {Note: "title", Label: "name"}
SEES_ALL = "boss"


def is_hidden_from(user: Any, row: Any) -> bool:
    return bool(user.username != SEES_ALL and getattr(row, TEXTS[row._meta.concrete_model]).startswith("hidden"))


class Concealed(Binding):
    """By ``get_queryset``."""

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return (
            rows
            if self.user.username == SEES_ALL
            else rows.exclude(**{f"{TEXTS[self.get_model()]}__startswith": "hidden"})
        )


class OnlyTheBoss(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.username == SEES_ALL)


class NotTheHidden(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return not is_hidden_from(request.user, obj)


class NoteByQueryset(Concealed):
    stream, model = "related.NoteByQueryset", Note


class LabelByQueryset(Concealed):
    stream, model = "related.LabelByQueryset", Label


class NoteByClass(Binding):
    stream, model, permission_classes = "related.NoteByClass", Note, (OnlyTheBoss,)


class LabelByClass(Binding):
    stream, model, permission_classes = "related.LabelByClass", Label, (OnlyTheBoss,)


class NoteByObject(Binding):
    stream, model, permission_classes = "related.NoteByObject", Note, (NotTheHidden,)


class LabelByObject(Binding):
    stream, model, permission_classes = "related.LabelByObject", Label, (NotTheHidden,)


class NotPrecious(BasePermission):
    """Looks at another model than its own."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return not Precious.objects.filter(name=obj.name).exists()


class LabelByOthers(Binding):
    stream, model, permission_classes = "related.LabelByOthers", Label, (NotPrecious,)


HIDING: dict[str, tuple[Any, Any]] = {
    "queryset": (NoteByQueryset, LabelByQueryset),
    "class permission": (NoteByClass, LabelByClass),
    "object permission": (NoteByObject, LabelByObject),
}


class _Neighbours:
    def __init__(self, *others: Any) -> None:
        self.others = others

    def for_model(self, model: Any) -> Any:
        return next((each for each in self.others if each.find_model() is model), None)


@contextmanager
def served_by(*others: Any) -> Iterator[None]:
    """These bindings, and no others, decide about related rows."""
    before = BaseBinding._neighbours
    BaseBinding._neighbours = _Neighbours(*others)
    try:
        yield
    finally:
        BaseBinding._neighbours = before


# Those that are written


class EagerFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Looks at its forms as it begins, and at their errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for form in self.forms:
            form.fields["title"].help_text = "eager"
        self.is_valid()


class PlainBinding(AsyncBinding):
    """Everything by default."""

    stream = "related.Plain"
    model = Note
    fields = ("id", "title", "rank", "parent", "labels")
    filterset_fields = {"parent": ["exact", "in"], "labels": ["exact"]}
    bulk = "atomic"
    formsets = {
        "children": forms.inlineformset_factory(Note, Note, fk_name="parent", fields=("title", "labels")),
        "eager": forms.inlineformset_factory(
            Note, Note, fk_name="parent", fields=("title", "labels"), formset=EagerFormSet
        ),
        "loud": forms.inlineformset_factory(Note, LoudNote, fk_name="parent", fields=("title", "owner")),
    }


class PartSerializer(serializers.Serializer[Any]):
    label = serializers.PrimaryKeyRelatedField(queryset=Label.objects.all())  # type: ignore[assignment]
    others = serializers.SlugRelatedField(slug_field="name", many=True, required=False, queryset=Label.objects.all())


class OwnSerializer(serializers.ModelSerializer[Note]):
    """A project's: by text, nested, in lists, and of a queryset of its own."""

    elder = serializers.PrimaryKeyRelatedField(source="parent", required=False, queryset=Note.objects.exclude(pk=1))
    named = serializers.SlugRelatedField(
        source="labels", slug_field="name", many=True, required=False, queryset=Label.objects.all()
    )
    link = serializers.HyperlinkedRelatedField(
        view_name="channels_binding:row",
        lookup_url_kwarg="name",
        write_only=True,
        required=False,
        queryset=Label.objects.all(),
    )
    part = PartSerializer(write_only=True, required=False)
    parts = PartSerializer(write_only=True, required=False, many=True)
    keys = serializers.ListField(
        write_only=True,
        required=False,
        child=serializers.PrimaryKeyRelatedField(queryset=Label.objects.all()),
    )

    class Meta:
        model = Note
        fields = ("id", "title", "elder", "named", "link", "part", "parts", "keys")

    def create(self, validated_data: Any) -> Any:
        return super().create(
            {name: value for name, value in validated_data.items() if name in ("title", "parent", "labels")}
        )


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    parent = forms.ModelChoiceField(Note.objects.all(), to_field_name="rank", required=False)
    labels = forms.ModelMultipleChoiceField(Label.objects.all(), to_field_name="name", required=False)
    tucked = forms.ModelChoiceField(Label.objects.all(), required=False, widget=forms.HiddenInput)

    class Meta:
        model = Note
        fields = ("title", "parent", "labels")


class OwnFilters(FilterSet):
    under = ModelChoiceFilter(field_name="parent", queryset=Note.objects.all())
    with_labels = ModelMultipleChoiceFilter(field_name="labels", queryset=Label.objects.all())
    called = ModelMultipleChoiceFilter(
        field_name="labels__name", to_field_name="name", queryset=lambda request: Label.objects.all()
    )

    class Meta:
        model = Note
        fields = ("under", "with_labels", "called")


class OwnBinding(AsyncBinding):
    """With a serializer, a form and filters of the project's."""

    stream = "related.Own"
    model = Note
    serializer_class = OwnSerializer
    form_class = NoteForm
    filterset_class = OwnFilters

    @bind("naming")
    async def naming(self, data: PartSerializer) -> dict[str, Any]:
        return {"label": data.validated_data["label"].pk}


# Rows

ROW, SEEN, HIDDEN, HIDDEN_CHILD, MISSING = 9001, 9002, 9003, 9004, 8009


def make_rows() -> None:
    Note.objects.all().delete()
    Label.objects.all().delete()
    for key, text in ((SEEN, "seen"), (HIDDEN, "hidden")):
        Note.objects.create(pk=key, title=text, rank=key)
        Label.objects.create(pk=key, name=text)
    Note.objects.create(pk=ROW, title="row", rank=ROW)
    Note.objects.create(pk=HIDDEN_CHILD, title="hidden child", rank=HIDDEN_CHILD, parent_id=ROW)


def stored_rows() -> list[Any]:
    """Everything, to be compared with later."""
    return [*Note.objects.order_by("pk", "labels").values_list("pk", "title", "rank", "parent", "labels")]

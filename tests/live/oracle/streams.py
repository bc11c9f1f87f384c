"""What the oracle reads: streams of different permissions, and the filters and orders that Hypothesis draws for them."""

import datetime
from typing import Any

import hypothesis.strategies as st
from django.contrib.auth.models import Group
from django.db.models import Count
from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.registry import registry
from tests.live.identity.test_checks import EditorNoteBinding, GroupNoteBinding
from tests.live.oracle.over_http import TRANSPORTS
from tests.project.zoo.models import Label, Moment, Note, Precious


class EntangledNoteBinding(AsyncBinding):
    """Its rows depend on other rows of the same table, and on how many others there are."""

    stream = "tests.EntangledNote"
    model = Note
    fields = ("id", "title", "rank", "parent")
    filterset_fields = {"parent__rank": ["gte"], "rank": ["exact"]}
    ordering_fields = ("title", "parent__rank", "rank")
    expandable = {"parent.labels": {}, "note_set": {"limit": 2, "order": "-rank"}}
    aggregates = {"rank": ("sum",)}
    group_by = ("parent", "title")


class CountedNoteBinding(AsyncBinding):
    """An aggregate, in what is shown and in the order."""

    stream = "tests.CountedNote"
    queryset = Note.objects.annotate(labelled=Count("labels"))
    fields = ("id", "title", "rank")
    filterset_fields = {"rank": ["exact"]}
    ordering_fields = ("title", "labelled", "rank")
    aggregates = {"rank": ("avg", "max")}
    group_by = ("title",)


class OwnedNoteBinding(AsyncBinding):
    """Brings rows along, of which each reader is shown others."""

    stream = "tests.OwnedNote"
    model = Note
    fields = ("id", "title")
    ordering_fields = ("title", "rank")
    expandable = {"labels": {"limit": 1, "order": "name"}, "owner": {}, "owner.groups": {"limit": 2}}


class NamedNoteBinding(AsyncBinding):
    """Which rows there are is looked up in another table beforehand."""

    stream = "tests.NamedNote"
    model = Note
    fields = ("id", "title", "rank")
    filterset_fields = {"rank": ["exact"]}
    aggregates = {"rank": ("min",)}
    group_by = ("rank",)

    def get_queryset(self) -> Any:
        names = {*Label.objects.values_list("name", flat=True)}
        return Note.objects.filter(rank__in=[{"x": 1, "y": 2, "z": 3}[name] for name in names])


class HourlyMomentBinding(AsyncBinding):
    """Times, as the clock of each reader shows them, filtered and counted by days that are each reader's own."""

    stream = "tests.HourlyMoment"
    model = Moment
    fields = ("id", "instant")
    filterset_fields = {"instant": ["date", "gte"]}
    ordering_fields = ("instant",)
    aggregates = {"instant": ("max",)}
    group_by = ("instant:day", "instant:month")


class WordySerializer(serializers.ModelSerializer[Any]):
    said = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ("id", "title", "said")

    def get_said(self, note: Note) -> str:
        return gettext("Monday") if note.done else gettext("Tuesday")


class WordyNoteBinding(AsyncBinding):
    """Texts in the language of each reader."""

    stream = "tests.WordyNote"
    model = Note
    serializer_class = WordySerializer
    filterset_fields = {"rank": ["exact"]}
    ordering_fields = ("title", "rank")

    def get_audience(self) -> Any:
        return "everybody"


class IsLetIn(BasePermission):
    """Whoever is not named by a row of another table."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return not Precious.objects.filter(name=request.user.username).exists()


class DoorNoteBinding(AsyncBinding):
    """One answer for all who are let in."""

    stream = "tests.DoorNote"
    model = Note
    fields = ("id", "title", "rank")
    permission_classes = (IsLetIn,)
    depends_on = (Precious,)
    ordering_fields = ("title", "rank")
    aggregates = {"rank": ("sum",)}
    group_by = ("title",)

    def get_audience(self) -> Any:
        return "all who are let in"


def bind_teams() -> None:
    """Teams, to their members alone. A stream of Django's own model would be met by other tests, so it is bound for a while."""

    class TeamBinding(AsyncBinding):
        stream = "tests.Team"
        model = Group
        fields = ("id", "name")

        def get_queryset(self) -> Any:
            return Group.objects.filter(user=self.user)


STREAMS: dict[str, tuple[set[str], set[str]]] = {
    "zoo.Note": (
        {"rank__gte", "rank", "rank__in", "done", "labels__name"},
        {"rank", "-rank", "done", "-id", "weight", "-weight", "title"},
    ),
    "zoo.OwnNote": ({"rank__gte"}, {"-id", "title", "rank", "-rank"}),
    GroupNoteBinding.stream: (set(), {"title", "-id"}),
    EntangledNoteBinding.stream: ({"parent__rank__gte", "rank"}, {"title", "parent__rank", "rank"}),
    CountedNoteBinding.stream: ({"rank"}, {"title", "labelled", "rank"}),
    NamedNoteBinding.stream: ({"rank"}, {"rank", "-id"}),
    OwnedNoteBinding.stream: (set(), {"title", "rank", "-rank"}),
    HourlyMomentBinding.stream: ({"instant__date", "instant__gte"}, {"instant", "-instant"}),
    WordyNoteBinding.stream: ({"rank"}, {"title", "rank"}),
    DoorNoteBinding.stream: (set(), {"title", "rank"}),
    EditorNoteBinding.stream: (set(), {"title", "-id"}),
}
"""Stream → the filters and orders that it takes."""

FEEDS = (
    "zoo.OwnNote", GroupNoteBinding.stream, EditorNoteBinding.stream, HourlyMomentBinding.stream, WordyNoteBinding.stream,
    DoorNoteBinding.stream,
)  # fmt: skip
"""Streams that are subscribed to as a whole, whose rows follow from their own table and who asks."""
AROUND_MIDNIGHT = [datetime.datetime(2026, 2, 28, hour, tzinfo=datetime.UTC) for hour in (3, 12, 23)]
"""Times that are of other days, and other months, elsewhere."""

EXPANDS: dict[str, list[str]] = {
    "zoo.Note": ["labels", "owner", "parent.labels", "note_set"],
    EntangledNoteBinding.stream: ["parent.labels", "note_set"],
    OwnedNoteBinding.stream: ["labels", "owner", "owner.groups"],
}
"""Stream → the related rows that it takes along."""

filters = st.fixed_dictionaries(
    {},
    optional={
        "rank__gte": st.integers(0, 5), "rank": st.integers(0, 3), "rank__in": st.sets(st.integers(0, 6), min_size=1),
        "done": st.booleans(), "labels__name": st.sampled_from("xy"), "parent__rank__gte": st.integers(0, 4),
        "instant__date": st.sampled_from(["2026-02-27", "2026-02-28", "2026-03-01"]),
        "instant__gte": st.sampled_from(["2026-02-28T12:00", "2026-03-01T00:00"]),
    },
)  # fmt: skip
orders = st.sampled_from(
    [
        *(None, "rank", "-rank", ["done", "-rank"], "-id", "weight", "-weight", "title", "labelled", "parent__rank"),
        *("instant", "-instant"),
    ]
)
counts = st.sampled_from([None, None, False, "estimate"])
expands = st.lists(
    st.sampled_from(sorted({path for paths in EXPANDS.values() for path in paths})), max_size=3, unique=True
)


transports = st.sampled_from([*TRANSPORTS])

OWN = (EntangledNoteBinding.stream, CountedNoteBinding.stream, NamedNoteBinding.stream)
AGGREGATES = ("zoo.Note", "zoo.OwnNote", "zoo.GuardedNote", HourlyMomentBinding.stream, DoorNoteBinding.stream, *OWN)
"""Streams whose rows are measured, one of them behind a permission that judges each row."""


@st.composite
def _questions(draw: Any) -> tuple[str, dict[str, Any]]:
    """``("zoo.Note", {"measures": ["sum:rank"], "by": ["done"], "order": "-sum:rank", …})``, of what the stream declares."""
    stream = draw(st.sampled_from(AGGREGATES))
    cls = registry.get(stream)
    declared = [
        "count",
        *(f"{function}:{name}" for name, functions in cls.aggregates.items() for function in functions),
    ]
    measures = draw(st.lists(st.sampled_from(declared), min_size=1, max_size=3, unique=True))
    by = draw(st.lists(st.sampled_from([*cls.group_by]), max_size=2, unique=True))
    chosen = {name: [*value] if isinstance(value, set) else value for name, value in draw(filters).items()}
    order = draw(
        st.none() | st.sampled_from([*measures, *by]).flatmap(lambda name: st.sampled_from([name, f"-{name}"]))
    )
    filterable = STREAMS.get(stream, (set(), set()))[0]
    return stream, {
        "measures": measures, "by": by, "order": order, "limit": draw(st.integers(1, 4)), "labels": stream == "zoo.Note",
        "filters": {name: value for name, value in chosen.items() if name in filterable},
    }  # fmt: skip


aggregates = _questions()

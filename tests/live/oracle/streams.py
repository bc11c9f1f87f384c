"""What the oracle reads: streams of different permissions, and the filters and orders that Hypothesis draws for them."""

from typing import Any

import hypothesis.strategies as st
from django.db.models import Count

from channels_binding.consumers import AsyncBinding
from tests.live.test_identity import GroupNoteBinding
from tests.project.zoo.models import Label, Note


class EntangledNoteBinding(AsyncBinding):
    """Its rows depend on other rows of the same table, and on how many others there are."""

    stream = "tests.EntangledNote"
    model = Note
    fields = ("id", "title", "rank", "parent")
    filterset_fields = {"parent__rank": ["gte"], "rank": ["exact"]}
    ordering_fields = ("title", "parent__rank", "rank")


class CountedNoteBinding(AsyncBinding):
    """An aggregate, in what is shown and in the order."""

    stream = "tests.CountedNote"
    queryset = Note.objects.annotate(labelled=Count("labels"))
    fields = ("id", "title", "rank")
    filterset_fields = {"rank": ["exact"]}
    ordering_fields = ("title", "labelled", "rank")


class NamedNoteBinding(AsyncBinding):
    """Which rows there are is looked up in another table beforehand."""

    stream = "tests.NamedNote"
    model = Note
    fields = ("id", "title", "rank")
    filterset_fields = {"rank": ["exact"]}

    def get_queryset(self) -> Any:
        names = {*Label.objects.values_list("name", flat=True)}
        return Note.objects.filter(rank__in=[{"x": 1, "y": 2, "z": 3}[name] for name in names])


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
}
"""Stream → the filters and orders that it takes."""

filters = st.fixed_dictionaries(
    {},
    optional={
        "rank__gte": st.integers(0, 5), "rank": st.integers(0, 3), "rank__in": st.sets(st.integers(0, 6), min_size=1),
        "done": st.booleans(), "labels__name": st.sampled_from("xy"), "parent__rank__gte": st.integers(0, 4),
    },
)  # fmt: skip
orders = st.sampled_from(
    [None, "rank", "-rank", ["done", "-rank"], "-id", "weight", "-weight", "title", "labelled", "parent__rank"]
)

"""What one evaluation of a live query learns of the read."""

from typing import Any

import pytest

from channels_binding.bindings.trace import Trace
from channels_binding.calls import Call, Row
from channels_binding.registry import registry
from tests.project.zoo.models import Label, Note


@pytest.mark.backends
def test_the_model_of_the_rows_is_a_dependency_only_where_more_of_it_is_read() -> None:
    trace = Trace(lambda queryset: None)
    trace.note_rows(Note.objects.filter(rank=1), [Label], is_by_plan=True)
    assert (trace.dependencies, trace.is_read_by_plan) == ({Label}, True)
    trace.note_rows(Note.objects.filter(parent__rank=1), [], is_by_plan=False)
    assert (trace.dependencies, trace.is_read_by_plan) == ({Label, Note}, False)


@pytest.mark.backends
def test_every_model_of_another_queryset_is_a_dependency() -> None:
    trace = Trace(lambda queryset: None)
    trace.note(Note.objects.filter(labels__name="x"))
    assert trace.dependencies == {Note, Label, Note.labels.through}


@pytest.mark.django_db
def test_a_call_that_is_not_live_has_no_trace_and_one_that_is_reads_again_only_what_is_not_known(user: Any) -> None:
    first, second = (Note.objects.create(title=title) for title in "ab")
    call = Call("zoo.Note", "list", {"order": "title"}, user)
    binding = registry.get("zoo.Note")(call)
    assert binding.trace is None
    matched: list[Any] = []
    kept = Row(first.pk, b'{"id":1,"title":"as it was"}')
    binding.trace = Trace(matched.append, unchanged={first.pk: kept})
    reading = binding.perform("list", call.data)
    assert [row.pk for row in reading.rows] == [first.pk, second.pk]
    assert reading.rows[0] is kept
    assert [queryset.model for queryset in matched] == [Note]

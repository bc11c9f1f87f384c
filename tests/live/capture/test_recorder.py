"""In a TestCase, which never commits, captured commit hooks publish what was written."""

from collections.abc import Callable
from contextlib import suppress

from django.db import transaction
from django.test import TestCase

from channels_binding.live.hub import Hub
from tests.live.capture.test_signals.published import LABEL, NOTE, listening
from tests.project.zoo.models import Label, Note


class RehearsalTests(TestCase):
    def write(self) -> list[Callable[[], object]]:
        """Writes, in savepoints too, and a commit hook of the project's; returns the captured ones."""
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            Note.objects.create(title="a").labels.add(Label.objects.create(name="x"))
            with transaction.atomic():
                Note.objects.update(title="b")
                transaction.on_commit(self.hook)
        return callbacks

    def setUp(self) -> None:
        self.ran: list[str] = []
        self.hook = lambda: self.ran.append("the project's")

    def test_where_nobody_listens_a_test_captures_its_own_hooks_alone(self) -> None:
        assert not Hub.all()
        assert self.write() == [self.hook]
        assert self.ran == ["the project's"]

    def test_where_somebody_listens_the_captured_hooks_tell(self) -> None:
        with listening() as told:
            callbacks = self.write()
        assert self.ran == ["the project's"]
        assert self.hook in callbacks
        assert told.once()[NOTE] is None

    def test_hooks_from_before_are_captured_neither_instead_nor_again(self) -> None:
        transaction.on_commit(lambda: self.ran.append("from before"))
        self.test_where_somebody_listens_the_captured_hooks_tell()

    def test_what_was_rolled_back_is_not_told(self) -> None:
        with listening() as told, self.captureOnCommitCallbacks(execute=True):
            note = Note.objects.create(title="stays")
            with suppress(ZeroDivisionError), transaction.atomic():
                Label.objects.create(name="goes")
                raise ZeroDivisionError
        assert told.once() == {NOTE: {note.pk}}

    def test_what_a_captured_hook_writes_is_told_too(self) -> None:
        with listening() as told, self.captureOnCommitCallbacks(execute=True):
            transaction.on_commit(lambda: Label.objects.create(name="x"))
            Note.objects.create(title="a")
        assert {label for each in told.publications for label in each} == {NOTE, LABEL}

    def test_who_listens_from_the_middle_of_a_test_on_is_told_what_comes_then(self) -> None:
        Note.objects.create(title="before")
        with listening() as told, transaction.atomic(), self.captureOnCommitCallbacks(execute=True):
            note = Note.objects.create(title="after")
        assert told.once() == {NOTE: {note.pk}}

"""Notes of what was written, kept per connection and savepoint, and published when their transaction is committed."""

import contextvars
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.db import connections

from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.statements import is_captured

logger = logging.getLogger("channels_binding")


Publish = Callable[[Changes], int | None]


WRITTEN: contextvars.ContextVar[list[int] | None] = contextvars.ContextVar("channels_binding_written", default=None)
"""Collects the numbers of what a call published, so that its reply can wait for its own diffs."""


@dataclass(slots=True)
class Notes:
    """What was written between two savepoints of one connection."""

    changes: Changes = field(default_factory=Changes)
    inserted: dict[str, int] = field(default_factory=dict)
    """Rows inserted one by one whose keys are not known yet: label → how many."""
    is_committed: bool = False

    def settled(self) -> Changes:
        """The changes; inserts that nothing explained mark their whole table."""
        for label, count in self.inserted.items():
            if count:
                self.changes.note(label, None)
        self.inserted.clear()
        return self.changes


AUTOCOMMIT = ("autocommit",)
"""In place of savepoints, where no transaction is open."""


class Recorder:
    """The notes of one database connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.by_savepoint: dict[tuple[str, ...], Notes] = {}
        self._hooks: Any = None
        """Django's list of commit hooks as last seen; it is another list after every rollback and commit."""
        self.through_before: set[Any] | None = None
        """What was known of a through table before the many-to-many change that is under way."""
        self._missed: set[str] = set()
        """Models that the transaction has written while nobody would have been sent it."""
        self._missed_hooks: Any = None
        """Django's list of commit hooks that ``publish_missed`` is in."""

    def notes(self) -> Notes:
        """Where to write now: the notes of the innermost savepoint, or of the statement that is its own transaction."""
        if self.connection.run_on_commit is not self._hooks:
            self._forget_rolled_back()
        if not self.connection.in_atomic_block:
            return self.by_savepoint.setdefault(AUTOCOMMIT, Notes(is_committed=True))
        place = tuple(sid for sid in self.connection.savepoint_ids if sid)  # atomic(savepoint=False) has none
        if place not in self.by_savepoint:
            if self._is_in_testcase() and not has_listeners():
                return Notes()  # to be forgotten: no commit hook of ours for a test to count among its own
            self.by_savepoint[place] = Notes()
            self._await_commit(self.by_savepoint[place])
        return self.by_savepoint[place]

    def _is_in_testcase(self) -> bool:
        """Whether the transaction is that of a ``TestCase``: never committed, and seen by no other connection."""
        return any(getattr(block, "_from_testcase", False) for block in self.connection.atomic_blocks)

    def _forget_rolled_back(self) -> None:
        """Django has dropped the commit hooks of what was rolled back; drop the notes that they stood for."""
        self._hooks = self.connection.run_on_commit
        awaited = {id(hook.notes) for _, hook, _ in self._hooks if isinstance(hook, _MarkCommitted)}
        self.by_savepoint = {
            place: notes for place, notes in self.by_savepoint.items() if place == AUTOCOMMIT or id(notes) in awaited
        }

    def _await_commit(self, notes: Notes) -> None:
        """Mark the notes as committed at commit, then publish all of those in one.

        Before any commit hook of the project: one that fails ends Django's round of hooks, one that writes begins anew.
        In a test they come in their order: ``captureOnCommitCallbacks`` takes what was added to the end.
        """
        if self._is_in_testcase():
            self._hooks.append((set(self.connection.savepoint_ids), _PublishInTest(notes, self), True))
            return
        flush: tuple[set[str], Any, bool] = (set(), self.flush, True)
        if flush not in self._hooks:
            self._hooks.insert(0, flush)
        self._hooks.insert(0, (set(self.connection.savepoint_ids), _MarkCommitted(notes), True))

    def publish_all(self) -> None:
        """Publish everything that is not rolled back, and was not published before. A test calls this its commit."""
        self._forget_rolled_back()
        for notes in self.by_savepoint.values():
            notes.is_committed = True
        self.flush()

    def flush_unless_atomic(self) -> None:
        """In autocommit mode each statement is its own transaction; without it, ``commit()`` ends one (``committed``)."""
        if not self.connection.in_atomic_block and self.connection.autocommit:
            self.flush()

    def committed(self) -> None:
        """``commit()`` of a transaction that nobody's ``atomic`` has begun: ``set_autocommit(False)``."""
        if self.by_savepoint and not self.connection.in_atomic_block and self._is_manual():
            self.publish_all()

    def rolled_back(self) -> None:
        """``rollback()``, or the connection was closed."""
        self.by_savepoint.pop(AUTOCOMMIT, None)

    def _is_manual(self) -> bool:
        return AUTOCOMMIT in self.by_savepoint or not self.connection.commit_on_exit

    def flush(self) -> None:
        """Publish what is committed, forget the rest. Never raises: a write must not fail because its publication does."""
        committed = Changes()
        for notes in self.by_savepoint.values():
            if notes.is_committed:
                committed.merge(notes.settled())
        self.by_savepoint.clear()
        if committed:
            publish(committed)

    def miss(self, labels: Iterable[str]) -> None:
        """These models were written, and nobody hears of it. Somebody may by the time the transaction is committed: who reads
        before that does not see what was written, and is published that any row may have changed.

        Without a transaction it is committed already, so whoever comes reads it.
        """
        if not self.connection.in_atomic_block:
            return
        if self.connection.run_on_commit is not self._missed_hooks:
            if self._is_in_testcase():
                return
            self._missed_hooks = self.connection.run_on_commit
            self._missed_hooks.insert(0, (set(), self.publish_missed, True))
        self._missed.update(labels)

    def misses(self, label: str) -> bool:
        """Whether ``miss`` knows of a model already, in this transaction."""
        return self.connection.run_on_commit is self._missed_hooks and label in self._missed

    def publish_missed(self) -> None:
        """Commit hook; it may be there twice, and outlive a savepoint: that costs an evaluation, and never a change."""
        missed, self._missed = self._missed, set()
        if missed and is_heard():
            changes = Changes()
            for label in filter(is_captured, missed):
                changes.note(label, None)
            if changes:
                publish(changes)


class _MarkCommitted:
    """Commit hook of one Notes; Django drops it if the savepoint is rolled back."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def __call__(self) -> None:
        self.notes.is_committed = True


class _PublishInTest(_MarkCommitted):
    """The same in a ``TestCase``, where nobody but the test calls commit hooks, and perhaps not all of them."""

    def __init__(self, notes: Notes, record: Recorder) -> None:
        super().__init__(notes)
        self._record = record

    def __call__(self) -> None:
        self._record.publish_all()


def watch(connection: Any) -> None:
    """Have a connection publish at the ``commit()`` of a transaction that nobody's ``atomic`` has begun."""
    for name, follow in (
        ("commit", Recorder.committed),
        ("rollback", Recorder.rolled_back),
        ("close", Recorder.rolled_back),
    ):
        setattr(connection, name, _followed(getattr(connection, name), connection, follow))
    connection.set_autocommit = _followed(connection.set_autocommit, connection, Recorder.flush_unless_atomic)


def _followed(call: Callable[..., Any], connection: Any, follow: Callable[[Recorder], None]) -> Callable[..., Any]:
    @wraps(call)
    def called(*args: Any, **kwargs: Any) -> Any:
        result = call(*args, **kwargs)
        follow(recorder_of(connection))
        return result

    return called


def recorder(alias: str) -> Recorder:
    """The recorder of this thread's connection to a database."""
    return recorder_of(connections[alias])


def recorder_of(connection: Any) -> Recorder:
    found: Recorder | None = getattr(connection, "_channels_binding_recorder", None)
    if found is None:
        found = connection._channels_binding_recorder = Recorder(connection)
    return found


def note_any(connection: Any, labels: Iterable[str]) -> None:
    """Note that any row of these models may have changed; published at once unless a transaction is open."""
    found = [label for label in labels if is_captured(label)]
    if not found:
        return
    record = recorder_of(connection)
    if not is_heard():
        record.miss(found)
        return
    for label in found:
        record.notes().changes.note(label, None)
    record.flush_unless_atomic()


_publishers: list[Publish] = []


_has_listeners: dict[Publish, Callable[[], bool]] = {}


_is_heard: dict[Publish, Callable[[], bool]] = {}


def publish_with(
    publisher: Publish, listens: Callable[[], bool] = lambda: True, is_heard: Callable[[], bool] = lambda: True
) -> None:
    """Have ``publisher(changes)`` called for every committed transaction. It must not block.

    Args:
        listens: Whether anybody in this process would be sent it now.
        is_heard: Whether anybody would be, here or in another process. While nobody is, nothing is noted. Asked at each
            statement.
    """
    _publishers.append(publisher)
    _has_listeners[publisher] = listens
    _is_heard[publisher] = is_heard


def has_listeners() -> bool:
    """Whether anybody in this process is sent the changes of a test, which no other process can see."""
    return any(publisher not in _has_listeners or _has_listeners[publisher]() for publisher in _publishers)


def is_heard() -> bool:
    """Whether anybody would be sent what is published now.

    To be asked after a statement: if nobody is there once it is committed, whoever comes then reads what it wrote.
    """
    for publisher in _publishers:  # any() would take twice as long
        question = _is_heard.get(publisher)
        try:
            if question is None or question():
                return True
        except Exception:  # wrong settings: it is logged when it publishes, and breaks no write
            return True
    return False


def publish(changes: Changes) -> None:
    """Hand committed changes to every publisher. Never raises."""
    for publisher in _publishers:
        try:
            number = publisher(changes)
        except Exception:
            logger.exception("Changes could not be published: %s", list(changes.keys))
            continue
        written = WRITTEN.get()
        if written is not None and number is not None:
            written.append(number)

"""Notes of what was written, kept per connection and savepoint, and published when their transaction is committed."""

import contextvars
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError, connections

from channels_binding.conf import get_settings
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
        self._begun_by_sql = Changes()
        """What was published of a transaction that Django did not begin, and is to be published again once it is over."""

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
        """In autocommit mode each statement is its own transaction, unless SQL has begun one; else ``commit()`` ends one."""
        if self.connection.in_atomic_block or not self.connection.autocommit:
            return
        if AUTOCOMMIT in self.by_savepoint and is_in_transaction(self.connection):
            self._begun_by_sql.merge(self.by_savepoint[AUTOCOMMIT].settled())
        self.flush()
        self.end_of_statement()

    def end_of_statement(self) -> None:
        """It may have ended the transaction that SQL has begun: who has read before its commit did not see what it wrote."""
        if (self._begun_by_sql or self._missed) and not is_in_transaction(self.connection):
            again, self._begun_by_sql = self._begun_by_sql, Changes()
            self._publish(again)
            self.publish_missed()

    def committed(self) -> None:
        """``commit()``, of ``atomic`` or by hand; what ``atomic`` has written is published by its commit hooks."""
        if self.connection.in_atomic_block:
            return
        self.publish_missed()
        if self.by_savepoint and self._is_manual():
            self.publish_all()

    def commit_failed(self, error: Exception) -> None:
        """``commit()`` has raised. If it is the connection that failed, it may have been committed all the same."""
        if isinstance(error, (OperationalError, InterfaceError)) and not self.connection.in_atomic_block:
            self.publish_all()
            self.publish_missed()

    def rolled_back(self) -> None:
        """``rollback()``, or the connection was closed."""
        self.by_savepoint.pop(AUTOCOMMIT, None)
        self._missed.clear()

    def closed(self) -> None:
        """What SQL has begun may have been committed, past Django's cursors."""
        self.rolled_back()
        self.end_of_statement()

    def _is_manual(self) -> bool:
        return AUTOCOMMIT in self.by_savepoint or not self.connection.commit_on_exit

    def flush(self) -> None:
        """Publish what is committed, forget the rest. Never raises: a write must not fail because its publication does."""
        committed = Changes()
        for notes in self.by_savepoint.values():
            if notes.is_committed:
                committed.merge(notes.settled())
        self.by_savepoint.clear()
        self._publish(committed)

    def _publish(self, changes: Changes) -> None:
        if changes:
            triggers = get_settings().TRIGGERS_DATABASE
            changes.is_elsewhere = triggers is not None and self.connection.alias != triggers
            publish(changes)

    def savepoint_undone(self) -> None:
        """Of what was noted nobody knows how much is left, if SQL or ``savepoint_rollback()`` has gone back, not ``atomic``.
        The rows are noted still, and looked at."""
        for notes in self.by_savepoint.values():
            notes.changes.forget_values()

    def miss(self, labels: Iterable[str]) -> None:
        """These models were written, and nobody hears of it. Somebody may by the time the transaction is committed: who reads
        before that does not see what was written, and is published that any row may have changed.

        Without a transaction it is committed already, so whoever comes reads it. That of a ``TestCase`` never is.
        """
        if is_in_transaction(self.connection) and not (self.connection.in_atomic_block and self._is_in_testcase()):
            self._missed.update(labels)

    def misses(self, label: str) -> bool:
        """Whether ``miss`` knows of a model already, in this transaction."""
        return label in self._missed

    def publish_missed(self) -> None:
        """The transaction is committed. What a savepoint has undone is said too: that costs an evaluation, no change."""
        missed, self._missed = self._missed, set()
        if missed and is_heard():
            changes = Changes()
            for label in filter(is_captured, missed):
                changes.note(label, None)
            self._publish(changes)


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
        ("close", Recorder.closed),
        ("set_autocommit", Recorder.flush_unless_atomic),
    ):
        failed = Recorder.commit_failed if name == "commit" else None
        setattr(connection, name, _followed(getattr(connection, name), connection, follow, failed))


def _followed(
    call: Callable[..., Any],
    connection: Any,
    follow: Callable[[Recorder], None],
    failed: Callable[[Recorder, Exception], None] | None,
) -> Callable[..., Any]:
    @wraps(call)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            result = call(*args, **kwargs)
        except Exception as error:
            if failed is not None:
                failed(recorder_of(connection), error)
            raise
        follow(recorder_of(connection))
        return result

    return called


_IN_TRANSACTION = (2, 3)
"""libpq's words for a transaction that waits for more, and for one that has failed; 1 is a statement under way."""


def is_in_transaction(connection: Any) -> bool:
    """Whether what is written now is committed later: by ``atomic``, by ``commit()``, or by SQL, as the driver knows."""
    if connection.in_atomic_block or not connection.autocommit:
        return True
    driver = connection.connection
    if connection.vendor == "sqlite":
        return bool(driver is not None and driver.in_transaction)
    if connection.vendor == "postgresql":
        return bool(driver is not None and driver.info.transaction_status in _IN_TRANSACTION)
    return False


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
    record = recorder_of(connection)
    if not found:
        record.end_of_statement()
        return
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

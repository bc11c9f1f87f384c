"""What one evaluation of a live query hands to the read, and what the read notes for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from channels_binding.calls.call import Row
from channels_binding.querysets.tables import models_of, reads_again, row_models
from channels_binding.types import Pk


@dataclass
class Trace:
    """One evaluation of a live query: a binding that is only asked once has none."""

    on_matching: Callable[[models.QuerySet[Any]], None]
    """Called with the queryset of a read before its rows are fetched."""
    unchanged: Mapping[Pk, Row] | None = None
    """Rows of the last evaluation that no change has touched since; None if everything is to be read."""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Texts of related rows, of the last evaluation."""
    dependencies: set[type[models.Model]] = field(default_factory=set)
    """Models that the answer is made of. The stream's own is among them only where more of it is read than the rows that are
    shown."""
    statements: Callable[[], int] = lambda: 0
    """How many statements this evaluation has made by now."""
    beside: list[slice] = field(default_factory=list)
    """Which of them read more than the rows that are shown, and yet perhaps of the same model: those of a serializer's methods,
    of object permissions."""
    prefetched: list[slice] = field(default_factory=list)
    """As well, of prefetches: what belongs to the rows."""
    expansions: Sequence[Any] = ()
    """What is expanded."""
    expanded: list[slice] = field(default_factory=list)
    """Which statements read of no other models than those that the expansions name."""
    touched: Mapping[type[models.Model], Set[Pk]] = field(default_factory=dict)
    """Related rows that have changed since the last evaluation: who holds them, or leads to them now, is read again."""
    is_read_by_plan: bool = False
    """Whether the rows were read by a compiled plan, which reads of no other models than ``dependencies``."""

    @contextmanager
    def reading_beside(self, own: int = 0) -> Iterator[None]:
        """What is asked inside, but for the first ``own`` statements, is more than the rows that are shown."""
        begin = self.statements() + own
        try:
            yield
        finally:
            (self.prefetched if own else self.beside).append(slice(begin, self.statements()))

    @contextmanager
    def expanding(self) -> Iterator[None]:
        """What is asked inside is asked for related rows."""
        begin = self.statements()
        yield
        self.expanded.append(slice(begin, self.statements()))

    def note(self, queryset: models.QuerySet[Any]) -> None:
        """The answer depends on every model of a queryset."""
        self.dependencies |= models_of(queryset)

    def note_rows(
        self, queryset: models.QuerySet[Any], related: Iterable[type[models.Model]], *, is_by_plan: bool
    ) -> None:
        """As ``note``, of the queryset whose rows are shown, and ``related``, of which parts are shown with them."""
        self.is_read_by_plan = is_by_plan
        own = {*row_models(queryset.model)}
        found = models_of(queryset)
        is_entangled = reads_again(queryset, {model._meta.db_table for model in own})
        self.dependencies |= found if is_entangled else found - own
        self.dependencies |= {*related}

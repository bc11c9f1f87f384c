"""How the rows of one call are read: straight from the database where a plan allows it, else through DRF."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

from django.db import models

from channels_binding.bindings.trace import Trace
from channels_binding.calls.call import Row
from channels_binding.compiled.columns import Request
from channels_binding.compiled.plan import Plan
from channels_binding.querysets.inspection import is_stock_queryset
from channels_binding.serializers import default
from channels_binding.serializers.relations import joined, own_columns, related_models


class Reader:
    """How the rows of one call are read: by a plan where there is one and the queryset allows it, else by DRF."""

    def __init__(
        self,
        make_serializer: Callable[[], Any],
        plan: Plan | None = None,
        complete: Callable[[Sequence[Row], str | None], tuple[Row, ...]] = lambda rows, using: tuple(rows),
        trace: Trace | None = None,
        *,
        is_completed_by_plan: bool = True,
    ) -> None:
        """
        Args:
            complete: Puts into rows of a database what is not their serializer's.
            is_completed_by_plan: Whether it reads of no other models than are known beforehand.
        """
        self._make_serializer = make_serializer
        self.plan = plan
        self._complete = complete
        self._trace = trace
        self._is_completed_by_plan = is_completed_by_plan

    @cached_property
    def serializer(self) -> Any:
        """The narrowed serializer; not made where a plan does without it."""
        return self._make_serializer()

    def rows(self, queryset: models.QuerySet[Any]) -> tuple[Row, ...]:
        """A queryset → its rows as sent."""
        if self.plan is not None and queryset.model is self.plan.model and is_stock_queryset(queryset):
            return self._completed(self.plan.rows(queryset, self._request), queryset.db)
        return self.rows_of(self.instances(queryset))

    def window(self, queryset: models.QuerySet[Any], limit: int) -> tuple[tuple[Row, ...], bool]:
        """The first ``limit`` rows, and whether one follows, of which nothing else is read."""
        asked = queryset[: limit + 1]
        if self.plan is not None and queryset.model is self.plan.model and is_stock_queryset(queryset):
            rows = self.plan.rows(asked, self._request)
            return self._completed(rows[:limit], queryset.db), len(rows) > limit
        instances = self.instances(asked)
        return self.rows_of(instances[:limit]), len(instances) > limit

    def row(self, queryset: models.QuerySet[Any], key: Any) -> tuple[Row, ...]:
        """The row with a key, as sent: one or none."""
        if self.plan is not None and queryset.model is self.plan.model and is_stock_queryset(queryset):
            return self._completed(self.plan.row(queryset, key, self._request), queryset.db)
        return self.rows(queryset.order_by().filter(pk=key))

    def _request(self) -> Request:
        return self.serializer.context.get("request")

    def rows_of(self, instances: Sequence[Any]) -> tuple[Row, ...]:
        with self.reading_beside():
            rows = default.rows_of(self.serializer, instances)
        return self._completed(rows, instances[0]._state.db if instances else None)

    def _completed(self, rows: Sequence[Row], using: str | None) -> tuple[Row, ...]:
        if self._trace is not None and self._is_completed_by_plan:
            with self._trace.expanding():
                return self._complete(rows, using)
        with self.reading_beside():
            return self._complete(rows, using)

    def instances(self, queryset: models.QuerySet[Any]) -> list[Any]:
        """Instances with everything that the serializer reads, in few statements."""
        with self.reading_beside(own=1):
            return [*joined(queryset, self.serializer)]

    def reading_beside(self, own: int = 0) -> AbstractContextManager[None]:
        """As ``Trace.reading_beside``, where a live query is evaluated."""
        return nullcontext() if self._trace is None else self._trace.reading_beside(own)

    def related(self, model: type[models.Model]) -> Iterable[type[models.Model]]:
        """Models whose rows it shows parts of, beside those that are expanded."""
        return related_models(self.serializer, model) if self.plan is None else self.plan.related

    @property
    def is_by_plan(self) -> bool:
        """Whether nothing is read but what the plan reads."""
        return self.plan is not None and self._is_completed_by_plan

    def sortable(self, model: type[models.Model]) -> Sequence[str]:
        """Shown fields that are columns of the model."""
        return own_columns(self.serializer, model) if self.plan is None else self.plan.sortable

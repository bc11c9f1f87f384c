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
        complete: Callable[[Sequence[Row]], tuple[Row, ...]] = tuple,
        completed_from: Callable[[], Iterable[type[models.Model]]] | None = None,
        trace: Trace | None = None,
    ) -> None:
        """``complete`` puts into rows what is not their serializer's; ``completed_from`` says from which models."""
        self._make_serializer = make_serializer
        self.plan = plan
        self._complete = complete
        self._completed_from = completed_from
        self._trace = trace

    @cached_property
    def serializer(self) -> Any:
        """The narrowed serializer; not made where a plan does without it."""
        return self._make_serializer()

    def rows(self, queryset: models.QuerySet[Any]) -> tuple[Row, ...]:
        """A queryset → its rows as sent."""
        if self.plan is not None and queryset.model is self.plan.model and is_stock_queryset(queryset):
            return self._completed(self.plan.rows(queryset, self._request))
        return self.rows_of(self.instances(queryset))

    def row(self, queryset: models.QuerySet[Any], key: Any) -> tuple[Row, ...]:
        """The row with a key, as sent: one or none."""
        if self.plan is not None and queryset.model is self.plan.model and is_stock_queryset(queryset):
            return self._completed(self.plan.row(queryset, key, self._request))
        return self.rows(queryset.order_by().filter(pk=key))

    def _request(self) -> Request:
        return self.serializer.context.get("request")

    def rows_of(self, instances: Sequence[Any]) -> tuple[Row, ...]:
        with self.reading_beside():
            rows = default.rows_of(self.serializer, instances)
        return self._completed(rows)

    def _completed(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        with self.reading_beside():
            return self._complete(rows)

    def instances(self, queryset: models.QuerySet[Any]) -> list[Any]:
        """Instances with everything that the serializer reads, in few statements."""
        with self.reading_beside(own=1):
            return [*joined(queryset, self.serializer)]

    def reading_beside(self, own: int = 0) -> AbstractContextManager[None]:
        """As ``Trace.reading_beside``, where a live query is evaluated."""
        return nullcontext() if self._trace is None else self._trace.reading_beside(own)

    def related(self, model: type[models.Model]) -> Iterable[type[models.Model]]:
        """Models whose rows it shows parts of."""
        shown = related_models(self.serializer, model) if self.plan is None else self.plan.related
        return {*shown, *self._completed_from()} if self._completed_from else shown

    @property
    def is_by_plan(self) -> bool:
        """Whether nothing is read but what the plan reads."""
        return self.plan is not None and self._completed_from is None

    def sortable(self, model: type[models.Model]) -> Sequence[str]:
        """Shown fields that are columns of the model."""
        return own_columns(self.serializer, model) if self.plan is None else self.plan.sortable

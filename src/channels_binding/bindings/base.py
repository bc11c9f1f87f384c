"""What both kinds of binding are: get_<attribute>() hooks, audience, messages of handlers.

An instance serves one Call, like a class-based view, so a handler may keep state on ``self``. For DRF's permission,
throttle and filter classes it *is* the view: it has ``request``, ``action``, ``kwargs``, ``queryset``, ``get_queryset()``.
"""

import inspect
from collections.abc import Mapping, Sequence
from inspect import iscoroutinefunction
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured

from channels_binding.bindings import relations, sharing
from channels_binding.bindings.actions import collect
from channels_binding.bindings.representation import Representation
from channels_binding.classes import attributes
from channels_binding.conf import get_settings
from channels_binding.querysets import fulltext
from channels_binding.querysets.filters import filterset_class
from channels_binding.threads import either, settle
from channels_binding.types import Audience, HandlerMessages

defined: list[type["BaseBinding"]] = []
"""Every binding class in the order of its definition; the registry reads it."""
unnamed: list[type["BaseBinding"]] = []
"""Classes that name no stream: those that others derive from, and those that nobody can reach, which a check tells apart."""


class BaseBinding(Representation):
    """What both kinds of binding are, whatever their handlers."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if isinstance(cls.model, str):
            raise ImproperlyConfigured(
                f"{cls.__name__}.model is {cls.model!r}, which is a text: import the model, and name the class itself."
            )
        cls._actions = collect(cls)
        for name in _coroutine_hooks(cls):
            setattr(cls, name, either(getattr(cls, name)))
        if cls.model is not None or cls.stream is not None:
            defined.append(cls)
        elif not cls.__module__.startswith("channels_binding."):
            unnamed.append(cls)

    # Who shares an answer

    def get_audience(self) -> Audience:
        """What the answer depends on besides the query. Connections of one audience share one evaluation.

        By default who calls (user, authentication, and what else a request shows; of anonymous callers, the connection),
        unless all that takes part in the answer is known to ask nothing of the caller. Override it to share more:
        ``return ("team", self.user.team_id)``. It must differ for all who may get different answers.
        """
        return self.call.caller if sharing.reasons(self) else sharing.EVERYBODY

    def streams_asked(self) -> "list[BaseBinding]":
        """Other streams whose rows this read depends on, asked by the same caller: of ``labels``, of filters by relations."""
        asked = self.labelled_models() if self.call.data.get("labels") is True else []
        asked = [*asked, *relations.filtered_by(settle(self.get_filterset_class()), self.call.data.get("filters"))]
        asked = [*asked, *(each.get_model() for each in self.expanded_streams())]
        found: Any = dict.fromkeys(other for model in asked if (other := self.stream_over(model)) is not None)
        return [other(self._neighbour_call(other)) for other in found]

    # What a search takes

    def get_filterset_class(self) -> Any:
        """Override to let some callers filter by less."""
        return declared_filterset(type(self))

    @classmethod
    def filter_paths(cls) -> set[str]:
        """Paths that the declared filters lead to: ``{"status", "customer__city"}``."""
        if cls.filterset_class is not None:
            return {str(each.field_name) for each in cls.filterset_class.base_filters.values()}
        return {*cls.filterset_fields}

    def get_search_fields(self) -> Sequence[str]:
        """Override to let some callers search in less."""
        return self.search_fields or fulltext.fields_of(self.search_vector)

    def get_ordering_fields(self) -> Sequence[str]:
        """Override to let some callers order by less."""
        if self.ordering_fields is not None:
            return self.ordering_fields
        return self.make_reader({}).sortable(self.get_model())

    def get_ordering(self) -> Sequence[str]:
        """Override to order by who asks where the call names no order."""
        return self.ordering

    def get_aggregates(self) -> Mapping[str, Sequence[str]]:
        """Override to let some callers measure less than ``aggregates`` says."""
        return self.aggregates

    def get_group_by(self) -> Sequence[str]:
        """Override to let some callers group by less than ``group_by`` says."""
        return self.group_by

    def get_page_size(self) -> int:
        """Rows of a page where the call names no ``limit``; never more than ``get_max_page_size()``."""
        return min(self.page_size or get_settings().DEFAULT_PAGE_SIZE, self.get_max_page_size())

    @classmethod
    def get_query_params(cls) -> Sequence[str]:
        """``query_params``."""
        return cls.query_params

    @classmethod
    def get_pagination_class(cls) -> Any:
        """``pagination_class``."""
        return cls.pagination_class

    def get_max_page_size(self) -> int:
        """Most rows of a page or list."""
        return self.max_page_size or get_settings().MAX_PAGE_SIZE

    # Messages of handlers

    @property
    def _handler_messages(self) -> HandlerMessages:
        if self.call.handler_messages is None:
            raise RuntimeError("This call came from code; use channels_binding.live.send() to reach clients.")
        return self.call.handler_messages

    def _become(self, user: Any, backend: str | None = None) -> None:
        if user is not None and backend is not None:
            user.backend = backend
        self._handler_messages.become(user)
        self.user = self.call.user = AnonymousUser() if user is None else user
        self._known.clear()
        if self._request is not None:
            self._request.user = self.user

    def _reflect(self, event: str, data: Mapping[str, Any]) -> None:
        self._handler_messages.reflect(f"{self.get_stream()}.{event}", data)

    def _dispatch(self, event: str, data: Mapping[str, Any]) -> None:
        self._handler_messages.dispatch(self.get_stream(), f"{self.get_stream()}.{event}", data)

    def _broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        self._handler_messages.broadcast(f"{self.get_stream()}.{event}", data)

    def _send_to(self, user: Any, event: str, data: Mapping[str, Any]) -> None:
        self._handler_messages.send_to(getattr(user, "pk", user), f"{self.get_stream()}.{event}", data)


def declared_filterset(cls: type[BaseBinding]) -> Any:
    """The FilterSet class that a binding declares, or that is made from its ``filterset_fields``; None without filters."""
    if cls.filterset_class is not None:
        return cls.filterset_class
    return filterset_class(cls.get_model(), cls.filterset_fields) if cls.filterset_fields else None


def _coroutine_hooks(cls: type[BaseBinding]) -> list[str]:
    """Names of the hooks that a class has as coroutines and ours as plain functions. Events are no hooks."""
    ours = (base for base in cls.__mro__ if base.__module__.startswith("channels_binding."))
    found = ((name, value) for base in ours for name, value in attributes(base).items())
    plain = dict.fromkeys(name for name, value in found if inspect.isfunction(value) and not iscoroutinefunction(value))
    hooks = (name for name in plain if not name.startswith("_") and name not in cls._actions)
    return [name for name in hooks if iscoroutinefunction(getattr(cls, name, None))]

"""What a binding declares: its model or stream, and the attributes that decide the rest."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, Literal, TypeAlias

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from channels_binding.bindings.actions import Action, is_stock
from channels_binding.bindings.trace import Trace
from channels_binding.calls.call import Call
from channels_binding.exceptions import Invalid, MethodNotAllowed, unknown_names
from channels_binding.protocol.names import AGGREGATE, PRESENCE
from channels_binding.threads import settle


class BindingOptions:
    """What both kinds of binding declare. Many attributes have a ``get_<attribute>()`` hook, plain or coroutine."""

    model: ClassVar[type[models.Model] | None] = None
    """The model whose rows the stream serves; None for a stream of events alone."""
    stream: ClassVar[str | None] = None
    """Name of the stream; by default ``app_label.Model``."""
    queryset: ClassVar[models.QuerySet[Any] | None] = None
    """Rows there are; by default all of the model's."""
    fields: ClassVar[Sequence[str] | None] = None
    """Fields that are shown, and written where they are editable; by default all that do not look like secrets."""
    exclude: ClassVar[Sequence[str]] = ()
    """Fields that are left out of ``fields``, or of all."""
    read_only_fields: ClassVar[Sequence[str]] = ()
    """Fields that are shown and never written."""
    extra_kwargs: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Arguments of single serializer fields, as in a ModelSerializer's Meta: ``{"email": {"required": True}}``."""
    serializer_class: ClassVar[Any] = None
    """Any DRF serializer, in place of the one made from ``fields``."""
    form_class: ClassVar[Any] = None
    """Any Form or ModelForm, in place of the one made from the writable ``fields``."""
    formsets: ClassVar[Mapping[str, Any]] = {}
    """Formset classes beside the form, by name: ``{"chapters": inlineformset_factory(Novel, Chapter, fields=["title"])}``."""
    permission_class: ClassVar[Any] = None
    """A single permission class, in place of ``permission_classes``."""
    permission_classes: ClassVar[Sequence[Any] | None] = None
    """DRF permission classes; by default ``DEFAULT_PERMISSION_CLASSES``, ours or else DRF's."""
    throttle_classes: ClassVar[Sequence[Any] | None] = None
    """DRF throttle classes, which count what comes by HTTP and by socket together; by default DRF's own setting."""
    throttle_scope: ClassVar[str | None] = None
    """What ScopedRateThrottle looks up in ``DEFAULT_THROTTLE_RATES``."""
    authentication_classes: ClassVar[Sequence[Any] | None] = None
    """DRF authentication classes of the HTTP API."""
    filterset_class: ClassVar[Any] = None
    """A FilterSet of django-filter: what clients may filter by."""
    filterset_fields: ClassVar[Sequence[str] | Mapping[str, Sequence[str]]] = ()
    """What clients may filter by, ``("status",)`` or ``{"amount": ["gte", "lte"]}``; by default nothing."""
    search_fields: ClassVar[Sequence[str]] = ()
    """Where ``query`` looks for words: ``("title", "customer__name")``, with REST framework's prefixes ``^ = @ $``."""
    search_vector: ClassVar[str | Mapping[str, str]] = {}
    """On PostgreSQL, in place of ``search_fields``: what full text search looks at, ``{"title": "A", "body": "B"}`` with
    weights, or the name of a SearchVectorField. What matches best comes first, unless the caller asks for an order."""
    search_config: ClassVar[str | None] = None
    """PostgreSQL's text search configuration, ``"english"``; by default that of the database."""
    ordering_fields: ClassVar[Sequence[str] | None] = None
    """Names to order by; by default the shown fields that are columns of the model."""
    aggregates: ClassVar[Mapping[str, Sequence[str]]] = {}
    """What ``aggregate`` may measure of shown fields: ``{"price": ["sum", "avg"], "created": ["max"]}``. Functions are ``sum``,
    ``avg``, ``min``, ``max``, ``count`` and ``count_distinct``. The number of rows is there by itself."""
    group_by: ClassVar[Sequence[str]] = ()
    """Shown fields, and parts of dates and times, by which it may group: ``("status", "created:day", "created:month")``."""
    ordering: ClassVar[Sequence[str]] = ()
    """Order where the call names none; by default the queryset's or the model's."""
    expandable: ClassVar[Sequence[str] | Mapping[str, Mapping[str, Any]]] = ()
    """Relations whose rows a read may put into its own, as their streams show them: ``("customer", "assignee.team")``, or
    ``{"customer": {}, "comments": {"limit": 20, "order": "-created"}}``; ``limit`` is per row, 20 by default."""
    query_params: ClassVar[Sequence[str]] = ()
    """Names that reads take for the project's own use: over HTTP ``?tenant=3``, on a socket ``{"params": {"tenant": "3"}}``.
    Permissions, hooks and serializers find them in ``request.query_params`` on both."""
    page_size: ClassVar[int | None] = None
    """Rows of a page where the call names no ``limit``; by default ``DEFAULT_PAGE_SIZE``."""
    max_page_size: ClassVar[int | None] = None
    """Most rows of a page or list; by default ``MAX_PAGE_SIZE``."""
    sends: ClassVar[Mapping[str, Any]] = {}
    """Events that handlers dispatch, with the annotation of their data (``{"closed": Closed}``): for the contract's readers."""
    pagination_class: ClassVar[Any] = None
    """A DRF pagination class, whose pages and query parameters a search over HTTP then has in place of ours."""
    post_save_retrieve: ClassVar[bool] = True
    """Whether those who ``subscribe`` to the stream are sent each saved row as ``retrieve``."""
    actions: ClassVar[Sequence[str] | None] = None
    """Built-in actions that are offered, ``("search", "retrieve")``; by default all. Bound events are always offered."""
    atomic: ClassVar[bool] = True
    """Whether a built-in write is one transaction."""
    bulk: ClassVar[Literal["atomic", "independent"] | None] = None
    """Whether ``update`` and ``delete`` take ``ids``: all rows or none, or each for itself with an answer of its own."""
    max_bulk: ClassVar[int] = 100
    """Most rows of one bulk write."""
    full_clean: ClassVar[bool] = False
    """Whether a write also passes the model's ``full_clean()``, which a ModelSerializer leaves out."""
    presence: ClassVar[bool] = False
    """Whether each row has a room: who is there, by ``presence``. Rooms without rows are a ``PresenceBinding``."""
    depends_on: ClassVar[Sequence[Any]] = ()
    """Models (or labels ``"app.Model"``) whose changes make live reads of this stream stale, and have it checked again who may
    read it or is subscribed to it, and in which audience, beyond those that are found in the SQL of the read."""

    _actions: ClassVar[dict[str, Action]] = {}
    _default_serializer: ClassVar[Any] = None

    lookup_field = "pk"

    def __init__(self, call: Call) -> None:
        self.call = call
        self.user = call.user
        self.args: tuple[Any, ...] = ()
        self.kwargs: dict[str, Any] = _as_in_a_path(call.data.get("id"), self.lookup_field)
        self.format_kwarg = None
        self.trace: Trace | None = None
        """What a live query that is being evaluated wants to know of the read; None of any other call."""
        self.read_alias: str | None = None
        """The database that rows are read from, in place of the queryset's: of a row that was just written, that one."""
        self._request: Any = None
        """The request of this call, once something has asked for it."""

    @classmethod
    def get_stream(cls) -> str:
        """``"app.Model"``, or the name that ``stream`` gives.

        Raises:
            ImproperlyConfigured: Neither ``stream`` nor ``model`` is set.
        """
        if cls.stream:
            return cls.stream
        if cls.model is None:
            raise ImproperlyConfigured(f"{cls.__name__} must define 'stream' or 'model'.")
        return f"{cls.model._meta.app_label}.{cls.model._meta.object_name}"

    @classmethod
    def get_model(cls) -> type[models.Model]:
        """The model, also where only ``queryset`` names it.

        Raises:
            ImproperlyConfigured: There is none.
        """
        model = cls.find_model()
        if model is None:
            raise ImproperlyConfigured(f"{cls.__name__} must define 'model' or 'queryset'.")
        return model

    @classmethod
    def find_model(cls) -> type[models.Model] | None:
        """The model, or None for a stream without one."""
        return cls.model or (cls.queryset.model if cls.queryset is not None else None)

    @classmethod
    def get_actions(cls) -> dict[str, Action]:
        """Event name → Action, of what this stream offers."""
        has_model = cls.find_model() is not None
        return {name: action for name, action in cls._actions.items() if cls._offers(action, has_model)}

    @classmethod
    def find_action(cls, name: str) -> Action | None:
        """The Action of one event, if this stream offers it."""
        action = cls._actions.get(name)
        return action if action is not None and cls._offers(action, cls.find_model() is not None) else None

    @classmethod
    def _offers(cls, action: Action, has_model: bool) -> bool:
        if not action.is_builtin or action.name in ("subscribe", "unsubscribe"):
            return True
        if action.name == PRESENCE:
            return cls.presence or not is_stock(action)
        if action.name == AGGREGATE and is_stock(action) and not (cls.aggregates or cls.group_by):
            return False
        return has_model and (cls.actions is None or action.name in cls.actions)

    def get_action(self, name: str) -> Action:
        """The Action of one event.

        Raises:
            MethodNotAllowed: The stream does not offer it.
        """
        action = self.find_action(name)
        if action is None:
            raise MethodNotAllowed(self._missing(name))
        return action

    def _missing(self, name: str) -> str | None:
        """While one develops it says what there is; a stranger is told nothing of it."""
        if not settings.DEBUG:
            return None
        return f"{self.get_stream()} has no action {name[:100]!r}. {self._undeclared(name) or self._nearest(name)}"

    @classmethod
    def _undeclared(cls, name: str) -> str | None:
        """What the binding has to declare for a built-in action; None where there is no such action."""
        if name not in cls._actions:
            return None
        if cls.find_model() is None:
            return f"Give {cls.__name__} a model."
        if name == PRESENCE:
            return f"Declare presence = True in {cls.__name__}."
        if name == AGGREGATE and not (cls.aggregates or cls.group_by):
            return f"Declare aggregates, or group_by, in {cls.__name__}."
        return f"Name it in actions of {cls.__name__}."

    @classmethod
    def _nearest(cls, name: str) -> str:
        names = sorted(cls.get_actions())
        meant = get_close_matches(name, names, n=1)
        return f"Did you mean {meant[0]!r}?" if meant else f"There are: {', '.join(names)}."

    def perform(self, name: str, data: dict[str, Any]) -> Any:
        """Run another action of this stream, on this thread and in its transaction."""
        return settle(self.get_action(name).handler(self, data))


def _as_in_a_path(key: Any, name: str) -> dict[str, Any]:
    """``view.kwargs`` as DRF's router makes them of ``/9001/``: ``{"pk": "9001"}``; empty where no row is named."""
    return {name: str(key)} if isinstance(key, (int, str)) else {}


Data = dict[str, Any]


Answer: TypeAlias = Any
"""``Data`` or a Reading; typed loosely because an override may as well be a coroutine."""


def refuse_unknown(data: Mapping[str, Any], known: Iterable[str]) -> None:
    """Answer a misspelt name with an error instead of ignoring it.

    Raises:
        Invalid: ``data`` has names that the action does not know.
    """
    names = {*known}
    if data.keys() <= names:
        return
    errors = unknown_names(data, sorted(names))
    if errors:
        raise Invalid("The data holds unknown names.", fields=errors)

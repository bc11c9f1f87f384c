"""``Binding`` and ``AsyncBinding``: a model (or a stream of one's own), its permissions, its actions. No transport.

An instance serves one Call, like a class-based view, so a handler may keep state on ``self``. For DRF's permission,
throttle and filter classes it *is* the view: it has ``request``, ``action``, ``kwargs``, ``queryset``, ``get_queryset()``.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from inspect import iscoroutinefunction
from typing import Any, ClassVar, Literal, Protocol

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db import connections, models
from django.forms.models import BaseModelForm
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.settings import api_settings

from channels_binding import codecs, forms, permissions, serializers, uploads
from channels_binding.actions import Action, bind, collect
from channels_binding.calls import Call, Row
from channels_binding.conf import get_settings, load_classes
from channels_binding.exceptions import BindingError, Forbidden, Invalid, MethodNotAllowed, NotFound, Unauthenticated
from channels_binding.filters import filterset_class
from channels_binding.mixins import ModelActions
from channels_binding.permissions import USER_BLIND
from channels_binding.plans import Plan, Reader, names_of, plan_of
from channels_binding.provenance import models_of, reads_again, row_models
from channels_binding.threads import either, run, settle
from channels_binding.types import Audience, Outlet, Pk

defined: list[type["BaseBinding"]] = []
"""Every binding class in the order of its definition; the registry reads it."""


class Neighbours(Protocol):
    """What a binding knows of the others."""

    def for_model(self, model: type[models.Model]) -> "type[BaseBinding] | None":
        """The binding that serves a model."""


class BaseBinding:
    """What both kinds of binding declare. Each attribute has a ``get_<attribute>()`` hook, plain or coroutine."""

    model: ClassVar[type[models.Model] | None] = None
    stream: ClassVar[str | None] = None
    """Name of the stream; by default ``app_label.Model``."""
    queryset: ClassVar[models.QuerySet[Any] | None] = None
    """Rows there are; by default all of the model's."""
    fields: ClassVar[Sequence[str] | None] = None
    """Fields that are shown, and written where they are editable; by default all that do not look like secrets."""
    exclude: ClassVar[Sequence[str]] = ()
    read_only_fields: ClassVar[Sequence[str]] = ()
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
    """DRF permission classes; by default ``DEFAULT_PERMISSION_CLASSES`` of the settings."""
    throttle_classes: ClassVar[Sequence[Any] | None] = None
    """DRF throttle classes, which count what comes by HTTP and by socket together; by default DRF's own setting."""
    throttle_scope: ClassVar[str | None] = None
    """What ScopedRateThrottle looks up in ``DEFAULT_THROTTLE_RATES``."""
    authentication_classes: ClassVar[Sequence[Any] | None] = None
    """DRF authentication classes of the HTTP door."""
    filterset_class: ClassVar[Any] = None
    filterset_fields: ClassVar[Sequence[str] | Mapping[str, Sequence[str]]] = ()
    search_fields: ClassVar[Sequence[str]] = ()
    ordering_fields: ClassVar[Sequence[str] | None] = None
    """Names to order by; by default the shown fields that are columns of the model."""
    ordering: ClassVar[Sequence[str]] = ()
    """Order where the call names none; by default the queryset's or the model's."""
    page_size: ClassVar[int | None] = None
    max_page_size: ClassVar[int | None] = None
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
    depends_on: ClassVar[Sequence[Any]] = ()
    """Models (or labels ``"app.Model"``) whose changes make live reads of this stream stale, and its audiences doubtful,
    beyond those that the engine sees: it sees what the database is asked."""

    _actions: ClassVar[dict[str, Action]] = {}
    _default_serializer: ClassVar[Any] = None
    _neighbours: ClassVar["Neighbours"]
    """The registry, seen from below: which binding serves a model."""

    lookup_field = "pk"

    def __init__(self, call: Call) -> None:
        self.call = call
        self.user = call.user
        self.args: tuple[Any, ...] = ()
        self.kwargs: dict[str, Any] = _as_in_a_path(call.data.get("id"), self.lookup_field)
        self.format_kwarg = None
        self.dependencies: set[type[models.Model]] | None = None
        """Collects the models that the answer is made of, when a live query asks for it; else None. The stream's own is
        among them only where more of it is read than the rows that are shown."""
        self.on_matching: Callable[[models.QuerySet[Any]], None] | None = None
        """Told of what rows there are, before they are read, when a live query asks for it."""
        self.is_read_by_plan = False
        """Whether the rows were read by a compiled plan, which reads no more than ``dependencies`` tell."""
        self.unchanged: Mapping[Pk, Row] | None = None
        """Rows of the last reading of a live query that no change has touched since; None if everything is to be read."""
        self.known_labels: Mapping[str, Mapping[str, str]] = {}
        """Texts of related rows, of that last reading."""
        self._request = call.request

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._actions = collect(cls)
        for name in _coroutine_hooks(cls):
            setattr(cls, name, either(getattr(cls, name)))
        if cls.model is not None or cls.stream is not None:
            defined.append(cls)

    # What it is

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
    def _offers(cls, action: Action, has_model: bool) -> bool:
        if not action.is_builtin or action.name in ("subscribe", "unsubscribe"):
            return True
        return has_model and (cls.actions is None or action.name in cls.actions)

    def get_action(self, name: str) -> Action:
        """The Action of one event.

        Raises:
            MethodNotAllowed: The stream does not offer it.
        """
        action = self.get_actions().get(name)
        if action is None:
            raise MethodNotAllowed()
        return action

    def perform(self, name: str, data: dict[str, Any]) -> Any:
        """Run another action of this stream, on this thread and in its transaction."""
        return settle(self.get_action(name).handler(self, data))

    # Who asks, as DRF's classes see it

    @property
    def action(self) -> str:
        """The action by DRF's name: ``search`` is ``list``, ``delete`` is ``destroy``. Ours is ``self.call.action``."""
        if self.call.action == "save":
            return "create" if self.call.data.get("id") is None else "partial_update"
        action = self._actions.get(self.call.action)
        return (action and action.view_action) or self.call.action

    @property
    def request(self) -> Any:
        """DRF's Request: the HTTP door's own, or one made of the socket's scope."""
        method = self.method
        if self._request is None or self._request.user is not self.user:
            self._request = permissions.request_of(self.call, method)
        elif isinstance(self._request, Request) and not _is_like(self._request.method, method):
            self._request = permissions.restated(self._request, method, self.call.data)  # POST /api/app.Order/delete/
        return self._request

    @property
    def method(self) -> str:
        """The HTTP method that this call is like."""
        call = self.call
        if call.action == "save" and call.data.get("id") is not None:
            return "PATCH"
        if call.action == "form" and "submit" not in call.data:
            return "GET"
        action = self._actions.get(call.action)
        return action.method if action else "GET"

    def get_permissions(self) -> Sequence[Any]:
        """Permission instances of this call; an event's own stand in place of the binding's."""
        action = self._actions.get(self.call.action)
        own = action.permission_classes if action else None
        return [cls() for cls in (self.get_permission_classes() if own is None else own)]

    @classmethod
    def get_permission_classes(cls) -> Sequence[Any]:
        if cls.permission_classes is not None:
            return cls.permission_classes
        if cls.permission_class is not None:
            return [cls.permission_class]
        return load_classes(get_settings().DEFAULT_PERMISSION_CLASSES)

    def check_permissions(self) -> None:
        """The gate before every action and every push.

        Raises:
            Unauthenticated, Forbidden: The caller may not.
        """
        if not get_settings().ANONYMOUS_CONNECTION_ALLOWED and not getattr(self.user, "is_authenticated", False):
            permissions.refuse(self.user)
        instances = settle(self.get_permissions())
        if instances:
            permissions.check(instances, self.request, self)

    def check_object_permissions(self, instance: Any) -> None:
        """As ``check_permissions``, for one row."""
        instances = settle(self.get_permissions())
        if instances:
            permissions.check_object(instances, self.request, self, instance)

    def get_throttles(self) -> Sequence[Any]:
        """Throttle instances of this call; an event's own stand in place of the binding's."""
        action = self._actions.get(self.call.action)
        own = action.throttle_classes if action else None
        return [cls() for cls in (self.get_throttle_classes() if own is None else own)]

    @classmethod
    def get_throttle_classes(cls) -> Sequence[Any]:
        default: Any = api_settings.DEFAULT_THROTTLE_CLASSES
        return default if cls.throttle_classes is None else cls.throttle_classes

    def check_throttles(self) -> None:
        """Have the call counted.

        Raises:
            Throttled: The caller asks too often.
        """
        throttles = settle(self.get_throttles())
        if throttles:
            permissions.check_throttles(throttles, self.request, self)

    def may_see(self, instance: Any) -> bool:
        """Whether the object permissions let the caller see a row."""
        try:
            self.check_object_permissions(instance)
        except BindingError:
            return False
        return True

    def check_method(self, method: str, instance: Any) -> None:
        """Whether the caller might write: the permissions are asked as if the request had come with ``method``.

        Raises:
            Unauthenticated, Forbidden: The caller may not.
        """
        request = permissions.request_of(self.call, method)
        instances = settle(self.get_permissions())
        permissions.check(instances, request, self)
        if instance is not None:
            permissions.check_object(instances, request, self, instance)

    @classmethod
    def depends_on_user(cls) -> bool:
        """Whether two signed-in users may get different answers, as far as can be told from what is overridden."""
        if any(permission not in USER_BLIND for permission in cls.get_permission_classes()):
            return True
        if cls.serializer_class is not None or cls.filterset_class is not None:
            return True
        return any(getattr(cls, hook) is not getattr(BaseBinding, hook) for hook in _USER_HOOKS)

    def get_audience(self) -> Audience:
        """What the answer depends on besides the query. Connections of one audience share one evaluation.

        By default the user, unless nothing about the binding depends on who asks. Override it to share more:
        ``return ("team", self.user.team_id)``. It must tell apart all who may get different answers.
        """
        if not self.depends_on_user():
            return ("all",)
        token = self.call.scope.get("auth_key")  # one user's tokens may open different doors
        return ("user", getattr(self.user, "pk", None), *(() if token is None else (token,)))

    # Rows

    def get_queryset(self) -> Any:
        """Rows that the caller may know of. It decides every read, write and push alike."""
        if self.queryset is not None:
            return self.queryset.all()
        return self.get_model()._default_manager.all()

    def reading_queryset(self) -> models.QuerySet[Any]:
        """``get_queryset()``, run."""
        queryset: models.QuerySet[Any] = settle(self.get_queryset())
        return queryset

    def trace(self, queryset: models.QuerySet[Any]) -> None:
        """Note the models that a queryset reads, if a live query wants to know."""
        if self.dependencies is not None:
            self.dependencies |= models_of(queryset)

    def trace_rows(self, queryset: models.QuerySet[Any], reader: Reader) -> None:
        """As ``trace``, of the rows that are shown and what is shown of others with them."""
        if self.on_matching is not None:
            self.on_matching(queryset)
        if self.dependencies is None:
            return
        self.is_read_by_plan = reader.plan is not None
        own = {*row_models(queryset.model)}
        found = models_of(queryset)
        is_entangled = reads_again(queryset, {model._meta.db_table for model in own})
        self.dependencies |= found if is_entangled else found - own
        self.dependencies |= {*reader.related(queryset.model)}

    def get_row(self, key: Any, reader: Reader) -> Row:
        """The row with this key as it is sent, if the caller may see it. Missing and hidden look the same.

        Raises:
            NotFound: No such row, or none that the caller may know of.
            Forbidden: An object permission refuses.
        """
        if type(self).get_object is not BaseBinding.get_object or not self.sees_every_row():
            return reader.rows_of([self.get_object(key, reader)])[0]
        try:
            rows = reader.rows(self.reading_queryset().order_by().filter(pk=key))
        except OverflowError:
            rows = ()
        if not rows:
            raise NotFound()
        return rows[0]

    def visible_rows(self, queryset: models.QuerySet[Any], reader: Reader) -> tuple[Row, ...]:
        """Rows of a queryset that the object permissions let the caller see."""
        if self.sees_every_row():
            return reader.rows(queryset)
        return reader.rows_of([each for each in reader.instances(queryset) if self.may_see(each)])

    def sees_every_row(self) -> bool:
        """Whether the object permissions refuse no row, so that none need be asked about an instance."""
        own = type(self)
        if (
            own.check_object_permissions is not BaseBinding.check_object_permissions
            or own.may_see is not BaseBinding.may_see
        ):
            return False
        return permissions.are_blind_to_objects(settle(self.get_permissions()))

    def get_object(self, key: Any, reader: Reader | None = None, *, lock: bool = False) -> Any:
        """The row with this key, if the caller may have it. Missing and hidden look the same.

        Args:
            lock: Whether the row is about to be written (``SELECT … FOR UPDATE`` where the database has it).

        Raises:
            NotFound: No such row, or none that the caller may know of.
            Forbidden: An object permission refuses.
        """
        queryset = self.reading_queryset()
        if lock:
            self._lock(key, queryset.db)
        if reader is not None:
            queryset = serializers.joined(queryset, reader.serializer)
        lookups = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
        try:
            instance = queryset.prefetch_related(None).get(pk=key)
        except (models.ObjectDoesNotExist, OverflowError):
            raise NotFound() from None
        self._check_known(instance)
        models.prefetch_related_objects([instance], *lookups)  # a row that is refused costs as much as a missing one
        return instance

    def _check_known(self, instance: Any) -> None:
        """The object permissions, of which a caller who may not even see the row learns nothing.

        Raises:
            NotFound: The caller may not see the row.
            Unauthenticated, Forbidden: The caller may see it, and not do this with it.
        """
        try:
            self.check_object_permissions(instance)
        except (Unauthenticated, Forbidden):
            if self.call.action == "retrieve" or not self._as_reader(instance).may_see(instance):
                raise NotFound() from None
            raise

    def _as_reader(self, instance: Any) -> "BaseBinding":
        call = replace(self.call, action="retrieve", data={"id": serializers.pk_of(instance)}, request=None)
        return type(self)(call)

    async def aget_object(self, key: Any) -> Any:
        """``get_object`` for coroutine handlers."""
        return await run(self.get_object, self.parse_key(key))

    def _lock(self, key: Any, alias: str) -> None:
        if connections[alias].features.has_select_for_update and connections[alias].in_atomic_block:
            row = self.get_model()._base_manager.using(alias).select_for_update().filter(pk=key)
            row.values_list("pk").first()

    def key_of(self, data: Mapping[str, Any]) -> Any:
        """``{"id": "7"}`` → ``7``.

        Raises:
            Invalid: There is no ``id``, or it is of the wrong type.
        """
        if data.get("id") is None:
            raise Invalid.field("id", "required", "'id' is missing.")
        return self.parse_key(data["id"])

    @classmethod
    def takes_key(cls, value: Any) -> bool:
        """Whether a value could be the key of a row."""
        try:
            cls.parse_key(value)
        except Invalid:
            return False
        return True

    @classmethod
    def parse_key(cls, value: Any) -> Any:
        """A key as it travels → a key of the model. Strict, so that ``true`` or ``"١"`` never mean row 1.

        Raises:
            Invalid: Of the wrong type.
        """
        pk = cls.get_model()._meta.pk
        if isinstance(value, bool) or not isinstance(value, (int, str)) or not str(value).isprintable():
            raise Invalid.field("id", "invalid", "'id' is a number or text.")
        if isinstance(serializers.key_field(pk), models.IntegerField) and not _is_integer(value):
            raise Invalid.field("id", "invalid", "'id' is a whole number.")
        try:
            return serializers.from_pk(cls.get_model(), value)
        except (ValidationError, ValueError, TypeError):
            raise Invalid.field("id", "invalid", "'id' is not a key of this stream.") from None

    # Serializers and forms

    def get_serializer_class(self) -> Any:
        """``serializer_class``, or one made from ``fields``. Override to choose by ``self.action`` or ``self.user``."""
        if self.serializer_class is not None:
            return serializers.check_class(self.serializer_class, type(self))
        return self.default_serializer_class()

    @classmethod
    def default_serializer_class(cls) -> Any:
        """The ModelSerializer made from ``fields``, ``exclude``, ``read_only_fields`` and ``extra_kwargs``; one a class."""
        if "_default_serializer" not in vars(cls):
            cls._default_serializer = cls._make_serializer_class()
        return cls._default_serializer

    @classmethod
    def _make_serializer_class(cls) -> Any:
        model = cls.get_model()
        names, read_only = cls.fields, tuple(cls.read_only_fields)
        if names is None:
            names, read_only = serializers.implicit_fields(model), read_only + serializers.implicit_read_only(model)
        shown = tuple(name for name in names if name not in cls.exclude)
        return serializers.default_class(model, shown, read_only, cls.extra_kwargs)

    def get_serializer_context(self) -> dict[str, Any]:
        """As DRF's: ``request``, ``view``, ``format``, and the ``call``."""
        return {"request": self.request, "view": self, "format": None, "call": self.call}

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """An instance of the serializer class, with its context."""
        kwargs.setdefault("context", self.get_serializer_context())
        return settle(self.get_serializer_class())(*args, **kwargs)

    def make_reader(self, data: Mapping[str, Any]) -> Reader:
        """How the rows of a read are read, narrowed to the ``fields`` that the caller wants.

        Raises:
            Invalid: A name that the serializer does not show.
        """
        names = data.get("fields")
        plan = self._plan()
        reader = Reader(lambda: self._narrowed(names), None if plan is None else plan.only(names))
        if plan is None and names is not None:
            assert reader.serializer is not None  # made now, so that a wrong name is refused before any SQL
        return reader

    def _plan(self) -> Plan | None:
        if not self._serializes_as_usual():
            return None
        return plan_of(settle(self.get_serializer_class()), self.get_model())

    def serializer_names(self) -> Iterable[str] | None:
        """Names of all fields of the serializer, those that are only written included; None if it has none."""
        names = names_of(settle(self.get_serializer_class())) if self._serializes_as_usual() else None
        return getattr(self.get_serializer(), "fields", None) if names is None else names

    def _serializes_as_usual(self) -> bool:
        return type(self).get_serializer is BaseBinding.get_serializer

    def _narrowed(self, names: Any) -> Any:
        serializer = self.get_serializer()
        serializers.narrow(serializer, names)
        return serializer

    def get_form_class(self) -> Any:
        """``form_class``, or a ModelForm of the fields that the serializer lets the caller write."""
        if self.form_class is not None:
            return self.form_class
        serializer = serializers.child(self.get_serializer())
        writable = [name for name, field in serializer.fields.items() if not field.read_only]
        return _model_form(self.get_model(), tuple(writable))

    def get_form(self, *, instance: Any = None, **kwargs: Any) -> Any:
        """The form, on a row where it takes one."""
        form_class = settle(self.get_form_class())
        if issubclass(form_class, BaseModelForm):
            kwargs["instance"] = instance
        form = form_class(**kwargs)
        for field in form.fields.values():
            self._scope_choices(field)
        return form

    def scope_formset(self, formset: Any) -> None:
        """As in the form itself, relations offer only rows that the caller may know of."""
        for form in formset.forms:
            for field in form.fields.values():
                if not field.widget.is_hidden:
                    self._scope_choices(field)

    def rows_of_formset(self, cls: Any) -> Any:
        """Rows that a formset may show: those that the caller may know of, where a stream serves them."""
        other = self.neighbour(getattr(cls, "model", None))
        return None if other is None else other.reading_queryset()

    def neighbour(self, model: Any) -> "BaseBinding | None":
        """The binding that serves another model, asked by the same caller."""
        other = None if model is None else self._neighbours.for_model(model)
        return None if other is None else other(self._neighbour_call(other))

    def with_files(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """``{"$file": "token"}`` stands for a file that the caller has uploaded."""
        return uploads.resolved(self.user, data)

    def _scope_choices(self, field: Any) -> None:
        """A relation offers only rows that the caller may know of, where a stream serves them."""
        queryset = getattr(field, "queryset", None)
        if queryset is None:
            return
        other = self._neighbours.for_model(queryset.model)
        if other is not None:
            field.queryset = queryset & other(self._neighbour_call(other)).reading_queryset()

    def _neighbour_call(self, other: type["BaseBinding"]) -> Call:
        return Call(other.get_stream(), "search", {}, self.user, door=self.call.door, scope=self.call.scope)

    def labels_of(self, rows: Sequence[Row], serializer: Any) -> dict[str, dict[str, str]]:
        """Texts of the related rows that a page shows the keys of: ``{"assignee": {"7": "Ann"}}``.

        Only of rows that a stream serves and the caller may know of.
        """
        shown = [self.decoded(row) for row in rows]
        labels: dict[str, dict[str, str]] = {}
        for name, field in getattr(serializers.child(serializer), "fields", {}).items():
            model = self.related_model(name) if serializers.shows_keys(field) else None
            other = self._neighbours.for_model(model) if model else None
            if other is not None and not field.write_only:
                labels[name] = self._texts(other, name, _keys_shown(row.get(name) for row in shown))
        return labels

    def _texts(self, other: type["BaseBinding"], name: str, keys: set[Pk]) -> dict[str, str]:
        queryset = other(self._neighbour_call(other)).reading_queryset()
        self.trace(queryset)
        known = {key: text for key in keys if (text := self.known_labels.get(name, {}).get(str(key))) is not None}
        lacking = keys - known.keys()
        read = {serializers.pk_of(row): str(row) for row in queryset.filter(pk__in=lacking)} if lacking else {}
        return {str(key): text for key, text in sorted({**known, **read}.items(), key=lambda item: str(item[0]))}

    @classmethod
    def related_model(cls, name: str) -> type[models.Model] | None:
        """The model that a forward relation of this name leads to by its key, if it is one."""
        try:
            field = cls.get_model()._meta.get_field(name)
        except FieldDoesNotExist:
            return None
        is_forward = field.concrete and (field.many_to_one or field.one_to_one or field.many_to_many)
        return field.related_model if is_forward and isinstance(field.related_model, type) else None

    @classmethod
    def stream_of(cls, model: type[models.Model]) -> str | None:
        """The stream that serves a model, if one does."""
        other = cls._neighbours.for_model(model)
        return other.get_stream() if other else None

    @staticmethod
    def decoded(row: Row) -> dict[str, Any]:
        """A row as it stands in a larger answer."""
        value: dict[str, Any] = codecs.parse(row.body)
        return value

    # What a search takes

    def get_filterset_class(self) -> Any:
        if self.filterset_class is not None:
            return self.filterset_class
        return filterset_class(self.get_model(), self.filterset_fields) if self.filterset_fields else None

    @classmethod
    def filter_paths(cls) -> set[str]:
        """Paths that the declared filters lead to: ``{"status", "customer__city"}``."""
        if cls.filterset_class is not None:
            return {str(each.field_name) for each in cls.filterset_class.base_filters.values()}
        return {*cls.filterset_fields}

    def get_search_fields(self) -> Sequence[str]:
        return self.search_fields

    def get_ordering_fields(self) -> Sequence[str]:
        if self.ordering_fields is not None:
            return self.ordering_fields
        return self.make_reader({}).sortable(self.get_model())

    def get_ordering(self) -> Sequence[str]:
        return self.ordering

    def get_page_size(self) -> int:
        return min(self.page_size or get_settings().DEFAULT_PAGE_SIZE, self.get_max_page_size())

    @classmethod
    def get_pagination_class(cls) -> Any:
        return cls.pagination_class

    def get_max_page_size(self) -> int:
        return self.max_page_size or get_settings().MAX_PAGE_SIZE

    # Messages of handlers

    @property
    def _outlet(self) -> Outlet:
        if self.call.outlet is None:
            raise RuntimeError("This call came from code; use channels_binding.live.send() to reach clients.")
        return self.call.outlet

    def _become(self, user: Any, backend: str | None = None) -> None:
        if user is not None and backend is not None:
            user.backend = backend
        self._outlet.become(user)
        self.user = self.call.user = AnonymousUser() if user is None else user
        if self._request is not None:
            self._request.user = self.user

    def _reflect(self, event: str, data: Mapping[str, Any]) -> None:
        self._outlet.reflect(f"{self.get_stream()}.{event}", data)

    def _dispatch(self, event: str, data: Mapping[str, Any]) -> None:
        self._outlet.dispatch(self.get_stream(), f"{self.get_stream()}.{event}", data)

    def _broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        self._outlet.broadcast(f"{self.get_stream()}.{event}", data)

    def _send_to(self, user: Any, event: str, data: Mapping[str, Any]) -> None:
        self._outlet.send_to(getattr(user, "pk", user), f"{self.get_stream()}.{event}", data)


def _coroutine_hooks(cls: type[BaseBinding]) -> list[str]:
    """Names of the hooks that a class has as coroutines and ours as plain functions. Events are no hooks."""
    ours = {name: value for base in (*ModelActions.__mro__, BaseBinding) for name, value in vars(base).items()}
    plain = (name for name, value in ours.items() if inspect.isfunction(value) and not iscoroutinefunction(value))
    hooks = (name for name in plain if not name.startswith("_") and name not in cls._actions)
    return [name for name in hooks if iscoroutinefunction(getattr(cls, name, None))]


_USER_HOOKS = (
    "get_queryset", "get_serializer_class", "get_serializer_context", "get_serializer", "get_permissions",
    "get_filterset_class", "check_permissions", "check_object_permissions", "may_see", "get_object", "labels_of",
)  # fmt: skip


class Binding(ModelActions, BaseBinding):
    """A binding for synchronous code: handlers are plain functions and run on the package's thread pool."""

    def login(self, user: Any, backend: str | None = None) -> None:
        """Sign ``user`` in: over HTTP with a session and its cookie, over a socket for as long as it is open.

        What the caller reads live is read again as this user, before the answer is sent.
        """
        self._become(user, backend)

    def logout(self) -> None:
        """Sign the caller out and end the session. A socket is closed after the answer, unless it may be anonymous."""
        self._become(None)

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to the caller alone."""
        self._reflect(event, data)

    def dispatch(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection that hears this stream."""
        self._dispatch(event, data)

    def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection."""
        self._broadcast(event, data)

    def send_to(self, user: Any, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection of one user (or the key of one)."""
        self._send_to(user, event, data)


def _awaitable(handler: Callable[..., Any]) -> Any:
    """The coroutine face of a built-in action. Dispatch runs the plain one behind it, in one thread hop."""

    @functools.wraps(handler)
    async def on_a_thread(self: Any, data: dict[str, Any]) -> Any:
        return await run(handler, self, data)

    return on_a_thread


class AsyncBinding(ModelActions, BaseBinding):
    """A binding whose handlers are coroutines. The built-in actions are awaitable too: ``await self.retrieve({"id": 7})``."""

    retrieve: Any = _awaitable(ModelActions.retrieve)
    search: Any = _awaitable(ModelActions.search)
    list: Any = _awaitable(ModelActions.list)
    create: Any = _awaitable(ModelActions.create)
    update: Any = _awaitable(ModelActions.update)
    replace: Any = _awaitable(ModelActions.replace)
    save: Any = _awaitable(ModelActions.save)
    delete: Any = _awaitable(ModelActions.delete)
    form: Any = _awaitable(ModelActions.form)
    describe: Any = _awaitable(ModelActions.describe)

    async def login(self, user: Any, backend: str | None = None) -> None:
        """Sign ``user`` in: over HTTP with a session and its cookie, over a socket for as long as it is open.

        What the caller reads live is read again as this user, before the answer is sent.
        """
        self._become(user, backend)

    async def logout(self) -> None:
        """Sign the caller out and end the session. A socket is closed after the answer, unless it may be anonymous."""
        self._become(None)

    async def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to the caller alone."""
        self._reflect(event, data)

    async def dispatch(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection that hears this stream."""
        self._dispatch(event, data)

    async def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection."""
        self._broadcast(event, data)

    async def send_to(self, user: Any, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection of one user (or the key of one)."""
        self._send_to(user, event, data)


def _as_in_a_path(key: Any, name: str) -> dict[str, Any]:
    """``view.kwargs`` as DRF's router makes them of ``/9001/``: ``{"pk": "9001"}``; empty where no row is named."""
    return {name: str(key)} if isinstance(key, (int, str)) else {}


def _is_like(asked: str | None, method: str) -> bool:
    """Whether permissions would answer both methods alike: ``HEAD`` and ``GET``."""
    return asked == method or {asked, method} <= {*SAFE_METHODS}


def _keys_shown(values: Iterable[Any]) -> set[Pk]:
    """Keys in the cells of a relation's column: one, several or none a row."""
    cells = (value if isinstance(value, list) else [value] for value in values)
    return {key for cell in cells for key in cell if isinstance(key, (int, str))}


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) or (value.isascii() and value.removeprefix("-").isdigit() and len(value) < 20)


_model_form = functools.lru_cache(maxsize=256)(forms.model_form)


__all__ = ["AsyncBinding", "BaseBinding", "Binding", "bind", "defined"]

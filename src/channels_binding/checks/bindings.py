"""System checks: every misconfiguration that can be seen beforehand, with its way out. ``manage.py check`` runs them."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.core.exceptions import FieldDoesNotExist, FieldError, ImproperlyConfigured
from django.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django_filters.filterset import BaseFilterSet
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.serializers import BaseSerializer, ModelSerializer
from rest_framework.utils import model_meta

from channels_binding.bindings import sharing
from channels_binding.bindings.access import default_permission_classes
from channels_binding.bindings.base import BaseBinding, declared_filterset
from channels_binding.bindings.writes import WriteMixin
from channels_binding.checks.aggregates import unmeasured
from channels_binding.checks.declarations import texts
from channels_binding.checks.expansions import unexpandable
from channels_binding.checks.fields import other_id, unshowable, without_model
from channels_binding.checks.guarded import guarded, without_repetitions
from channels_binding.checks.names import path_way_out, way_out
from channels_binding.checks.presence import unattended
from channels_binding.checks.shapes import misshapen
from channels_binding.checks.views import unread
from channels_binding.conf import get_settings, load_classes
from channels_binding.documentation import page
from channels_binding.exceptions import BadRequest
from channels_binding.live.transport import make_transport
from channels_binding.protocol.messages import split_event
from channels_binding.protocol.names import AGGREGATE, AGGREGATE_NAMES, RESERVED_NAMES
from channels_binding.querysets import fulltext
from channels_binding.querysets.once import is_path_to_many
from channels_binding.registry import registry
from channels_binding.security.authentication import is_drf
from channels_binding.serializers.default import SENSITIVE
from channels_binding.serializers.relations import child

TAG = "channels_binding"


@register(TAG)
def check_settings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """E002: ``CHANNELS_BINDING`` does not load. E013, I003: see below."""
    try:
        make_transport()
        load_classes(get_settings().AUTHENTIFICATION_CLASSES)
        default_permission_classes()
    except (ImproperlyConfigured, ImportError, TypeError) as error:
        return [Error(str(error), hint=f"See {page('reference/settings.md')}.", id="channels_binding.E002")]
    return guarded(_authentication)


def _authentication() -> Iterator[CheckMessage]:
    """E013: a class of ``AUTHENTIFICATION_CLASSES`` that cannot say who somebody is. I003: one that can of sockets alone."""
    for cls in load_classes(get_settings().AUTHENTIFICATION_CLASSES):
        if not is_drf(cls) and not hasattr(cls, "get_user"):
            yield Error(
                f"{cls!r} in AUTHENTICATION_CLASSES is no authentication class of DRF and has no get_user(consumer).",
                hint=f"Name a class of either kind; {page('howto/sign-people-in.md')} shows both.",
                obj=cls,
                id="channels_binding.E013",
            )
        elif not is_drf(cls):
            yield Info(
                f"{cls.__name__} is asked of sockets alone: over HTTP nobody is known by it.",
                hint="For both, derive it from rest_framework.authentication.BaseAuthentication.",
                obj=cls,
                id="channels_binding.I003",
            )


@register(TAG)
def check_bindings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """E001: two bindings of one stream. E004 to I001: each binding by itself."""
    found = without_repetitions(message for cls in registry for message in _binding(cls))
    for present, other in registry.conflicts:
        found.append(
            Error(
                f"{other.__name__} and {present.__name__} both serve the stream {present.get_stream()!r}.",
                hint="Give one of them another 'stream', or derive it from the other.",
                obj=other,
                id="channels_binding.E001",
            )
        )
    return found


def _binding(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    misshapen_ones = guarded(misshapen, cls)
    yield from misshapen_ones
    if misshapen_ones or any(texts(cls)):
        return  # what is no list, or no mapping, cannot be looked through
    for check in (_stream, _handlers, _classes, unread, unattended):
        yield from guarded(check, cls)
    if cls.find_model() is None:
        yield from guarded(without_model, cls)
        return
    broken = guarded(_serializer, cls)
    yield from broken
    if not any(message.is_serious() for message in broken):
        for check in _OF_MODELS:
            yield from guarded(check, cls)


def _error(cls: type[BaseBinding], number: int, message: str, hint: str) -> CheckMessage:
    return Error(message, hint=hint, obj=cls, id=f"channels_binding.E{number:03}")


def _warning(cls: type[BaseBinding], number: int, message: str, hint: str) -> CheckMessage:
    return Warning(message, hint=hint, obj=cls, id=f"channels_binding.W{number:03}")


def _stream(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E006: actions that there are not. E009: a name that is the package's own. E025: one that no message can say."""
    builtin = {name for name, action in cls._actions.items() if action.is_builtin}
    for name in sorted(set(cls.actions or ()) - builtin):
        if name in cls._actions:
            hint = "It is an event of your own, and those are offered without being named."
        else:
            hint = way_out(name, builtin - {"subscribe", "unsubscribe"})
        yield _error(cls, 6, f"{cls.__name__}.actions names {name!r}, which is no built-in action.", hint)
    stream = cls.get_stream()
    for name in (f"{stream}.search", *(f"{stream}.{action}" for action in cls._actions)):
        try:
            split_event(name)
        except BadRequest:
            hint = (
                "Such names hold letters and digits of ASCII, _ and dots. Set 'stream', or give @bind() another name."
            )
            yield _error(cls, 25, f"{cls.__name__} serves {name!r}, which is no name of an event.", hint)
            break
    if stream in RESERVED_STREAMS or stream == "cb" or stream.startswith("cb."):
        hint = f"{', '.join(RESERVED_STREAMS)} and what begins with 'cb.' are taken; choose another 'stream'."
        yield _error(cls, 9, f"{cls.__name__} serves {stream!r}, which is a name of the protocol.", hint)


def _handlers(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E037: a handler that cannot be called with what a client sends."""
    for action in cls._actions.values():
        try:
            inspect.signature(action.handler, follow_wrapped=False).bind(None, {})
        except TypeError as error:
            name = action.handler.__name__
            hint = f"It is called with the data of the message: def {name}(self, data): …"
            yield _error(cls, 37, f"{cls.__name__}.{name}() cannot answer {action.name!r}: {error}.", hint)


def _classes(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E007: permissions, authentication and throttles that are none. E008: serializer, form and formsets that are none."""
    for attribute, methods in _CLASSES.items():
        for each in _given(cls, attribute):
            if not (callable(each) and all(callable(getattr(_made(each), name, None)) for name in methods)):
                hint = f"A class with {' and '.join(methods)}, without brackets."
                yield _error(cls, 7, f"{cls.__name__}.{attribute} has {each!r}, which is no such class.", hint)
    for attribute, base in _BASES.items():
        value = getattr(cls, attribute)
        if value is not None and not (isinstance(value, type) and issubclass(value, base)):
            hint = f"A subclass of {base.__module__}.{base.__qualname__}."
            yield _error(cls, 8, f"{cls.__name__}.{attribute} is {value!r}.", hint)


_CLASSES = {
    "permission_classes": ("has_permission", "has_object_permission"),
    "authentication_classes": ("authenticate",),
    "throttle_classes": ("allow_request", "wait"),
}
_BASES: dict[str, type] = {"serializer_class": BaseSerializer, "form_class": BaseForm, "filterset_class": BaseFilterSet}
RESERVED_STREAMS = ("asyncapi", "batch", "docs", "explorer", "hello", "schema", "upload")


def _given(cls: type[BaseBinding], attribute: str) -> Sequence[Any]:
    if attribute == "permission_classes":
        return cls.get_permission_classes()
    return getattr(cls, attribute, None) or ()


def _made(each: Any) -> Any:
    """What is asked: an instance of a composed permission (``A & B``), else the class."""
    return each if isinstance(each, type) else each()


def _serializer(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E010: what is wrong with the serializer that would be made. REST framework passes over some of the names."""
    if cls.serializer_class is not None:
        return
    for attribute, names in {"read_only_fields": cls.read_only_fields, "extra_kwargs": cls.extra_kwargs}.items():
        for name in sorted(name for name in {*names} - {*(cls.fields or ())} if not _has(cls, name)):
            message = f"{cls.__name__}.{attribute} names {name!r}, which {_model_name(cls)} does not have."
            yield _error(cls, 10, message, way_out(name, _fields_of(cls)))
    try:
        problem = None if child(cls.default_serializer_class()()).fields else "it has no fields"
    except (ImproperlyConfigured, AssertionError, TypeError) as error:
        problem = str(error).split("\n")[0]
    if problem is not None:
        wrong = [name for name in (*(cls.fields or ()), *cls.exclude) if not _has(cls, name)]
        hint = (
            " ".join(way_out(name, _fields_of(cls)) for name in wrong)
            or "Correct 'fields', 'exclude' or 'extra_kwargs'."
        )
        yield _error(cls, 10, f"{cls.__name__} makes no serializer: {problem}", hint)


def _has(cls: type[BaseBinding], name: str) -> bool:
    """Whether a serializer finds something under this name: a field, an attribute of the model, an annotation."""
    annotated = cls.queryset.query.annotations if cls.queryset is not None else ()
    return name in _fields_of(cls) or name in annotated or hasattr(cls.get_model(), name)


def _fields_of(cls: type[BaseBinding]) -> set[str]:
    """What ``fields`` may name of the model, relations of others to it as rows have them: ``order_set``."""
    return {
        getattr(field, "get_accessor_name", lambda: None)() or field.name
        for field in cls.get_model()._meta.get_fields()
    }


def _model_name(cls: type[BaseBinding]) -> str:
    return str(cls.get_model().__name__)


def _paths(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    yield from _names(cls, "search_fields", cls.search_fields)
    problem = fulltext.problem_of(cls.get_model(), cls.search_vector) if cls.search_vector else None
    if problem is not None:
        hint = (
            'search_vector = {"title": "A", "body": "B"}, of columns or relations to one row, or a SearchVectorField.'
        )
        yield _error(cls, 30, f"{cls.__name__}.search_vector names {problem}.", hint)
    elif isinstance(cls.search_vector, str) and not cls.search_fields:
        hint = "They are searched where the database is no PostgreSQL, and say that the stream can be searched."
        yield _error(cls, 30, f"{cls.__name__}.search_vector is a column, and there are no search_fields.", hint)
    yield from _names(cls, "ordering_fields", cls.ordering_fields or ())
    yield from _names(cls, "ordering", cls.ordering)


def _filters(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E005: filters that cannot be made. W003: filters by which a column that is not shown can be inferred."""
    try:
        filters = declared_filterset(cls)
    except (TypeError, AssertionError, FieldError) as error:
        meant = [path_way_out(cls.get_model(), name) for name in _filter_paths(cls)]
        general = "Names of 'filterset_fields' are paths of the model; see django-filter for lookups and other columns."
        hint = " ".join(each for each in meant if each) or general
        yield _error(cls, 5, f"{cls.__name__}.filterset_fields: {str(error).splitlines()[0]}", hint)
        return
    for name, each in getattr(filters, "base_filters", {}).items():
        if _is_hidden(cls, str(each.field_name or name)):
            hint = "Whoever may filter by a column can infer what it holds. Show it, or take the filter away."
            yield _warning(cls, 3, f"{cls.__name__} filters by {name!r}, which it does not show.", hint)


def _filter_paths(cls: type[BaseBinding]) -> Iterator[str]:
    """``{"amount": ["gte", "exact"]}`` → ``amount__gte``, ``amount``; a list of names as it is."""
    fields = cls.filterset_fields
    for name in fields:
        for lookup in fields[name] if isinstance(fields, Mapping) else ("exact",):
            yield name if lookup == "exact" else f"{name}__{lookup}"


def _query_params(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E014: parameters of the project's own under names that reads take already."""
    filters = getattr(cls.filterset_class, "base_filters", cls.filterset_fields)
    reserved = AGGREGATE_NAMES if cls.find_action(AGGREGATE) else RESERVED_NAMES
    taken = sorted({*cls.get_query_params()} & {*reserved, *filters})
    if taken:
        message = f"{cls.__name__}.query_params names {', '.join(taken)}, which reads take already."
        yield _error(cls, 14, message, "Choose other names.")


def _orders(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W005: orders by which a column that is not shown can be inferred."""
    for name in cls.ordering_fields or ():
        if _is_hidden(cls, name):
            hint = "The order of the rows tells what the column holds. Show it, or take the order away."
            yield _warning(cls, 5, f"{cls.__name__} lets order by {name!r}, which it does not show.", hint)


def _repeated(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E023: orders by what a row has several of: it would be listed once for each, and no place is the right one."""
    queryset, meta = cls.queryset, cls.get_model()._meta
    own = (queryset.query.order_by if queryset is not None else ()) or meta.ordering or ()
    orders = {"ordering_fields": cls.ordering_fields or (), "ordering": cls.ordering or own}
    for attribute, names in orders.items():
        for name in names:
            if isinstance(name, str) and is_path_to_many(cls.get_model(), name.lstrip("-")):
                message = f"{cls.__name__} orders by {name!r} ({attribute}), of which a row has several."
                hint = f"Annotate the queryset: annotate(first=Min({name.lstrip('-')!r})), and order by 'first'."
                yield _error(cls, 23, message, hint)


def _dependencies(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E011: ``depends_on`` names a model that there is not."""
    for label in cls.depends_on:
        try:
            apps.get_model(label) if isinstance(label, str) else label._meta
        except (LookupError, ValueError, AttributeError):
            hint = 'Models, or labels like "shop.Order".'
            yield _error(cls, 11, f"{cls.__name__}.depends_on has {label!r}, which is no model.", hint)


def _is_hidden(cls: type[BaseBinding], path: str) -> bool:
    """Whether a column of the model itself is not shown, or a part of the path looks like a secret."""
    if any(SENSITIVE.search(part) for part in path.split("__")):
        return True
    columns = {field.name for field in cls.get_model()._meta.concrete_fields}
    return path in columns - {cls.get_model()._meta.pk.name} - _shown(cls)


def _shown(cls: type[BaseBinding]) -> set[str]:
    fields = _serializer_fields(cls)
    return {field.source or name for name, field in fields.items() if not field.write_only}


def _serializer_fields(cls: type[BaseBinding]) -> dict[str, Any]:
    serializer: Any = cls.serializer_class or cls.default_serializer_class()
    return dict(getattr(child(serializer()), "fields", {}))


def _formsets(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E008: formsets that are none, or stand under the name of a field. W006: without a transaction around them."""
    for name, formset in cls.formsets.items():
        if not (isinstance(formset, type) and issubclass(formset, BaseFormSet)):
            yield _error(cls, 8, f"{cls.__name__}.formsets[{name!r}] is {formset!r}.", "What formset_factory() makes.")
        if name in _serializer_fields(cls):
            yield _error(cls, 8, f"{cls.__name__}.formsets[{name!r}] has the name of a field.", "Choose another name.")
    if cls.formsets and not cls.atomic:
        hint = "Leave 'atomic' True."
        yield _warning(
            cls, 6, f"{cls.__name__} has formsets and atomic = False: what fails halfway stays half done.", hint
        )


def _nested_writes(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W016: nested serializers that can be written, by a method of DRF's that refuses to (a write is ``internal`` then)."""
    serializer: Any = cls.serializer_class and child(cls.serializer_class())
    if not isinstance(serializer, ModelSerializer):
        return
    names = [name for name, field in serializer.fields.items() if _is_nested_write(serializer, field)]
    methods = [
        method for method, actions in _WRITES.items() if names and _leaves_to_drf(cls, serializer, method, actions)
    ]
    if methods:
        message = f"{cls.__name__} takes {', '.join(names)}, but {type(serializer).__name__} has no {' and no '.join(methods)}."
        yield _warning(cls, 16, message, "Write what is missing, or make the nested fields read_only=True.")


_WRITES = {"create()": ("create", "save"), "update()": ("update", "replace", "save")}
"""Method of a serializer → the actions that call it."""


def _is_nested_write(serializer: Any, field: Any) -> bool:
    """As DRF's ``raise_errors_on_nested_writes`` sees it: a nested serializer, or ``source="customer.name"``."""
    relations = model_meta.get_field_info(serializer.Meta.model).relations
    is_nested = isinstance(field, BaseSerializer) or "." in (field.source or "")
    return not field.read_only and is_nested and field.source.partition(".")[0] in relations


def _leaves_to_drf(cls: type[BaseBinding], serializer: Any, method: str, actions: Sequence[str]) -> bool:
    """Whether neither the serializer nor the binding saves in a way of its own."""
    name, hook = method.removesuffix("()"), f"perform_{method.removesuffix('()')}"
    is_drfs = getattr(type(serializer), name) is getattr(ModelSerializer, name)
    is_ours = getattr(cls, hook) is getattr(WriteMixin, hook)
    return is_drfs and is_ours and bool(set(actions) & set(cls.get_actions()))


def _exposure(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W001, W002: more shown, or to more, than was said. W004: a serializer that shows what looks like a secret."""
    if cls.fields is None and cls.serializer_class is None:
        message = f"{cls.__name__} names no 'fields': it shows every field that does not look like a secret."
        yield _warning(cls, 1, message, 'Name them: fields = ("id", …).')
    if _is_open(cls):
        message = f"{cls.__name__} has no 'permission_classes': {_who()} may {_what(cls)} {_which(cls)}."
        yield _warning(
            cls, 2, message, "Set them, or DEFAULT_PERMISSION_CLASSES in CHANNELS_BINDING or REST_FRAMEWORK."
        )
    if cls.serializer_class is not None:
        fields = _serializer_fields(cls)
        names = [name for name, field in fields.items() if not field.write_only and SENSITIVE.search(name)]
        if names:
            message = f"{cls.__name__} shows {', '.join(names)}, as its serializer_class does."
            yield _warning(cls, 4, message, "Take them out of the serializer, or make them write-only.")


def _is_open(cls: type[BaseBinding]) -> bool:
    """Whether it names no permissions, and those of the settings let everybody in who may connect."""
    is_said = cls.permission_class is not None or bool(cls.permission_classes)
    is_chosen = cls.get_permission_classes.__func__ is not BaseBinding.get_permission_classes.__func__  # type: ignore[attr-defined]
    return not is_said and not is_chosen and set(cls.get_permission_classes()) <= {AllowAny}


def _who() -> str:
    return "everybody, signed in or not," if get_settings().ANONYMOUS_CONNECTION_ALLOWED else "every signed-in user"


def _what(cls: type[BaseBinding]) -> str:
    """``"read and write"``, of what its actions offer."""
    offered = {action.method for action in cls.get_actions().values()}
    kinds = {"read": offered & {*SAFE_METHODS}, "write": offered - {*SAFE_METHODS}}
    return " and ".join(kind for kind, methods in kinds.items() if methods)


def _which(cls: type[BaseBinding]) -> str:
    is_narrowed = cls.get_queryset is not BaseBinding.get_queryset
    return "all rows that its get_queryset() gives" if is_narrowed else "all of its rows"


def _cost(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """I001: each user's live reads are evaluated alone, although perhaps all see the same."""
    is_default = cls.get_audience is BaseBinding.get_audience and cls.get_queryset is BaseBinding.get_queryset
    found = sharing.reasons_of_class(cls) if is_default else []
    if found:
        yield Info(
            f"{cls.__name__} evaluates its live reads for each caller alone, since not all need get the same: "
            f"{'; '.join(found)}.",
            hint='If they do, say so: def get_audience(self): return ("all",). If they do not, leave it.',
            obj=cls,
            id="channels_binding.I001",
        )


_OF_MODELS = (
    unshowable,
    other_id,
    _paths,
    _filters,
    _query_params,
    _orders,
    _repeated,
    unmeasured,
    unexpandable,
    _dependencies,
    _formsets,
    _nested_writes,
    _exposure,
    _cost,
)


def _names(cls: type[BaseBinding], attribute: str, names: Sequence[str]) -> Iterator[CheckMessage]:
    """E004: a path that the model does not have. Annotations of a queryset cannot be seen; those are let pass."""
    if cls.queryset is not None or cls.get_queryset is not BaseBinding.get_queryset:
        return
    for name in names:
        if isinstance(name, str) and not _exists(cls, name.lstrip("-^=@$")):
            yield Error(
                f"{cls.__name__}.{attribute} names {name!r}, which {cls.get_model().__name__} does not have.",
                hint=path_way_out(cls.get_model(), name.lstrip("-^=@$")),
                obj=cls,
                id="channels_binding.E004",
            )


def _exists(cls: type[BaseBinding], path: str) -> bool:
    model: Any = cls.get_model()
    for part in path.split("__"):
        if part == "pk":
            continue
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return False
        if field.related_model is None:
            return True  # what follows is a lookup or a transform
        model = field.related_model
    return True

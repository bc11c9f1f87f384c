"""System checks of each binding, and of the settings that all of them share. ``manage.py check`` runs them.

The checks of one subject each are in the modules beside this one; here is which of them are asked, and in which order.
"""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Info, register
from django.core.exceptions import ImproperlyConfigured
from django.forms import BaseForm
from django_filters.filterset import BaseFilterSet
from rest_framework.authentication import TokenAuthentication
from rest_framework.serializers import BaseSerializer
from rest_framework.settings import api_settings

from channels_binding.bindings import sharing
from channels_binding.bindings.access import default_permission_classes
from channels_binding.bindings.base import BaseBinding
from channels_binding.checks.accounts import takeover
from channels_binding.checks.aggregates import unmeasured
from channels_binding.checks.declarations import texts
from channels_binding.checks.expansions import unexpandable
from channels_binding.checks.exposure import exposure
from channels_binding.checks.fields import other_id, unshowable, without_model
from channels_binding.checks.guarded import guarded, without_repetitions
from channels_binding.checks.messages import a_warning, an_error
from channels_binding.checks.names import way_out
from channels_binding.checks.presence import unattended
from channels_binding.checks.queries import (
    repeating_orders,
    taken_names,
    telling_orders,
    unknown_paths,
    unusable_filters,
)
from channels_binding.checks.shapes import misshapen
from channels_binding.checks.views import unread
from channels_binding.checks.writes import nested_writes, unusable_formsets
from channels_binding.conf import get_settings, load_classes
from channels_binding.documentation import page
from channels_binding.exceptions import BadRequest
from channels_binding.live.transport import make_transport
from channels_binding.protocol.messages import split_event
from channels_binding.registry import registry
from channels_binding.security.authentication import is_drf
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
    """E013: a class of ``AUTHENTIFICATION_CLASSES`` that cannot say who somebody is, or one of DRF's tokens without their app.
    I003: one that can of sockets alone.
    """
    for cls in _authenticating():
        if isinstance(cls, type) and issubclass(cls, TokenAuthentication) and cls().get_model()._meta.abstract:
            yield Error(
                f"{cls.__name__} has no table of tokens.",
                hint='Add "rest_framework.authtoken" to INSTALLED_APPS, then manage.py migrate.',
                obj=cls,
                id="channels_binding.E013",
            )
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


def _authenticating() -> dict[Any, None]:
    """Classes that are asked who calls, on sockets or over HTTP, each once."""
    of_http = get_settings().DEFAULT_AUTHENTICATION_CLASSES
    of_bindings = [each for cls in registry for each in cls.authentication_classes or ()]
    named = [
        *get_settings().AUTHENTIFICATION_CLASSES,
        *(api_settings.DEFAULT_AUTHENTICATION_CLASSES if of_http is None else of_http),
    ]
    return dict.fromkeys([*load_classes(named), *of_bindings])


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


def _stream(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E006: actions that there are not. E009: a name that is the package's own. E025: one that no message can say."""
    builtin = {name for name, action in cls._actions.items() if action.is_builtin}
    for name in sorted(set(cls.actions or ()) - builtin):
        if name in cls._actions:
            hint = "It is an event of your own, and those are offered without being named."
        else:
            hint = way_out(name, builtin - {"subscribe", "unsubscribe"})
        yield an_error(cls, 6, f"{cls.__name__}.actions names {name!r}, which is no built-in action.", hint)
    stream = cls.get_stream()
    for name in (f"{stream}.search", *(f"{stream}.{action}" for action in cls._actions)):
        try:
            split_event(name)
        except BadRequest:
            hint = (
                "Such names hold letters and digits of ASCII, _ and dots. Set 'stream', or give @bind() another name."
            )
            yield an_error(cls, 25, f"{cls.__name__} serves {name!r}, which is no name of an event.", hint)
            break
    if stream in RESERVED_STREAMS or stream == "cb" or stream.startswith("cb."):
        hint = f"{', '.join(RESERVED_STREAMS)} and what begins with 'cb.' are taken; choose another 'stream'."
        yield an_error(cls, 9, f"{cls.__name__} serves {stream!r}, which is a name of the protocol.", hint)


def _handlers(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E037: a handler that cannot be called with what a client sends."""
    for action in cls._actions.values():
        try:
            inspect.signature(action.handler, follow_wrapped=False).bind(None, {})
        except TypeError as error:
            name = action.handler.__name__
            hint = f"It is called with the data of the message: def {name}(self, data): …"
            yield an_error(cls, 37, f"{cls.__name__}.{name}() cannot answer {action.name!r}: {error}.", hint)


def _classes(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E007: permissions, authentication and throttles that are none. E008: serializer, form and formsets that are none.
    W032: those of another model.
    """
    for attribute, methods in _CLASSES.items():
        for each in _given(cls, attribute):
            if not (callable(each) and all(callable(getattr(_made(each), name, None)) for name in methods)):
                hint = f"A class with {' and '.join(methods)}, without brackets."
                yield an_error(cls, 7, f"{cls.__name__}.{attribute} has {each!r}, which is no such class.", hint)
    for attribute, base in _BASES.items():
        value = getattr(cls, attribute)
        if value is None:
            continue
        if not (isinstance(value, type) and issubclass(value, base)):
            hint = f"A subclass of {base.__module__}.{base.__qualname__}."
            yield an_error(cls, 8, f"{cls.__name__}.{attribute} is {value!r}.", hint)
        elif (other := _other_model(cls, value)) is not None:
            message = (
                f"{cls.__name__}.{attribute} is {value.__name__}, of {other.__name__} and not of {_model_name(cls)}."
            )
            yield a_warning(cls, 32, message, f"Set model = {_model_name(cls)} in its Meta, or name another class.")


def _other_model(cls: type[BaseBinding], value: Any) -> Any:
    """The model that a serializer, form or filterset names in its ``Meta``, where the binding's rows are not of it."""
    own, named = cls.find_model(), getattr(getattr(value, "Meta", None), "model", None)
    is_of_it = own is None or not isinstance(named, type) or issubclass(own, named) or issubclass(named, own)
    return None if is_of_it else named


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
            yield an_error(cls, 10, message, way_out(name, _fields_of(cls)))
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
        yield an_error(cls, 10, f"{cls.__name__} makes no serializer: {problem}", hint)


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


def _dependencies(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E011: ``depends_on`` names a model that there is not."""
    for label in cls.depends_on:
        try:
            apps.get_model(label) if isinstance(label, str) else label._meta
        except (LookupError, ValueError, AttributeError):
            hint = 'Models, or labels like "shop.Order".'
            yield an_error(cls, 11, f"{cls.__name__}.depends_on has {label!r}, which is no model.", hint)


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
    unknown_paths,
    unusable_filters,
    taken_names,
    telling_orders,
    repeating_orders,
    unmeasured,
    unexpandable,
    _dependencies,
    unusable_formsets,
    nested_writes,
    exposure,
    takeover,
    _cost,
)

"""In which language and time zone somebody is answered, wherever the answer is made: first time, push, or on another thread.
So it is with what ``reverse()`` and files' addresses depend on, the script prefix and the URLconf.

Over HTTP Django's middleware has seen to it. A connection keeps its own, in its scope; what is asked for it is asked in them.
"""

import datetime
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.handlers.asgi import get_script_prefix as get_script_prefix_of
from django.middleware.locale import LocaleMiddleware
from django.urls import get_script_prefix, get_urlconf, set_script_prefix, set_urlconf
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from channels_binding.calls.scopes import request_of_scope
from channels_binding.exception_handler import foreseen
from channels_binding.exceptions import Invalid

MAX_NAME = 64
"""Longest name of a language or time zone, in characters."""


class Locale(NamedTuple):
    """``Locale("de", "Asia/Tokyo")``."""

    language: str
    timezone: str | datetime.tzinfo
    """Its name; over HTTP a middleware may have chosen one that has none."""
    prefix: str = "/"
    """What addresses begin with where the project is served below a path: ``"/site/"``."""
    urlconf: Any = None
    """The URLconf that a middleware has chosen; None for the project's own."""


def of_handshake(scope: Mapping[str, Any]) -> Locale:
    """Of a new connection: the language as LocaleMiddleware finds it (cookie, ``Accept-Language``) where a project has that,
    else the project's own; the project's time zone, as in Django, which knows nobody's; the path that it is served below."""
    has_middleware = settings.USE_I18N and _has_middleware(tuple(settings.MIDDLEWARE))
    language = _asked_language(scope) if has_middleware else settings.LANGUAGE_CODE
    prefix = get_script_prefix_of(scope)
    return Locale(language, timezone.get_default_timezone_name(), f"{prefix.rstrip('/')}/")


def _asked_language(scope: Mapping[str, Any]) -> str:
    return translation.get_language_from_request(request_of_scope(scope))


@lru_cache(maxsize=8)
def _has_middleware(names: tuple[str, ...]) -> bool:
    found = map(import_string, names)
    return any(isinstance(each, type) and issubclass(each, LocaleMiddleware) for each in found)


def current() -> Locale:
    """What is active now, in a view."""
    zone = timezone.get_current_timezone()
    urlconf = get_urlconf()
    return Locale(
        translation.get_language() or settings.LANGUAGE_CODE,
        getattr(zone, "key", zone),
        get_script_prefix(),
        None if urlconf == settings.ROOT_URLCONF else urlconf,
    )


def asked(data: Mapping[str, Any], present: Locale) -> Locale:
    """``{"language": "de"}`` → the locale that a client wants from now on. What it leaves out stays.

    Raises:
        Invalid: Neither is named; a language that is not among LANGUAGES, or a time zone that there is not.
    """
    unknown = sorted(set(data) - {"language", "timezone"})
    if unknown or not data:
        raise Invalid.field((unknown or ["language"])[0][:100], "invalid", "'language', 'timezone' or both.")
    language, zone = data.get("language", present.language), data.get("timezone", present.timezone)
    return Locale(_language(language), _timezone(zone), present.prefix, present.urlconf)


def _language(name: Any) -> str:
    try:
        return translation.get_supported_language_variant(_text(name))
    except (LookupError, ValueError):
        raise Invalid.field("language", "unknown", "No language of this site.") from None


def _timezone(name: Any) -> str | datetime.tzinfo:
    try:
        return ZoneInfo(_text(name)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid.field("timezone", "unknown", "No such time zone; 'Europe/Berlin' is one.") from None


def _text(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        raise ValueError(name)
    return name


class active:
    """Answer in a language and time zone; with None, in those that are active. Errors are put into words here as well.

    Afterwards those are active that were before. What is the same already is not set.
    """

    __slots__ = ("_language", "_locale", "_other_zone", "_prefix", "_urlconf", "_zone")

    def __init__(self, locale: Locale | None) -> None:
        self._locale = locale

    def __enter__(self) -> None:
        locale = self._locale
        if locale is None:
            return
        self._language, self._zone = translation.get_language(), timezone.get_current_timezone()
        self._prefix, self._urlconf = get_script_prefix(), get_urlconf()
        _switch(self._language, locale.language)
        is_same_zone = not settings.USE_TZ or locale.timezone in (self._zone, getattr(self._zone, "key", None))
        self._other_zone = None if is_same_zone else timezone.override(locale.timezone)
        if self._other_zone is not None:
            self._other_zone.__enter__()
        if self._prefix != locale.prefix:
            set_script_prefix(locale.prefix)
        if self._urlconf != locale.urlconf:
            set_urlconf(locale.urlconf)

    def __exit__(self, kind: Any, exception: BaseException | None, traceback: Any) -> None:
        if self._locale is None:
            return
        error = foreseen(exception) if isinstance(exception, Exception) else None
        _switch(translation.get_language(), self._language)
        if self._other_zone is not None:
            self._other_zone.__exit__(None, None, None)
        elif timezone.get_current_timezone() is not self._zone:
            timezone.activate(self._zone)
        if get_script_prefix() != self._prefix:
            set_script_prefix(self._prefix)
        if get_urlconf() != self._urlconf:
            set_urlconf(self._urlconf)
        if error is not None and error is not exception:
            raise error from exception


def _switch(present: str | None, wanted: str | None) -> None:
    """None is a language too: none, so that texts stay as they are written."""
    if present == wanted:
        return
    if wanted is None:
        translation.deactivate_all()
    else:
        translation.activate(wanted)


def in_words(value: Any) -> Any:
    """A handler's answer with its lazy texts (``gettext_lazy``) in the language that is active."""
    if isinstance(value, Promise):
        return str(value)
    if type(value) is dict:
        return {name: in_words(member) for name, member in value.items()}
    if type(value) in (list, tuple):
        return [in_words(member) for member in value]
    return value

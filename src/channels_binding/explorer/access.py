"""Who may open the explorer: ``CHANNELS_BINDING["EXPLORER"]``; and what those are told who may not.

What is shown there is asked of the streams as by any other client: this decides about the page and its list of streams alone.
"""

from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import global_settings, settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.module_loading import import_string

from channels_binding.conf import get_settings
from channels_binding.threads import settle

STAFF = "staff"
Verdict = Literal["welcome", "closed", "nobody", "somebody else"]
"""``closed``: there is no explorer. ``nobody``: it is not known who asks. ``somebody else``: it is, and they may not."""


def opened_by() -> Any:
    """``True``, ``False``, ``"staff"``, or the function that decides.

    Raises:
        ImproperlyConfigured: It is none of these.
    """
    given = get_settings().EXPLORER
    if given in (True, False, STAFF) or callable(given):
        return given
    try:
        found = import_string(given)
    except (ImportError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured(f"{_expected(given)} {error}") from None
    if not callable(found):
        raise ImproperlyConfigured(_expected(given))
    return found


def _expected(given: Any) -> str:
    return f'EXPLORER is {given!r}; it is "staff", True, False, or a function of a request (or its dotted path).'


def user_of(request: HttpRequest) -> Any:
    """Who has signed in; a project may have no AuthenticationMiddleware."""
    return getattr(request, "user", None) or AnonymousUser()


def is_staff(request: HttpRequest) -> bool:
    """Whether figures and reasons may be told, which say a little of what others do."""
    user = user_of(request)
    return bool(getattr(user, "is_active", False) and getattr(user, "is_staff", False))


def verdict(request: HttpRequest) -> Verdict:
    """Whether a request may have the page. In a worker thread."""
    opened = opened_by()
    if opened is False:
        return "closed"
    if _may(opened, request):
        return "welcome"
    return "somebody else" if user_of(request).is_authenticated else "nobody"


def _may(opened: bool | str | Callable[[HttpRequest], Any], request: HttpRequest) -> bool:
    if opened == STAFF:
        return is_staff(request)
    if callable(opened):
        return bool(settle(opened(request)))
    return bool(user_of(request).is_authenticated) or get_settings().ANONYMOUS_CONNECTION_ALLOWED


def login_address() -> str | None:
    """Where one signs in: ``LOGIN_URL`` if the project sets one, else the admin's page, else Django's default."""
    is_own = settings.LOGIN_URL != global_settings.LOGIN_URL
    places = (_login_url, _admin_login) if is_own else (_admin_login, _login_url)
    return next((found for place in places if (found := place()) is not None), None)


def login_link(request: HttpRequest) -> str | None:
    """``/admin/login/?next=/api/explorer/``; None where there is no such page."""
    address = login_address()
    return None if address is None else redirect_to_login(request.get_full_path(), address)["Location"]


def _login_url() -> str | None:
    try:
        address = resolve_url(settings.LOGIN_URL)
        if not urlsplit(address).netloc:
            resolve("/" + urlsplit(address).path.removeprefix(get_script_prefix()).lstrip("/"))
    except (NoReverseMatch, Resolver404):
        return None
    return address


def _admin_login() -> str | None:
    try:
        return reverse("admin:login")
    except NoReverseMatch:
        return None


def advice(request: HttpRequest, found: Verdict) -> str:
    """One line for somebody who is not let in: what to do."""
    user = user_of(request)
    opened = get_settings().EXPLORER
    if found == "somebody else":
        whom = "the staff (is_staff)" if opened == STAFF else "those whom the setting EXPLORER names"
        line = f"{user.get_username()} is signed in; the explorer is for {whom}."
    elif login_address() is None:
        line = (
            'Nobody is signed in, and there is no page to do so: add path("admin/", admin.site.urls) to the URLconf, '
            "manage.py createsuperuser, and sign in there."
        )
    else:
        line = "Nobody is signed in."
    if settings.DEBUG:
        line += ' While you develop, CHANNELS_BINDING = {"EXPLORER": True} opens it to whoever the streams let in.'
    return line

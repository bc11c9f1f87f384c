"""The page, its files, and the attachments. Everything else is a binding."""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.staticfiles.views import serve as serve_static
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_list_or_404, redirect, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django.views.static import serve

from desk.models import Ticket
from helpdesk.demo import is_demo

ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">\
<rect width="32" height="32" rx="7" fill="#3f51b5"/>\
<path d="M7 10h18v4a2 2 0 0 0 0 4v4H7v-4a2 2 0 0 0 0-4z" fill="#fff"/></svg>"""
CARDS = (
    ("manager", "Sees the tickets of all teams"),
    ("agent", "Sees the tickets of the team Support"),
    ("admin", "May do everything"),
)
"""Who can sign in with a click: each has its name as the password."""
ONE_YEAR_SECONDS = 31_536_000


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The built front end, to whoever has signed in. In the demo, others are shown two who have."""
    if is_demo(request) and request.path == "/" and not request.user.is_authenticated:
        return redirect("watch")
    return signed_in(request)


@require_safe
def watch(request: HttpRequest) -> HttpResponse:
    """Manager and agent side by side: in the demo to everybody, for the page gets its tokens there."""
    return page(request) if is_demo(request) else redirect("index")


@never_cache
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """The front end's one HTML file; its script finds the ``csrftoken`` cookie for HTTP writes."""
    built = settings.FRONTEND_DIST / "index.html"
    if not built.exists():
        return render(request, "not_built.html", status=503)
    html = built.read_bytes()
    # The page shows what only the demo has where it is told so.
    return HttpResponse(html.replace(b"<html ", b"<html data-demo ", 1) if is_demo(request) else html)


signed_in = login_required(page)


@require_safe
@gzip_page
def front_end(request: HttpRequest, name: str) -> HttpResponseBase:
    """One of the front end's files. Vite puts a hash into the names under ``assets/``, so those are kept for good."""
    response = whole(serve(request, name, document_root=str(settings.FRONTEND_DIST)))
    kept = f"public, max-age={ONE_YEAR_SECONDS}, immutable" if name.startswith("assets/") else "no-cache"
    response.headers["Cache-Control"] = kept
    return response


@require_safe
@gzip_page
def static_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Static files of the installed apps (admin, REST framework), found as by ``runserver``: one server is enough."""
    return whole(serve_static(request, name, insecure=True))


@require_safe
@login_required
def attachment(request: HttpRequest, name: str) -> HttpResponseBase:
    """An uploaded file, to those who may see its ticket; to others it does not exist.

    Sent as a download: what one user uploads never runs as a page of this site in another's browser.
    """
    user = cast(User, request.user)
    get_list_or_404(Ticket.objects.visible_to(user).only("pk"), attachment=name)
    return whole(FileResponse(default_storage.open(name), as_attachment=True))


@require_safe
@cache_control(public=True, max_age=86_400)
def icon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ICON, content_type="image/svg+xml")


class SignIn(LoginView):
    """Django's own view; its page has a card for each of the demo's logins as well."""

    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(demo=is_demo(self.request), cards=CARDS, **kwargs)


class SignOut(LogoutView):
    """Django's own view, which signs out by POST only; who comes by a link is asked first."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect("login")
        return render(request, "registration/sign_out.html")


def whole(response: HttpResponseBase) -> HttpResponseBase:
    """A streamed file as one piece: under ASGI, Django reads a file's iterator whole anyway, and warns each time."""
    if not isinstance(response, StreamingHttpResponse):
        return response
    content = b"".join(cast(Any, response.streaming_content))
    response.close()
    return HttpResponse(content, status=response.status_code, headers=dict(response.headers))

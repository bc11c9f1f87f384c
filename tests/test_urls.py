"""Where the REST API lives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import resolve, reverse

from channels_binding import urls
from channels_binding.contrib.mcp import urls as mcp_urls
from channels_binding.rest.hello_view import HelloView
from channels_binding.rest.views import FormView, RowView, StreamView


@pytest.mark.parametrize(
    ("path", "view", "kwargs"),
    [
        ("/api/desk.Ticket/", StreamView, {"stream": "desk.Ticket"}),
        ("/api/hello/", HelloView, {}),
        ("/api/custom_stream/", StreamView, {"stream": "custom_stream"}),
        ("/api/desk.Ticket/7/", RowView, {"stream": "desk.Ticket", "name": "7"}),
        ("/api/desk.Ticket/close/", RowView, {"stream": "desk.Ticket", "name": "close"}),
        ("/api/desk.Ticket/form/", FormView, {"stream": "desk.Ticket"}),
        ("/api/desk.Ticket/7/form/", FormView, {"stream": "desk.Ticket", "name": "7"}),
    ],
)
def test_a_path_leads_to_its_view(path: str, view: type, kwargs: dict[str, str]) -> None:
    match = resolve(path)
    assert (match.func.view_class, match.kwargs) == (view, kwargs)  # type: ignore[attr-defined]


def test_a_row_has_an_address() -> None:
    assert reverse("channels_binding:row", args=("desk.Ticket", 7)) == "/api/desk.Ticket/7/"


def test_no_middleware_sends_who_brings_a_token_to_where_one_signs_in() -> None:
    """Each address asks by itself: of ``LoginRequiredMiddleware`` it is said that it need not."""
    callbacks = [each.callback for patterns in (urls.urlpatterns, mcp_urls.urlpatterns) for each in patterns]
    assert len(callbacks) > 20
    assert not [each for each in callbacks if getattr(each, "login_required", True)]


WITHOUT = """
import sys
sys.modules["drf_spectacular"] = None
import django
django.setup()
from django.core.checks import run_checks
from django.urls import NoReverseMatch, reverse
assert reverse("channels_binding:stream", args=["zoo.Note"]) == "/api/zoo.Note/"
try:
    reverse("channels_binding:schema")
except NoReverseMatch:
    run_checks(tags=["channels_binding"])
    print("as it should be")
"""


def test_without_the_extra_openapi_everything_else_is_there() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.project.settings"}
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", WITHOUT]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "as it should be", done.stderr


LATER = """
import sys
import django
django.setup()
from django.urls import reverse
assert reverse("channels_binding:schema") == "/api/schema/"
early = [name for name in ("drf_spectacular.openapi", "django.test", "unittest") if name in sys.modules]
assert early == EXPECTED, early
if early:
    assert "channels_binding.contract.spectacular_fixes" in sys.modules
print("as it should be")
"""


@pytest.mark.parametrize("makes_own_documents", [False, True])
def test_what_makes_documents_is_loaded_where_one_is_asked_for_or_the_project_makes_its_own(
    makes_own_documents: bool, tmp_path: Path
) -> None:
    expected = ["drf_spectacular.openapi", "django.test", "unittest"]
    apps = ', "drf_spectacular"' if makes_own_documents else ""
    (tmp_path / "own_settings.py").write_text(
        f"from tests.project.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS{apps}]\n"
    )
    root = Path(__file__).parents[1]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "own_settings", "PYTHONPATH": f"{tmp_path}:{root}"}
    code = LATER.replace("EXPECTED", repr(expected if makes_own_documents else []))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "as it should be", done.stderr

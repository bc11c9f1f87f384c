"""A stranger's project: the how-to's snippets, in a folder of their own, with the plugin found by its entry point."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from channels_binding.pytest_plugin import Connect

HOWTO = Path(__file__).parents[1] / "docs" / "howto" / "test-your-bindings.md"

# Python 3.13 tells of the connections that Django's asynchronous queries leave to threads that end.
FILES = {
    "pytest.ini": """
[pytest]
DJANGO_SETTINGS_MODULE = settings
pythonpath = .
filterwarnings =
    error
    ignore:unclosed database:ResourceWarning
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
""",
    "settings.py": """
SECRET_KEY = "a stranger's, and long enough for everything"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "rest_framework",
                  "channels", "channels_binding", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3",
                         "TEST": {"NAME": "test.sqlite3"}, "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"}}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
ASGI_APPLICATION = "asgi.application"
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
""",
    "urls.py": "urlpatterns = []",
    "asgi.py": """
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels_binding.routing import websocket_urlpatterns
application = ProtocolTypeRouter({"websocket": AuthMiddlewareStack(URLRouter(websocket_urlpatterns))})
""",
    "shop/__init__.py": "",
    "shop/models.py": """
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

class Order(models.Model):
    title = models.CharField(max_length=40)
    amount = models.IntegerField(validators=[MinValueValidator(0)])
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
""",
    "shop/bindings.py": """
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.exceptions import Forbidden
from shop.models import Order

class OrderBinding(AsyncBinding):
    model = Order
    fields = ("id", "title", "amount")

    def get_queryset(self):
        return Order.objects.filter(owner=self.user)

    @bind("close")
    async def close(self, data):
        if not await Order.objects.filter(pk=data["id"], owner=self.user).aexists():
            raise Forbidden()
        await self.dispatch("closed", {"id": data["id"]})
        return {"closed": True}
""",
}
HEAD = """
from django.contrib.auth.models import User
from shop.models import Order

"""


def snippets() -> str:
    return HEAD + "\n\n".join(re.findall(r"```python\n(.*?)```", HOWTO.read_text(), re.S))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {**FILES, "test_shop.py": snippets()}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(project: Path, *options: str) -> str:
    """What pytest says of the project, without the plugins of this project's own tests, which take seconds to import."""
    without = [
        f"no:{name}" for name in ("cacheprovider", "schemathesis", "hypothesispytest", "xdist", "cov", "randomly")
    ]
    command = [sys.executable, "-m", "pytest", *(word for name in without for word in ("-p", name)), "-v", *options]
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
    done = subprocess.run(command, cwd=project, env=theirs, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr


def test_the_snippets_of_the_how_to_pass_in_a_stranger_s_project(project: Path) -> None:
    output = run(project)
    passed = re.search(r"(\d+) passed", output)
    assert passed, output
    assert int(passed[1]) == snippets().count("def test_"), output
    assert "failed" not in output, output
    assert "error" not in output.rpartition("=====")[0].rpartition("passed")[2], output


def test_they_fail_where_the_binding_is_wrong(project: Path) -> None:
    bindings = project / "shop" / "bindings.py"
    bindings.write_text(bindings.read_text().replace("Order.objects.filter(owner=self.user)", "Order.objects.all()", 1))
    assert "test_a_new_order_appears_and_a_stranger_s_does_not FAILED" in run(project)


def test_the_fixtures_are_listed_with_what_they_do(project: Path) -> None:
    listed = run(project, "--fixtures")
    assert "binding_client" in listed
    assert "binding_connect" in listed


async def test_a_refused_socket_is_an_error_of_the_fixture(transactional_db: None, hub_ended: None) -> None:
    with pytest.raises(ConnectionError, match="refused"):
        await Connect()(None)

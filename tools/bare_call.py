"""What tools/bare.py runs in an empty environment: a project in one file, and a call of each kind. Imports no test tools."""

import asyncio
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="for this call only",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF="__main__",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "channels_binding",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "bare.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    CHANNELS_BINDING={"ANONYMOUS_CONNECTION_ALLOWED": True},
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import Group  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402

from channels_binding.consumers import AsyncBinding, AsyncConsumer  # noqa: E402
from channels_binding.documentation import page  # noqa: E402


class GroupBinding(AsyncBinding):
    model = Group
    fields = ("id", "name")


urlpatterns = [path("api/", include("channels_binding.urls"))]


async def over_a_socket() -> Any:
    """The handshake and a live search, as a server would bring them."""
    arriving: asyncio.Queue[Any] = asyncio.Queue()
    leaving: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": [], "subprotocols": ["cb.1.json"]}
    serving = asyncio.ensure_future(AsyncConsumer.as_asgi()(scope, arriving.get, leaving.put))
    await arriving.put({"type": "websocket.connect"})
    await arriving.put({"type": "websocket.receive", "text": '{"event":"auth.Group.search#a","id":1}'})
    found = None
    while found is None:
        sent = await asyncio.wait_for(leaving.get(), 10)
        said = json.loads(sent["text"]) if sent["type"] == "websocket.send" else {}
        found = said if said.get("id") == 1 else None
    await arriving.put({"type": "websocket.disconnect", "code": 1000})
    await serving
    return found


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("check")
    assert Path(page("howto/broker.md")).is_file(), "the pages that messages name come with the wheel"
    made = Client().post("/api/auth.Group/", {"name": "bare"}, content_type="application/json")
    assert made.status_code == 201, made.content
    rows = Client().get("/api/auth.Group/").json()["rows"]
    assert [row["name"] for row in rows] == ["bare"], rows
    answer = asyncio.run(over_a_socket())
    assert answer["data"]["rows"] == rows, answer
    for module in sys.argv[1:]:
        importlib.import_module(module)


if __name__ == "__main__":
    main()

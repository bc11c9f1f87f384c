"""The first release's documentation, word for word, where it concerns the server."""

import subprocess
import sys

ASGI = """
from django.urls import path
from channels.sessions import SessionMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels_binding.consumers import AsyncConsumer

application = ProtocolTypeRouter({
    'websocket': SessionMiddlewareStack(
        URLRouter([
            path('', AsyncConsumer, name="root"),
        ])
    )
})
"""


def test_its_asgi_module_loads_with_nothing_but_the_settings_named() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASGI + "print(type(application).__name__)"],
        env={"DJANGO_SETTINGS_MODULE": "tests.project.settings", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "ProtocolTypeRouter"), done.stderr

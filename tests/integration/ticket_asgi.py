"""The test project with a ticket instead of accounts, so that a server needs no database to let somebody in."""

from types import SimpleNamespace
from typing import Any

from tests.project import settings


class ByTicket:
    accepts_tokens = True

    def get_user(self, consumer: Any) -> Any:
        is_known = str(consumer.token).startswith("canary")
        return SimpleNamespace(pk=1, is_authenticated=True, is_active=True) if is_known else None


settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": [ByTicket]}

from tests.project.asgi import application  # noqa: E402, F401

"""Requests with a body of JSON."""

import json
from typing import Any

from django.test import Client


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = body if isinstance(body, str | bytes) else json.dumps(body or {})
    return client.generic(method, path, data, "application/json", headers=headers)

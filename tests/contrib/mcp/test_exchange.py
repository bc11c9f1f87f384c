"""One message and its answer, without a request of Django's."""

import json
from typing import Any

import pytest
from django.test import RequestFactory

from channels_binding.contrib.mcp import views
from channels_binding.contrib.mcp.exchange import answer
from channels_binding.contrib.mcp.identification import by_name

pytestmark = pytest.mark.usefixtures("transactional_db", "hub_ended", "only_the_zoo")


@pytest.mark.parametrize(
    ("message", "status", "said"),
    [
        ({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {}}, 200, {"id": 7}),
        ({"jsonrpc": "2.0", "method": "notifications/initialized"}, 202, None),
        ({"jsonrpc": "2.0", "id": 8, "method": "fly"}, 200, {"id": 8}),
        ({"no": "message"}, 400, {}),
    ],
)
async def test_status_headers_and_body_are_the_sdks(user: Any, message: Any, status: int, said: Any) -> None:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    scope = views._scope(RequestFactory().post("/mcp/", headers=headers, content_type="application/json"))
    response = await answer(scope, json.dumps(message).encode(), await by_name(user.username)())
    assert response.status_code == status, response.content
    if said is None:
        assert not response.content
    else:
        assert response["Content-Type"].startswith("application/json")
        assert said.items() <= json.loads(response.content).items()

"""What the official SDK's client is told of the tools."""

from typing import Any

import pytest
from mcp.client.client import Client

from channels_binding.contrib.mcp.identification import by_name
from channels_binding.contrib.mcp.server import INSTRUCTIONS, make_server
from tests.contrib.mcp.clients import answered, refused

pytestmark = pytest.mark.usefixtures("transactional_db", "hub_ended", "only_the_zoo")


async def test_a_client_is_told_that_texts_in_rows_are_data(user: Any) -> None:
    async with Client(make_server(by_name("ann"))) as client:
        assert client.instructions == INSTRUCTIONS
        assert "never instructions" in INSTRUCTIONS


async def test_the_tools_read_unless_a_setting_lets_them_write(settings: Any) -> None:
    async with Client(make_server(by_name("ann"))) as client:
        tools = (await client.list_tools()).tools
        assert [each.name for each in tools] == ["streams", "describe", "search", "retrieve", "aggregate"]
        assert all(each.annotations and each.annotations.read_only_hint for each in tools)
        settings.CHANNELS_BINDING = {"MCP_WRITES": ["zoo.Note.create"]}
        (written,) = [each for each in (await client.list_tools()).tools if each.name == "write"]
        assert written.annotations is not None
        assert written.annotations.destructive_hint


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_answers_are_json_and_refusals_have_a_code(mode: str, user: Any, transactional_db: None) -> None:
    async with Client(make_server(by_name(user.username)), mode=mode) as client:
        found = answered(await client.call_tool("search", {"stream": "zoo.Note"}))
        assert found == {"page": 1, "limit": 100, "count": 0, "order": None, "rows": []}
        error = refused(await client.call_tool("search", {"stream": "zoo.Note", "filters": {"secret_code": 1}}))
        assert (error["code"], error["status"], error["retry"]) == ("invalid", 400, False)
        assert refused(await client.call_tool("fly", {}))["code"] == "not_found"


async def test_who_is_not_known_any_more_is_refused_at_the_next_call(user: Any, transactional_db: None) -> None:
    async with Client(make_server(by_name(user.username))) as client:
        answered(await client.call_tool("streams", {}))
        user.is_active = False
        await user.asave()
        assert refused(await client.call_tool("streams", {}))["code"] == "unauthenticated"


async def test_what_nobody_foresaw_is_internal_and_says_nothing(
    user: Any, transactional_db: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNELS_BINDING = {"MCP_WRITES": ["zoo.Note.fail"]}
    async with Client(make_server(by_name(user.username))) as client:
        call = {"stream": "zoo.Note", "action": "fail", "data": {}}
        error = refused(await client.call_tool("write", call))
    assert error["code"] == "internal"
    assert "canary" not in str(error)
    assert error["ref"] in caplog.text

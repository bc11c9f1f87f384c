"""E034 and W027."""

from typing import Any

from channels_binding.checks.machines import check_machines
from tests.contrib.mcp.clients import TOKENS


def found(settings: Any, **given: Any) -> list[tuple[str, str, str]]:
    settings.CHANNELS_BINDING = {**TOKENS, **given}
    return [(str(each.id).rpartition(".")[2], each.msg, each.hint or "") for each in check_machines()]


def test_names_that_there_are_need_no_word(settings: Any) -> None:
    assert found(settings) == []
    assert found(settings, MCP_STREAMS=["zoo.Note"], MCP_WRITES=["zoo.Note.create", "zoo.Note.burst"]) == []


def test_a_misspelt_stream_is_told_which_is_meant(settings: Any) -> None:
    said = "MCP_STREAMS names 'zoo.Noet', which is no stream."
    assert found(settings, MCP_STREAMS=["zoo.Noet"]) == [("E034", said, "Did you mean 'zoo.Note'?")]


def test_a_write_that_there_is_not_or_that_is_none_is_told_so(settings: Any) -> None:
    (one, two, three) = found(settings, MCP_WRITES=["zoo.Note.creat", "zoo.Noet.create", "zoo.Note.search"])
    assert one[:2] == ("E034", "MCP_WRITES names 'zoo.Note.creat', and the stream offers no 'creat'.")
    assert one[2] == "Did you mean 'create'?"
    assert two[1] == "MCP_WRITES names 'zoo.Noet.create', and 'zoo.Noet' is no stream."
    assert three[1] == "MCP_WRITES names 'zoo.Note.search', which only reads: that is offered anyway."
    assert three[2].endswith("mcp.md")


def test_an_endpoint_that_nobody_can_use_is_told_of(settings: Any) -> None:
    settings.CHANNELS_BINDING = {}
    (warning,) = check_machines()
    assert warning.id == "channels_binding.W027"
    assert "/mcp/" in warning.msg


def test_without_the_endpoint_nobody_needs_a_token(settings: Any) -> None:
    settings.ROOT_URLCONF = "channels_binding.urls"
    settings.CHANNELS_BINDING = {}
    assert check_machines() == []

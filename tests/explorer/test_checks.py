"""E035: the setting is none of the things that it can be."""

from typing import Any

import pytest
from django.test import override_settings

from channels_binding.explorer.checks import check_explorer


@pytest.mark.parametrize("right", ["staff", True, False, "tests.explorer.test_access.only_carla"])
def test_what_the_setting_can_be_is_no_finding(right: Any) -> None:
    with override_settings(CHANNELS_BINDING={"EXPLORER": right}):
        assert check_explorer() == []


def test_anything_else_is_an_error_that_names_the_way_out() -> None:
    with override_settings(CHANNELS_BINDING={"EXPLORER": "everybody"}):
        (found,) = check_explorer()
    assert (found.id, found.level) == ("channels_binding.E035", 40)
    assert "'everybody'" in found.msg
    assert "howto/explorer.md" in str(found.hint)


def test_settings_that_do_not_load_are_another_check_s_finding() -> None:
    with override_settings(CHANNELS_BINDING={"EXPLORE": True}):
        assert check_explorer() == []

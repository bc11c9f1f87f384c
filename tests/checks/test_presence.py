"""Rooms that nobody can enter, said beforehand."""

from typing import Any

import pytest

from channels_binding.checks.presence import unattended
from channels_binding.consumers import Binding, PresenceBinding
from tests.project.zoo.models import Note


@pytest.mark.parametrize(
    ("base", "members", "ids"),
    [
        (Binding, {"model": Note, "presence": True}, []),
        (Binding, {"model": Note}, []),
        (Binding, {"stream": "x.plain"}, []),
        (PresenceBinding, {"stream": "x.rooms"}, []),
        (Binding, {"stream": "x.plain", "presence": True}, ["channels_binding.E031"]),
        (Binding, {"model": Note, "presence": True, "actions": ("search",)}, ["channels_binding.E031"]),
    ],
    ids=str,
)
def test_presence_needs_rows_that_may_be_retrieved(base: type, members: dict[str, Any], ids: list[str]) -> None:
    members = {"stream": "x.Checked", **members}
    assert [message.id for message in unattended(type("Checked", (base,), members))] == ids

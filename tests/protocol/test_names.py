"""The names and numbers of the protocol are those of its specification."""

import re

import pytest

from channels_binding.protocol.names import FILTER_PREFIX, READS, RESERVED_NAMES, CloseCode
from tests.schema import SPEC

TEXT = (SPEC / "protocol.md").read_text()


@pytest.mark.parametrize("code", CloseCode)
def test_a_close_code_is_specified(code: CloseCode) -> None:
    (listed,) = re.findall(r"^Close codes:.*?\n\n", TEXT, re.S | re.M)
    assert re.search(rf"\b{code}\b", listed)


@pytest.mark.parametrize("name", [*READS, *RESERVED_NAMES, FILTER_PREFIX])
def test_a_name_is_specified(name: str) -> None:
    assert f"{name}" in TEXT

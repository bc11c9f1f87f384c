"""What is sealed can be opened by nobody else, made by nobody else, and used for nothing else."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_binding.security.sealing import seal, unsealed


@given(st.binary(max_size=300), st.text(max_size=20))
def test_what_is_sealed_opens_for_its_purpose_alone_and_equal_texts_are_sealed_alike(text: bytes, purpose: str) -> None:
    sealed = seal(text, purpose)
    assert unsealed(sealed, purpose) == text
    assert seal(text, purpose) == sealed
    assert unsealed(sealed, purpose + "x") is None
    assert len(text) < 8 or text not in base64.urlsafe_b64decode(sealed + "==")


@given(st.binary(max_size=100), st.data())
def test_a_seal_with_any_bit_changed_does_not_open(text: bytes, data: Any) -> None:
    raw = bytearray(base64.urlsafe_b64decode(seal(text, "p") + "=="))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert unsealed(base64.urlsafe_b64encode(raw).decode().rstrip("="), "p") is None


@pytest.mark.parametrize(
    "odd", ["", "x", "ü", "====", "a b", "AAAA", seal(b"text", "p")[:-2], seal(b"text", "p") + "A"]
)
def test_what_nobody_has_sealed_does_not_open(odd: str) -> None:
    assert unsealed(odd, "p") is None


def test_what_an_older_secret_has_sealed_opens_while_it_is_a_fallback(settings: Any) -> None:
    sealed, settings.SECRET_KEY = seal(b"text", "p"), "another"
    assert unsealed(sealed, "p") is None
    settings.SECRET_KEY_FALLBACKS = [SECRET]
    assert unsealed(sealed, "p") == b"text"


SECRET = "secret of the tests"


@pytest.fixture(autouse=True)
def _secret(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = SECRET, []

"""Text that clients carry and can neither read nor make: ``seal(b"…", "purpose")`` → ``"nX3k…"`` and back.

Deterministic authenticated encryption, put together as in RFC 5297 (SIV): a keyed hash of the text is its initialization
vector and, when it is opened, its proof. The hash is BLAKE2b, whose keyed mode is a pseudorandom function (RFC 7693). Equal
texts are sealed alike, so whoever sees two seals learns whether they are equal, and nothing else. The keys come from
``SECRET_KEY``; what was sealed by one of ``SECRET_KEY_FALLBACKS`` opens.
"""

import base64
import binascii
import hmac
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import count

from django.conf import settings
from django.utils.crypto import salted_hmac

PROOF_BYTES = 16
BLOCK_BYTES = 64
_SALT = "channels_binding.security.sealing"


def seal(text: bytes, purpose: str) -> str:
    """The text, sealed for one purpose: URL-safe, a third longer than the text and 22 characters more."""
    proving, hiding = _keys(settings.SECRET_KEY)
    proof = _proof(text, purpose, proving)
    return base64.urlsafe_b64encode(proof + _masked(text, proof, hiding)).decode().rstrip("=")


def unsealed(sealed: str, purpose: str) -> bytes | None:
    """What was sealed for this purpose; None if nobody here has sealed it so."""
    try:
        raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    proof, masked = raw[:PROOF_BYTES], raw[PROOF_BYTES:]
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        proving, hiding = _keys(secret)
        text = _masked(masked, proof, hiding)
        if hmac.compare_digest(_proof(text, purpose, proving), proof):
            return text
    return None


@lru_cache(maxsize=8)
def _keys(secret: str | bytes) -> tuple[bytes, bytes]:
    """One key to prove with and one to hide with."""
    proving, hiding = (salted_hmac(_SALT, use, secret, algorithm="sha512").digest() for use in ("prove", "hide"))
    return proving, hiding


def _proof(text: bytes, purpose: str, key: bytes) -> bytes:
    named = purpose.encode()
    return blake2b(len(named).to_bytes(4, "big") + named + text, key=key, digest_size=PROOF_BYTES).digest()


def _masked(text: bytes, proof: bytes, key: bytes) -> bytes:
    """The text under a mask that only the key and the proof give; masked twice it is itself."""
    mask = b"".join(block for block, _ in zip(_mask(proof, key), range(0, len(text), BLOCK_BYTES), strict=False))
    return bytes(a ^ b for a, b in zip(text, mask, strict=False))


def _mask(proof: bytes, key: bytes) -> Iterator[bytes]:
    for number in count():
        yield blake2b(proof + number.to_bytes(8, "big"), key=key, digest_size=BLOCK_BYTES).digest()

"""Who asks, in the tests of the REST API."""

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def client(user: Any) -> Client:
    """Signed in by a session, as ann."""
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in

"""A row, somebody who is signed in, and threads as new."""

from collections.abc import Iterator
from typing import Any

import pytest

from channels_binding import threads
from channels_binding.testing import session_cookie
from tests.project.zoo.models import Note
from tests.test_asgi.projects import SECRET, SEEN


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    threads.shut_down()
    SEEN.clear()
    yield
    threads.shut_down()


@pytest.fixture
def note(transactional_db: None) -> Note:
    return Note.objects.create(pk=7, title="x")


@pytest.fixture
def cookies(user: Any, transactional_db: None) -> tuple[bytes, bytes]:
    return b"cookie", b"sessionid=%s; csrftoken=%s" % (session_cookie(user).encode(), SECRET)

"""Readers of the oracle who become others: in language and time zone, in who they are, in what they may."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import hypothesis.strategies as st
from django.contrib.auth import logout
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext
from hypothesis.stateful import invariant, rule
from rest_framework.authtoken.models import Token

from channels_binding.live.capture import recorder
from tests.live.identity.test_checks import EditorNoteBinding, view_permission
from tests.live.oracle.clients import OFFSETS, Client, Feed, Mirror
from tests.live.oracle.comparison import Comparison
from tests.live.oracle.streams import STREAMS, DoorNoteBinding, HourlyMomentBinding, WordyNoteBinding
from tests.project.zoo.models import Note, Precious

LANGUAGES = ("en-us", "de")
OF_NOTES = {*STREAMS} - {HourlyMomentBinding.stream}


@lru_cache
def _words(language: str) -> frozenset[str]:
    with translation.override(language):
        return frozenset({gettext("Monday"), gettext("Tuesday")})


class Readers(Comparison):
    """Rules of what happens to readers, and what each may be sent at any time."""

    users: list[Any]
    tokens: list[str]
    """Of each user."""
    seen_keys: set[Any]
    """Of all notes that there have ever been."""
    shut: dict[tuple[str, Any], frozenset[Any]]
    """Stream, and whom it is shut to → notes that there were when it was."""

    def connect(self, client: Client) -> None:
        """Come back with all that a client shows."""
        raise NotImplementedError

    def begin_readers(self) -> None:
        """All may read everything."""
        self.tokens = [Token.objects.create(user=user).key for user in self.users]
        self.seen_keys, self.shut = set(), {}
        for user in self.users:
            user.user_permissions.add(view_permission())

    def may_see(self, client: Client, stream: str, row: dict[str, Any]) -> bool:
        """Whether a client may be sent this row now. None may one who is shut out that is newer than that."""
        if stream == "zoo.OwnNote" and row["owner"] != client.user.pk:
            return False
        if stream == HourlyMomentBinding.stream and not row["instant"].endswith(OFFSETS[str(client.locale.timezone)]):
            return False
        if stream == WordyNoteBinding.stream and row["said"] not in _words(client.locale.language):
            return False
        known = self.shut.get((stream, client.user.pk))
        return known is None or row["id"] in known

    def is_refused(self, shown: Mirror | Feed) -> bool:
        return (shown.stream, shown.client.user.pk) in self.shut

    @invariant()
    def remember_notes(self) -> None:
        if hasattr(self, "clients"):
            self.seen_keys.update(Note.objects.values_list("pk", flat=True))

    def seen(self) -> frozenset[Any]:
        """All notes that there have been until now."""
        self.remember_notes()
        return frozenset(self.seen_keys)

    @contextmanager
    def surely(self, *, is_told: bool = True) -> Iterator[None]:
        """What is written inside is heard at once. Or not at all, but found by the periodic check."""
        faults = self.broker.drop, self.broker.delay
        publishers = [*recorder._publishers]
        self.broker.drop = self.broker.delay = 0.0
        if not is_told:
            recorder._publishers.clear()
        try:
            yield
        finally:
            recorder._publishers[:] = publishers
            self.broker.drop, self.broker.delay = faults
        self.run(self._hear() if is_told else self.hub.identity._look_around())

    # Rules

    @rule(who=st.integers(0, 2), language=st.sampled_from(LANGUAGES), zone=st.sampled_from([*OFFSETS]))
    def speak(self, who: int, language: str, zone: str) -> None:
        self.run(self.clients[who].speak(language, zone))

    @rule(who=st.integers(1, 2), user=st.integers(0, 1))
    def become(self, who: int, user: int) -> None:
        """One of those who come with a token is another user from now on, or the same."""
        self.run(self.clients[who].become(self.users[user], self.tokens[user]))

    @rule(
        user=st.integers(0, 1),
        stream=st.sampled_from([DoorNoteBinding.stream, EditorNoteBinding.stream]),
        is_told=st.booleans(),
    )
    def shut_or_open(self, user: int, stream: str, is_told: bool) -> None:
        """A permission is withdrawn or given back. Where nothing tells of it, the periodic check finds it."""
        reader = self.users[user]
        is_shut = (stream, reader.pk) in self.shut
        with self.surely(is_told=is_told):
            if stream == EditorNoteBinding.stream:
                (reader.user_permissions.add if is_shut else reader.user_permissions.remove)(view_permission())
            elif is_shut:
                Precious.objects.filter(name=reader.username).delete()
            else:
                Precious.objects.create(name=reader.username)
            if is_shut:
                del self.shut[stream, reader.pk]
        if not is_shut:
            self.shut[stream, reader.pk] = self.seen()

    @rule(who=st.integers(0, 2))
    def sign_out(self, who: int) -> None:
        """A session ends, or a token: whoever has come with it is closed out, and comes back with another."""
        token, user = self.clients[who].token, self.clients[who].user
        gone = [each for each in self.clients if each is self.clients[who] or (token and each.token == token)]
        with self.surely():
            if token is None:
                _log_out(user, self.clients[who].socket.session_key)
            else:
                Token.objects.filter(key=token).delete()
        known = self.seen()
        before, self.shut = self.shut, {(stream, user.pk): known for stream in OF_NOTES}
        Note.objects.create(title="n0", rank=1, owner=user)
        for client in gone:
            assert self.run(client.until_closed()) == 4401
        self.shut = before
        if token is not None:
            at = self.users.index(user)
            self.tokens[at] = Token.objects.create(user=user).key
        for client in gone:
            self.run(client.leave())
            client.token = client.token and self.tokens[self.users.index(user)]
            self.connect(client)


def _log_out(user: Any, session_key: str | None) -> None:
    request = HttpRequest()
    request.session = SessionStore(session_key)
    request.user = user
    logout(request)

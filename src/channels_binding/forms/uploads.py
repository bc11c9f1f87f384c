"""Files on their way to a socket: kept for a while, and stood for by a token of the user who brought them.

``POST /api/upload/`` with a ``file`` → ``{"token": "…"}``; then ``{"attachment": {"$file": "…"}}`` in a create, update or form.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.core import signing
from django.core.files.storage import Storage, storages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from channels_binding.conf import get_settings
from channels_binding.exceptions import Invalid, LimitExceeded, TooLarge

MARK = "$file"
FOLDER = "channels_binding_uploads"
SALT = "channels_binding.uploads"
CLEARED_AT_ONCE = 20
"""Files whose time is over that are deleted when another one comes: more than one, so that they become fewer."""
_NAME = re.compile(rf"{FOLDER}/(?P<owner>[0-9a-f]{{16}})-(?P<made>\d+)-(?P<size>\d+)-")


class KeptFile(UploadedFile):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A file that was uploaded before, as a form or serializer takes it. It is closed with the last who holds it."""

    def __init__(self, name: str, original: str, content_type: str) -> None:
        file: Any = storage().open(name)
        super().__init__(file, original, content_type, file.size)
        self.kept_as = name

    def __del__(self) -> None:
        file = getattr(self, "file", None)
        if file is not None:
            file.close()


def storage() -> Storage:
    """Where files wait: the alias ``UPLOAD_STORAGE`` of Django's ``STORAGES``."""
    return storages[get_settings().UPLOAD_STORAGE]


def keep(user: Any, file: Any) -> dict[str, Any]:
    """Store a file and hand out its token.

    Raises:
        TooLarge: More than ``MAX_UPLOAD_BYTES``.
        LimitExceeded: With it ``MAX_WAITING_UPLOADS`` or ``MAX_WAITING_BYTES`` of this user would wait.
    """
    settings = get_settings()
    if file.size > settings.MAX_UPLOAD_BYTES:
        raise TooLarge(f"A file may hold {settings.MAX_UPLOAD_BYTES} bytes.", limit=settings.MAX_UPLOAD_BYTES)
    owner = _owner(user)
    names = _waiting()
    _delete(_expired(names)[:CLEARED_AT_ONCE])
    _check_quota(names, owner, 1, file.size)
    name = storage().save(f"{FOLDER}/{owner}-{int(time.time())}-{file.size}-{secrets.token_hex(16)}", file)
    try:
        _check_quota(_waiting(), owner, 0, 0)  # others may have come at the same time
    except LimitExceeded:
        _delete([name])
        raise
    facts = {"user": _key(user), "name": name, "file": file.name, "type": file.content_type or ""}
    token = signing.dumps(facts, salt=SALT)
    return {"token": token, "name": file.name, "size": file.size, "seconds": settings.UPLOAD_SECONDS}


def _owner(user: Any) -> str:
    """Of a user, as names of files begin: 16 hex digits."""
    return hashlib.blake2b(repr(_key(user)).encode(), digest_size=8).hexdigest()


def _waiting() -> list[str]:
    """Names of all that waits: ``channels_binding_uploads/<owner>-<seconds since 1970>-<bytes>-<random>``."""
    try:
        return [f"{FOLDER}/{name}" for name in storage().listdir(FOLDER)[1]]
    except FileNotFoundError:
        return []


def _check_quota(names: list[str], owner: str, more: int, more_bytes: int) -> None:
    settings = get_settings()
    theirs = [parts for name in names if (parts := _NAME.match(name)) and parts["owner"] == owner]
    alive = [parts for parts in theirs if not _is_over(int(parts["made"]))]
    if len(alive) + more > settings.MAX_WAITING_UPLOADS:
        most = settings.MAX_WAITING_UPLOADS
        raise LimitExceeded(f"{most} files wait to be used (MAX_WAITING_UPLOADS).", limit=most)
    if sum(int(parts["size"]) for parts in alive) + more_bytes > settings.MAX_WAITING_BYTES:
        most = settings.MAX_WAITING_BYTES
        raise LimitExceeded(f"Files that wait to be used have {most} bytes at most (MAX_WAITING_BYTES).", limit=most)


def _is_over(made: int) -> bool:
    return made + get_settings().UPLOAD_SECONDS < time.time()


def _expired(names: list[str]) -> list[str]:
    return [name for name in names if (parts := _NAME.match(name)) and _is_over(int(parts["made"]))]


def _key(user: Any) -> str | None:
    return None if getattr(user, "pk", None) is None else str(user.pk)


def taken(user: Any, token: Any, field: str) -> KeptFile:
    """The file of a token.

    Raises:
        Invalid: Not a token of this user, too old, or used already; which of these is not said.
    """
    try:
        facts = signing.loads(str(token), salt=SALT, max_age=get_settings().UPLOAD_SECONDS)
    except signing.BadSignature:
        facts = None
    if facts is None or facts["user"] != _key(user) or not storage().exists(facts["name"]):
        raise Invalid.field(field, "invalid_file", "This is no file of yours, or no longer.")
    return KeptFile(facts["name"], facts["file"], facts["type"])


def resolved(user: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """``{"attachment": {"$file": "…"}}`` → ``{"attachment": <KeptFile>}``, in lists and in rows of formsets as well."""
    return {name: _resolved(user, value, name) for name, value in data.items()}


def _resolved(user: Any, value: Any, field: str) -> Any:
    if isinstance(value, Mapping) and set(value) == {MARK}:
        return taken(user, value[MARK], field)
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        return [_row(user, each, field) for each in value]
    return value


def _row(user: Any, value: Any, field: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    return taken(user, value[MARK], field) if set(value) == {MARK} else {**value, **_files(user, value)}


def _files(user: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    marked = {name: value for name, value in row.items() if isinstance(value, Mapping) and set(value) == {MARK}}
    return {name: taken(user, value[MARK], name) for name, value in marked.items()}


def spend(data: Any, using: str) -> None:
    """The write was done: once it is committed, its tokens are worth nothing any more."""
    names = [file.kept_as for file in _kept(data)]
    if names:
        transaction.on_commit(lambda: _delete(names), using=using, robust=True)


def _kept(data: Any) -> Iterator[KeptFile]:
    if isinstance(data, KeptFile):
        yield data
    elif isinstance(data, (list, Mapping)):
        for each in data.values() if isinstance(data, Mapping) else data:
            yield from _kept(each)


def _delete(names: list[str]) -> None:
    for name in names:
        storage().delete(name)


def clear() -> int:
    """Delete what waited too long; returns how many files that were."""
    before = timezone.now() - timedelta(seconds=get_settings().UPLOAD_SECONDS)
    names = _waiting()
    foreign = [name for name in names if not _NAME.match(name)]  # of an earlier version
    old = [*_expired(names), *(name for name in foreign if storage().get_modified_time(name) < before)]
    _delete(old)
    return len(old)

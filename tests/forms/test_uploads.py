"""A file that was uploaded is its user's, for a while, and for one write."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_binding.calls import Call
from channels_binding.dispatch import perform
from channels_binding.exceptions import Invalid, LimitExceeded, TooLarge
from channels_binding.forms import uploads
from tests.conftest import Connect
from tests.project.zoo.models import Attachment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def client(user: Any) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def upload(client: Client, content: bytes = b"hello", name: str = "a.txt") -> str:
    answer = client.post("/api/upload/", {"file": SimpleUploadedFile(name, content, "text/plain")})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["token"])


def content(row: Attachment) -> bytes:
    with row.file.open() as file:
        return bytes(file.read())


def waiting(media: Path) -> list[Path]:
    folder = media / uploads.FOLDER
    return list(folder.iterdir()) if folder.exists() else []


def call(user: Any, action: str, data: dict[str, Any]) -> Any:
    return perform(Call("zoo.Attachment", action, data, user))


def test_a_token_stands_for_the_file_until_it_is_used(client: Client, user: Any, media: Path) -> None:
    token = upload(client)
    made = call(user, "create", {"name": "x", "file": {"$file": token}})
    stored = Attachment.objects.get(pk=made["id"])
    assert content(stored) == b"hello"
    assert Path(str(stored.file.name)).name.startswith("a")
    assert waiting(media) == []
    with pytest.raises(Invalid) as caught:
        call(user, "create", {"name": "y", "file": {"$file": token}})
    assert caught.value.to_json()["fields"]["file"][0]["code"] == "invalid_file"


def test_a_form_and_an_update_take_it_and_a_refused_form_leaves_it_for_another_try(
    client: Client, user: Any, media: Path
) -> None:
    token = upload(client)
    assert call(user, "form", {"submit": {"name": "n" * 999, "file": {"$file": token}}})["success"] is False
    assert len(waiting(media)) == 1
    saved = call(user, "form", {"submit": {"name": "x", "file": {"$file": token}}})
    assert saved["success"] is True, saved["errors"]
    assert waiting(media) == []
    call(user, "update", {"id": saved["object"]["id"], "file": {"$file": upload(client, b"other")}})
    assert content(Attachment.objects.get(pk=saved["object"]["id"])) == b"other"


async def test_a_socket_takes_it(connect: Connect, client: Client, user: Any) -> None:
    from channels_binding.threads import run

    token = await run(upload, client)
    socket = await connect(user)
    answer = await socket.call("zoo.Attachment.create", {"name": "x", "file": {"$file": token}})
    assert answer["data"]["success"] is True, answer


@pytest.mark.parametrize("wrong", ["", "x", "a:b:c", 5, None, [], {"$file": "x"}], ids=str)
def test_what_is_no_token_is_refused(wrong: Any, user: Any) -> None:
    with pytest.raises(Invalid):
        call(user, "create", {"name": "x", "file": {"$file": wrong}})


def test_the_token_of_another_user_looks_like_none(client: Client, stranger: Any, media: Path) -> None:
    token = upload(client)
    with pytest.raises(Invalid) as theirs:
        call(stranger, "create", {"name": "x", "file": {"$file": token}})
    with pytest.raises(Invalid) as none:
        call(stranger, "create", {"name": "x", "file": {"$file": "x"}})
    assert theirs.value.to_json() == none.value.to_json()
    assert len(waiting(media)) == 1


def test_a_token_and_its_file_end(client: Client, user: Any, media: Path, settings: Any) -> None:
    token = upload(client)
    call_command("bindings_clear_uploads", verbosity=0)
    assert len(waiting(media)) == 1
    settings.CHANNELS_BINDING = {"UPLOAD_SECONDS": -1}
    with pytest.raises(Invalid):
        call(user, "create", {"name": "x", "file": {"$file": token}})
    assert uploads.clear() == 1
    assert waiting(media) == []
    assert uploads.clear() == 0


def test_a_file_may_not_be_too_large(client: Client, settings: Any, media: Path, user: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_UPLOAD_BYTES": 4}
    answer = client.post("/api/upload/", {"file": SimpleUploadedFile("a.txt", b"hello")})
    assert (answer.status_code, answer.json()["limit"]) == (413, 4)
    assert waiting(media) == []
    with pytest.raises(TooLarge):
        uploads.keep(user, SimpleUploadedFile("a", b"hello"))


def test_a_name_that_leads_elsewhere_stays_a_name(client: Client, user: Any) -> None:
    token = upload(client, name="../../evil.txt")
    made = call(user, "create", {"name": "x", "file": {"$file": token}})
    assert ".." not in str(Attachment.objects.get(pk=made["id"]).file.name)


def test_any_token_that_is_no_good_costs_the_same_statements(
    client: Client, user: Any, stranger: Any, media: Path
) -> None:
    spent, others = upload(client), upload(client)
    call(user, "create", {"name": "x", "file": {"$file": spent}})
    answers = []
    for who, token in ((user, "nonsense"), (user, spent), (stranger, others)):
        with CaptureQueriesContext(connection) as statements, pytest.raises(Invalid) as refused:
            call(who, "create", {"name": "x", "file": {"$file": token}})
        answers.append((refused.value.to_json(), len(statements)))
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    "limits", [{"MAX_WAITING_UPLOADS": 2}, {"MAX_WAITING_BYTES": 11}], ids=["how many", "how large"]
)
def test_what_waits_of_one_user_is_bounded_in_sum(
    limits: dict[str, int], client: Client, user: Any, stranger: Any, media: Path, settings: Any
) -> None:
    settings.CHANNELS_BINDING = limits
    tokens = [upload(client), upload(client)]
    refused = client.post("/api/upload/", {"file": SimpleUploadedFile("a.txt", b"hello")})
    assert (refused.status_code, refused.json()["code"]) == (429, "limit_exceeded")
    assert refused.json()["limit"] in limits.values()
    assert len(waiting(media)) == 2
    uploads.keep(stranger, SimpleUploadedFile("a", b"hello"))
    call(user, "create", {"name": "x", "file": {"$file": tokens[0]}})
    upload(client)


def test_files_whose_time_is_over_leave_by_themselves_and_count_no_longer(
    client: Client, user: Any, media: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        uploads.keep(user, SimpleUploadedFile("a", b"hello"))
    later = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(uploads, "CLEARED_AT_ONCE", 2)
    settings.CHANNELS_BINDING = {"MAX_WAITING_UPLOADS": 1}
    uploads.keep(user, SimpleUploadedFile("a", b"hello"))
    assert len(waiting(media)) == 2


def test_uploads_that_come_at_the_same_time_do_not_pass_the_quota_together(
    user: Any, media: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = {"MAX_WAITING_UPLOADS": 1}
    uploads.keep(user, SimpleUploadedFile("a", b"hello"))
    looked, listed = [], uploads._waiting

    def before_and_after() -> list[str]:
        looked.append(1)
        return [] if len(looked) == 1 else listed()  # the other one came in between

    monkeypatch.setattr(uploads, "_waiting", before_and_after)
    with pytest.raises(LimitExceeded):
        uploads.keep(user, SimpleUploadedFile("b", b"hello"))
    assert len(waiting(media)) == 1

"""``/api/upload/``: who may, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_who_is_not_signed_in_uploads_nothing(media: Path) -> None:
    assert Client().post("/api/upload/", {"file": SimpleUploadedFile("a.txt", b"x")}).status_code == 401
    enforcing = Client(enforce_csrf_checks=True)
    enforcing.force_login(get_user_model().objects.create_user("csrf"))
    assert enforcing.post("/api/upload/", {"file": SimpleUploadedFile("a.txt", b"x")}).status_code == 403
    assert not any(path.is_file() for path in media.rglob("*"))


def test_a_request_without_a_file_or_of_another_kind_is_refused(client: Client) -> None:
    assert client.post("/api/upload/", {"other": "x"}).json()["fields"]["file"][0]["code"] == "required"
    assert client.post("/api/upload/", json.dumps({"file": "x"}), "application/json").status_code == 415
    assert client.get("/api/upload/").status_code == 405
    assert client.options("/api/upload/").status_code == 204

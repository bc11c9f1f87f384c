"""Clients of people who have signed in, and a build of the page that needs no Node."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from channels_binding.explorer import build


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of two files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-a1.js").write_text("import './part-b2.js'")
    (tmp_path / "assets" / "part-b2.js").write_text("0".ljust(5_000))
    chunks = {build.ENTRY: {"file": "assets/main-a1.js", "imports": ["_part"]}, "_part": {"file": "assets/part-b2.js"}}
    (tmp_path / "manifest.json").write_text(json.dumps(chunks))
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    build.content.cache_clear()
    return tmp_path


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def somebody(user: Any) -> Client:
    return signed_in(user)


@pytest.fixture
def staff(user: Any) -> Client:
    user.is_staff = True
    user.save()
    return signed_in(user)

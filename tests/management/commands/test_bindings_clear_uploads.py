"""``manage.py bindings_clear_uploads`` says what it did."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from channels_binding.forms import uploads


def test_it_deletes_what_waited_too_long_and_counts_it(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.CHANNELS_BINDING = {"UPLOAD_SECONDS": -1}
    uploads.keep(None, SimpleUploadedFile("a.txt", b"x"))
    out = StringIO()
    call_command("bindings_clear_uploads", stdout=out)
    assert out.getvalue().strip() == "1 deleted."
    assert list((tmp_path / uploads.FOLDER).iterdir()) == []

"""A form as browsers post it: Django's names for the rows of formsets say what a list says, over every transport."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from django.forms import formset_factory, inlineformset_factory, modelformset_factory
from django.test import Client

from channels_binding.bindings import Binding
from channels_binding.exceptions import Invalid
from channels_binding.forms.formset import MAX_ROWS
from channels_binding.forms.multipart import as_json
from channels_binding.registry import registry
from channels_binding.threads import run
from tests.conftest import Connect
from tests.project.zoo.models import Attachment, Chapter, Note, Novel
from tests.throwaway import throwaway

Chapters = inlineformset_factory(Novel, Chapter, fields=("title",), max_num=5, validate_max=True)
Attachments = modelformset_factory(Attachment, fields=("name", "file"), can_delete=True)
FORMSETS = {"chapters": Chapters, "files": Attachments, "files-too": formset_factory(forms.Form)}


@pytest.mark.parametrize(
    ("posted", "meant"),
    [
        ({"title": "x"}, {"title": "x"}),
        (
            {"chapters-1-title": "b", "title": "x", "chapters-0-title": "a"},
            {"title": "x", "chapters": [{"title": "a"}, {"title": "b"}]},
        ),
        (
            {"chapters-7-title": "gap", "chapters-900-title": "more"},
            {"chapters": [{"title": "gap"}, {"title": "more"}]},
        ),
        (
            {"chapters-0-id": "3", "chapters-0-DELETE": "on", "chapters-1-id": ""},
            {"chapters": [{"id": "3", "DELETE": "on"}, {}]},
        ),
        ({"chapters-0-novel": "7", "chapters-0-title": "x"}, {"chapters": [{"title": "x"}]}),
        (
            {"chapters-TOTAL_FORMS": "1", "chapters-INITIAL_FORMS": "9", "chapters-__prefix__-title": "t"},
            {"chapters": []},
        ),
        ({"files-0-file-clear": "on", "cover-clear": "on"}, {"files": [{"file": None}], "cover": None}),
        ({"cover-clear": ""}, {}),
        ({"files-too-0-a": "1", "files-0-name": "2"}, {"files-too": [{"a": "1"}], "files": [{"name": "2"}]}),
        ({"others-0-title": "x", "chapters-x": "y", "chapters-0": "z"}, None),
        ({"chapters": [{"title": "a"}]}, {"chapters": [{"title": "a"}]}),
    ],
    ids=str,
)
def test_names_of_rows_say_what_a_list_says(posted: dict[str, Any], meant: dict[str, Any] | None) -> None:
    assert as_json(posted, {}, FORMSETS) == (posted if meant is None else meant)


def test_the_files_of_rows_are_in_their_rows_and_a_new_file_is_not_cleared() -> None:
    files = {"files-2-file": "new", "cover": "its own way"}
    posted = {"files-2-file-clear": "on", "cover-clear": "on", "files-0-name": "x"}
    assert as_json(posted, files, FORMSETS) == {"files": [{"name": "x"}, {"file": "new"}]}


HOSTILE: list[dict[str, Any]] = [
    {f"chapters-{MAX_ROWS}-title": "x"},
    {"chapters-99999999999999999999-title": "x"},
    {f"chapters-{'9' * 5000}-title": "x"},
    {"chapters-00-title": "x"},
    {"chapters-٣-title": "x"},
    {"chapters-0-title": "x", "chapters-TOTAL_FORMS": "0"},
    {"chapters-TOTAL_FORMS": "-1"},
    {"chapters-TOTAL_FORMS": "1e3"},
    {"chapters-TOTAL_FORMS": ["1", "2"]},
    {"chapters-TOTAL_FORMS": "9" * 5000},
    {"chapters-TOTAL_FORMS": str(MAX_ROWS + 1)},
]


@pytest.mark.parametrize("posted", HOSTILE, ids=lambda posted: str(posted)[:60])
def test_numbers_that_are_none_or_too_large_are_refused(posted: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        as_json(posted, {}, FORMSETS)
    assert "chapters" in (caught.value.fields or {})
    assert len(str(caught.value.to_json())) < 300


# At the transports


class Everything(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Novel
        fields = ("title",)


@pytest.fixture
def stream(tmp_path: Path, settings: Any) -> Any:
    settings.MEDIA_ROOT = tmp_path
    with throwaway():

        class Posted(Binding):
            stream = "posted.Novel"
            model = Novel
            form_class = Everything
            formsets = {"chapters": Chapters, "files": Attachments}

        class Mine(Binding):
            stream = "zoo.Attachment"
            model = Attachment

            def get_queryset(self) -> QuerySet[Any]:
                return Attachment.objects.exclude(name="hidden")

        registry._catch_up()
        registry._by_stream["zoo.Attachment"] = Mine
        yield


@pytest.fixture
def client(user: Any) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def file(content: bytes, name: str = "a.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def stored() -> list[tuple[str, bytes]]:
    return [(row.name, content(row)) for row in Attachment.objects.order_by("pk")]


def content(row: Attachment) -> bytes:
    if not row.file:
        return b""
    with row.file.open() as opened:
        return bytes(opened.read())


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_multipart_form_brings_rows_with_their_files(client: Client, stream: None) -> None:
    novel = Novel.objects.create(title="Sea")
    old = Attachment.objects.create(name="old", file=file(b"old"))
    answer = client.post(
        f"/api/posted.Novel/{novel.pk}/form/",
        {
            "csrfmiddlewaretoken": "as a template has it",
            "title": "Ocean",
            "chapters-TOTAL_FORMS": "2",
            "chapters-INITIAL_FORMS": "0",
            "chapters-0-novel": str(novel.pk),
            "chapters-0-id": "",
            "chapters-0-title": "one",
            "chapters-1-title": "",
            "files-0-id": str(old.pk),
            "files-0-file": file(b"newer"),
            "files-1-name": "new",
            "files-1-file": file(b"new"),
        },
    )
    assert (answer.status_code, answer.json()["errors"]) == (200, {})
    assert stored() == [("old", b"newer"), ("new", b"new")]
    assert [*novel.chapters.values_list("title", flat=True)] == ["one"]
    cleared = {"files-0-id": str(old.pk), "files-0-file-clear": "on", "files-1-DELETE": "on"}
    cleared["files-1-id"] = str(Attachment.objects.get(name="new").pk)
    assert client.post(f"/api/posted.Novel/{novel.pk}/form/", cleared).status_code == 200
    assert stored() == [("old", b"")]


class Inputs(HTMLParser):
    """What a browser would post of a page: the value of every input but of boxes that are not ticked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.posted: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if tag == "input" and about.get("type") not in ("checkbox", "file"):
            self.posted[str(about["name"])] = about.get("value") or ""


def test_a_page_that_django_has_rendered_posts_as_it_is(client: Client, stream: None) -> None:
    novel = Novel.objects.create(title="Sea")
    one, two = (Chapter.objects.create(novel=novel, title=title) for title in ("one", "two"))
    formset = Chapters(instance=novel, prefix="chapters")
    page = f"{Everything(instance=novel)}{formset}{formset.empty_form}{Attachments(prefix='files')}"
    posted = Inputs(page).posted
    assert {"chapters-TOTAL_FORMS", "chapters-0-id", "chapters-0-novel", "chapters-4-title"} <= set(posted)
    assert "chapters-__prefix__-title" in posted
    posted |= {"chapters-0-title": "first", "chapters-1-DELETE": "on", "chapters-4-title": "third"}
    answer = client.post(f"/api/posted.Novel/{novel.pk}/form/", posted)
    assert (answer.status_code, answer.json()["errors"]) == (200, {})
    assert [(row.pk, row.title) for row in novel.chapters.all()][:1] == [(one.pk, "first")]
    assert sorted(novel.chapters.values_list("title", flat=True)) == ["first", "third"]
    assert not Chapter.objects.filter(pk=two.pk).exists()


@pytest.mark.parametrize(("sent", "done"), [(["false"], False), (["false", "on"], True), ([], True)])
def test_a_box_that_is_not_ticked_needs_a_hidden_false_before_it(sent: list[str], done: bool, client: Client) -> None:
    note = Note.objects.create(title="x", done=True)
    assert client.post(f"/api/zoo.Note/{note.pk}/form/", {"title": "y", "done": sent}).status_code == 200
    note.refresh_from_db()
    assert note.done is done


def test_a_row_without_a_file_has_none_to_clear(client: Client, stream: None) -> None:
    """Django takes the mark for a change, and a blank row with one for a row that lacks everything else."""
    rows = [{"name": "", "file": None}, {"name": "one", "file": None}]
    sent = json.dumps({"title": "x", "files": rows})
    answer = client.post("/api/posted.Novel/form/", sent, "application/json")
    assert (answer.status_code, answer.json()["errors"]) == (200, {})
    assert stored() == [("one", b"")]


def test_a_file_of_a_row_that_is_wrong_or_unknown_is_not_stored(
    client: Client, stream: None, tmp_path: Path, user: Any
) -> None:
    novel, other = Novel.objects.create(title="Sea"), Novel.objects.create(title="Other")
    hidden = Attachment.objects.create(name="hidden")
    path = f"/api/posted.Novel/{novel.pk}/form/"
    wrong = client.post(path, {"files-0-name": "n" * 99, "files-0-file": file(b"x")})
    assert (wrong.status_code, wrong.json()["errors"]["files"]["0"]["name"][0]["code"]) == (400, "max_length")
    for posted in (
        {"files-0-picture": file(b"x")},
        {"files-0-width": "7"},
        {"files-0-id": str(hidden.pk), "files-0-name": "mine"},
        {"files-0-nope": "x"},
    ):
        answer = client.post(path, posted)
        assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["files"])
    assert client.post(path, {"chapters-0-novel": str(other.pk), "chapters-0-title": "x"}).status_code == 200
    assert Chapter.objects.get().novel == novel
    assert stored() == [("hidden", b"")]
    assert not (tmp_path / "attachments").exists()


@pytest.mark.parametrize("posted", HOSTILE, ids=lambda posted: str(posted)[:60])
def test_hostile_numbers_are_400_over_http(posted: dict[str, Any], client: Client, stream: None) -> None:
    answer = client.post("/api/posted.Novel/form/", {"title": "x", **posted})
    is_header_too_long = any(len(name) > 1000 for name in posted)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request" if is_header_too_long else "invalid")
    assert not Novel.objects.exists()


def test_too_many_rows_are_an_error_of_the_formset_and_too_many_fields_or_files_are_413(
    client: Client, stream: None, settings: Any
) -> None:
    many = {f"chapters-{number}-title": "x" for number in range(6)}
    answer = client.post("/api/posted.Novel/form/", {"title": "x", **many})
    assert answer.json()["errors"]["chapters"]["__all__"][0]["code"] == "too_many_forms"
    fields = {f"chapters-{number}-title": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    too_many = client.post("/api/posted.Novel/form/", fields)
    assert (too_many.status_code, too_many.json()["code"]) == (413, "too_large")
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    files = {f"files-{number}-file": file(b"x") for number in range(4)}
    too_many = client.post("/api/posted.Novel/form/", files)
    assert (too_many.status_code, too_many.json()["code"]) == (413, "too_large")
    assert not Novel.objects.exists()


def test_a_key_for_the_write_is_that_of_its_files_too(client: Client, stream: None) -> None:
    def post(content: bytes) -> Any:
        posted = {"title": "x", "files-0-name": "one", "files-0-file": file(content)}
        return client.post("/api/posted.Novel/form/", posted, headers={"Idempotency-Key": "k"})

    assert [post(b"x").status_code, post(b"x").status_code, post(b"other").status_code] == [200, 200, 409]
    assert stored() == [("one", b"x")]


def test_without_a_user_nothing_is_said_about_rows(stream: None) -> None:
    answer = Client().post("/api/posted.Novel/form/", {"chapters-99999-title": "x"})
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("path", ["/ws/", "/sync/"])
async def test_sockets_take_the_same_names_with_a_token_for_the_file(
    path: str, connect: Connect, client: Client, stream: None, user: Any
) -> None:
    token = (await run(lambda: client.post("/api/upload/", {"file": file(b"by token")}))).json()["token"]
    submit = {"title": "x", "files-0-name": "one", "files-0-file": {"$file": token}, "chapters-0-title": "c"}
    socket = await connect(user, path=path)
    answer = await socket.call("posted.Novel.form", {"submit": submit})
    assert answer["data"]["success"] is True, answer
    assert await run(stored) == [("one", b"by token")]
    refused = await socket.call("posted.Novel.form", {"submit": {"chapters-1000-title": "x"}})
    assert refused["error"]["code"] == "invalid"
    assert json.dumps(refused["error"]["fields"]["chapters"])

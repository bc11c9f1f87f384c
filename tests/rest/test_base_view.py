"""What every view does: who asks, CSRF, media types, caches, the browsable API; signing in and out by an event."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.db.models import F
from django.test import Client
from rest_framework.permissions import AllowAny

from channels_binding.asgi import serve_bindings
from channels_binding.consumers import Binding, bind
from channels_binding.testing import session_cookie
from tests.asgi_requests import Asked, ask
from tests.project.zoo.models import Note
from tests.rest.sending import send
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_user_the_answer_is_401_in_the_contract_s_words() -> None:
    response = Client().get("/api/zoo.Note/")
    assert response.status_code == 401
    assert response.json() == {"code": "unauthenticated", "status": 401, "message": "Sign in first.", "retry": False}
    assert response["WWW-Authenticate"]


def test_an_unchanged_search_or_row_is_304(client: Client) -> None:
    note = Note.objects.create(title="x")
    for path in ("/api/zoo.Note/", f"/api/zoo.Note/{note.pk}/"):
        tag = client.get(path)["ETag"]
        again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        Note.objects.filter(pk=note.pk).update(rank=F("rank") + 1)
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_another_media_type_is_415(client: Client) -> None:
    response = client.generic("POST", "/api/zoo.Note/", "<a/>", "text/xml")
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_with_a_session_unsafe_methods_need_the_csrf_token(user: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    note = Note.objects.create(title="x")
    for method, path in (
        ("POST", "/api/zoo.Note/"),
        ("PATCH", f"/api/zoo.Note/{note.pk}/"),
        ("DELETE", f"/api/zoo.Note/{note.pk}/"),
    ):
        response = send(client, method, path, {"title": "y"})
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert Note.objects.filter(title="x").count() == 1
    assert Note.objects.count() == 1


@pytest.mark.parametrize("path", ["zoo.Note/", "zoo.Note/9999/", "zoo.Note/?nope=1", "zoo.Note/form/", "zoo.Nothing/"])
def test_no_proxy_may_keep_an_answer_and_a_browser_asks_whether_it_is_still_so(client: Client, path: str) -> None:
    for answer in (client.get(f"/api/{path}"), client.options(f"/api/{path}"), Client().get(f"/api/{path}")):
        assert {*answer["Cache-Control"].split(", ")} == {"private", "no-cache"}, answer.status_code


def test_options_describes_the_stream_and_head_has_the_headers(client: Client) -> None:
    described = client.options("/api/zoo.Note/").json()
    assert described["stream"] == "zoo.Note"
    assert client.head("/api/zoo.Note/")["ETag"] == client.get("/api/zoo.Note/")["ETag"]


def test_the_browsable_api_shows_the_same(client: Client) -> None:
    Note.objects.create(title="shown")
    response = client.get("/api/zoo.Note/", headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert b"shown" in response.content
    assert b"<h1>zoo.Note</h1>" in response.content


def test_the_browsable_api_says_what_the_binding_says(client: Client) -> None:
    page = client.get("/api/zoo.OwnNote/", headers={"Accept": "text/html"}).content.decode()
    assert "rows; the sync twin." in page
    assert "search and create" not in page
    assert client.get("/api/no.Such/", headers={"Accept": "text/html"}).status_code == 404


# Signing in


@pytest.fixture
def account() -> Iterator[None]:
    with throwaway():

        class Account(Binding):
            stream = "test.account"

            @bind(permission_classes=[AllowAny])
            def sign_in(self, data: Any) -> Any:
                self.login(User.objects.get(username=data["username"]), "django.contrib.auth.backends.ModelBackend")
                return {"user": self.user.username}

            @bind(permission_classes=[AllowAny])
            def sign_out(self, data: Any) -> Any:
                self.logout()
                return {}

        yield


FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
PART = '--b\r\nContent-Disposition: form-data; name="username"\r\n\r\nann\r\n--b--\r\n'
BODIES = {FORMS[0]: "username=ann", FORMS[1]: PART}


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_another_site_posts_signs_nobody_in_or_out(kind: str, user: Any, account: None) -> None:
    visitor = Client(enforce_csrf_checks=True)
    refused = visitor.generic("POST", "/api/test.account/sign_in/", BODIES[kind], kind)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert not signed_in(visitor)
    visitor.force_login(user)
    assert visitor.generic("POST", "/api/test.account/sign_out/", BODIES[kind], kind).status_code == 403
    assert signed_in(visitor)


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_with_django_s_token_signs_in(kind: str, user: Any, account: None) -> None:
    visitor = Client(enforce_csrf_checks=True)
    token = "a" * 32
    visitor.cookies["csrftoken"] = token
    made = visitor.generic("POST", "/api/test.account/sign_in/", BODIES[kind], kind, headers={"X-CSRFToken": token})
    assert (made.status_code, made.json()) == (200, {"user": "ann"})
    assert signed_in(visitor)


def test_json_signs_in_without_one_and_in_a_batch_too(user: Any, account: None) -> None:
    for path, body in (
        ("test.account/sign_in/", {"username": "ann"}),
        ("batch/", {"ops": [{"event": "test.account.sign_in", "data": {"username": "ann"}}]}),
    ):
        visitor = Client(enforce_csrf_checks=True)
        assert send(visitor, "POST", f"/api/{path}", body).status_code == 200
        assert signed_in(visitor)


def test_a_token_under_a_word_that_no_class_takes_is_told_the_word(settings: Any) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": ("rest_framework.authentication.TokenAuthentication",)}
    said = Client().get("/api/zoo.Note/", headers={"Authorization": "Bearer abc"}).json()["message"]
    assert (
        said
        == "No class takes the header 'Authorization: Bearer …'; send 'Authorization: Token …' or 'Authorization: Basic …'."
    )
    assert Client().get("/api/zoo.Note/", headers={"Authorization": "Token abc"}).json()["message"] == "Invalid token."
    assert Client().get("/api/zoo.Note/").json()["message"] == "Sign in first."


CHUNKS = [b'{"title": "wh', b'ole", "rank": 3}']
FORM = [b"--x\r\nContent-Disposition: form-data; name=title\r\n\r\nwh", b"ole\r\n--x--\r\n"]


@pytest.mark.parametrize("served", ["Django's handler", "serve_bindings"])
@pytest.mark.parametrize(
    ("media", "parts"),
    [
        ("application/json", CHUNKS),
        ("multipart/form-data; boundary=x", FORM),
        ("application/x-www-form-urlencoded", [b"title=", b"whole"]),
    ],
)
async def test_a_body_that_comes_without_its_length_is_taken_whole(
    served: str, media: str, parts: list[bytes], user: Any
) -> None:
    """As in chunks, or by HTTP/2. Taken for none, a change would succeed and change nothing."""
    note = await Note.objects.acreate(title="x")
    key = await sync_to_async(session_cookie)(user)
    headers = [(b"cookie", f"sessionid={key}; csrftoken={'a' * 32}".encode()), (b"x-csrftoken", b"a" * 32)]
    headers += [(b"content-type", media.encode()), (b"transfer-encoding", b"chunked")]
    application = serve_bindings(get_asgi_application()) if served == "serve_bindings" else get_asgi_application()
    answered = await ask(application, Asked("PATCH", f"/api/zoo.Note/{note.pk}/", headers=headers, parts=parts))
    assert answered.status == 200
    await note.arefresh_from_db()
    assert note.title == "whole"


def test_where_django_reads_no_body_without_a_length_it_is_refused(client: Client) -> None:
    note = Note.objects.create(title="x")
    answer = client.generic("PATCH", f"/api/zoo.Note/{note.pk}/", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert client.generic("PATCH", f"/api/zoo.Note/{note.pk}/").status_code == 200


async def test_a_body_that_comes_without_its_length_is_not_larger_than_others(user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_FRAME_BYTES": 100}
    headers = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
    asked = Asked("POST", "/api/zoo.Note/", headers=headers, parts=[b'{"title": "', b"a" * 100, b'"}'])
    assert (await ask(get_asgi_application(), asked)).status == 413

"""In which language and time zone a connection is answered: the first time, in pushes, and never in another reader's."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.handlers.asgi import ASGIHandler
from django.test import override_settings
from django.urls import get_script_prefix, get_urlconf, reverse, set_script_prefix, set_urlconf
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext_lazy
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.calls import locales
from channels_binding.calls.locales import Locale, active, asked, in_words, of_handshake
from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.exceptions import Forbidden, Invalid
from channels_binding.testing import BindingCommunicator
from tests.project import asgi  # noqa: F401 (before the settings are overridden: it loads the middleware of that moment)
from tests.project.zoo.models import Note
from tests.streams import Stream, fleeting_connections
from tests.throwaway import throwaway

GERMAN, ENGLISH = "Dieses Feld ist zwingend erforderlich.", "This field is required."
REQUIRED: Any = gettext_lazy(ENGLISH)
WITH_MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware"]


def scope(language: str = "", cookie: str = "") -> dict[str, Any]:
    headers = [(b"accept-language", language.encode())] if language else []
    return {
        "type": "websocket",
        "path": "/ws/",
        "headers": headers + ([(b"cookie", cookie.encode())] if cookie else []),
    }


# What a connection has, and asks for


@override_settings(MIDDLEWARE=WITH_MIDDLEWARE, TIME_ZONE="Europe/Oslo")
def test_the_language_of_a_handshake_is_what_django_would_find_in_a_request() -> None:
    assert of_handshake(scope()) == Locale("en", "Europe/Oslo")
    assert of_handshake(scope("de-AT,de;q=0.8")).language == "de"
    assert of_handshake(scope("xx")).language == "en"
    assert of_handshake(scope("de", cookie="django_language=fr")).language == "fr"


def test_a_connection_has_the_path_that_the_project_is_served_below() -> None:
    assert of_handshake({**scope(), "root_path": "/site"}).prefix == "/site/"
    assert of_handshake(scope()).prefix == "/"
    with override_settings(FORCE_SCRIPT_NAME="/forced/"):
        assert of_handshake({**scope(), "root_path": "/site"}).prefix == "/forced/"


def test_addresses_are_made_as_where_they_were_asked_for_and_no_longer() -> None:
    set_urlconf("tests.integration.locale_urls")
    set_script_prefix("/site/")
    here = locales.current()
    set_urlconf(settings.ROOT_URLCONF)
    set_script_prefix("/")
    elsewhere = locales.current()
    set_urlconf(None)
    assert (here.prefix, here.urlconf) == ("/site/", "tests.integration.locale_urls")
    assert (elsewhere.prefix, elsewhere.urlconf) == ("/", None)
    with active(here):
        assert (get_script_prefix(), get_urlconf()) == ("/site/", "tests.integration.locale_urls")
    assert (get_script_prefix(), get_urlconf()) == ("/", None)


@pytest.mark.parametrize("settings", [{"MIDDLEWARE": []}, {"MIDDLEWARE": WITH_MIDDLEWARE, "USE_I18N": False}])
def test_without_the_middleware_it_is_the_project_s(settings: dict[str, Any]) -> None:
    with override_settings(**settings):
        assert of_handshake(scope("de")).language == "en-us"


def test_a_client_asks_for_either_or_both() -> None:
    present = Locale("en", "UTC")
    assert asked({"language": "de"}, present) == Locale("de", "UTC")
    assert asked({"timezone": "Asia/Tokyo"}, present) == Locale("en", "Asia/Tokyo")
    assert asked({"language": "de-CH", "timezone": "Europe/Zurich"}, present) == Locale("de", "Europe/Zurich")
    assert asked({"language": "de"}, Locale("en", "UTC", "/site/")) == Locale("de", "UTC", "/site/")


LANGUAGES: list[Any] = [None, 7, "", "xx", "d" * 65, "de\x00"]
TIMEZONES: list[Any] = ["Mars/Base", "../../etc/passwd", "/etc/localtime", "", [], "Europe", "\ud800"]


@pytest.mark.parametrize("data", [
    *({"language": name} for name in LANGUAGES), *({"timezone": name} for name in TIMEZONES),
    {}, {"timezone": "Asia/Tokyo", "locale": "de"},
])  # fmt: skip
def test_what_there_is_not_is_invalid(data: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        asked(data, Locale("en", "UTC"))


def test_what_goes_wrong_is_put_into_the_caller_s_words() -> None:
    with pytest.raises(Invalid) as caught, active(Locale("de", "UTC")):
        raise ValidationError({"title": REQUIRED})
    assert caught.value.fields == {"title": [{"code": "invalid", "message": GERMAN}]}
    with pytest.raises(Forbidden, match=GERMAN), active(Locale("de", "UTC")):
        raise Forbidden(REQUIRED)
    with pytest.raises(ZeroDivisionError), active(Locale("de", "UTC")):
        _ = 1 / 0


def test_where_nothing_is_asked_for_what_is_active_holds() -> None:
    with translation.override("fr"), timezone.override("Asia/Tokyo"), active(None):
        assert locales.current() == Locale("fr", "Asia/Tokyo")
    with translation.override("fr"), active(Locale("de", "UTC")):
        assert get_language() == "de"


def test_lazy_texts_of_an_answer_become_text() -> None:
    with translation.override("de"):
        said = in_words({"a": REQUIRED, "b": [REQUIRED, 7], "c": {"d": (REQUIRED,)}})
    assert said == {"a": GERMAN, "b": [GERMAN, 7], "c": {"d": [GERMAN]}}


# On a socket

MOMENT = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
STREAM = "test.spoken"


class Spoken(serializers.ModelSerializer[Note]):
    word = serializers.SerializerMethodField()
    address = serializers.SerializerMethodField()
    at = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ("id", "title", "word", "address", "at")

    def get_word(self, row: Note) -> str:
        return str(REQUIRED)

    def get_address(self, row: Note) -> str:
        return reverse("channels_binding:schema")

    def get_at(self, row: Note) -> str:
        return timezone.localtime(MOMENT).isoformat()


class Refusing(BasePermission):
    message = REQUIRED

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(view.action != "refused")


@pytest.fixture(autouse=True)
def _streams(transactional_db: None, hub_ended: None) -> Iterator[None]:
    with throwaway(), override_settings(MIDDLEWARE=WITH_MIDDLEWARE + _sessions()):

        class SpokenBinding(Binding):
            stream, model, serializer_class = STREAM, Note, Spoken
            permission_classes = (Refusing,)

            def get_audience(self) -> Any:
                return ("all",)

            @bind
            def refused(self, data: Any) -> Any: ...

            @bind
            def lazy(self, data: Any) -> Any:
                return {"word": REQUIRED}

            @bind
            def invalid(self, data: Any) -> Any:
                raise ValidationError(REQUIRED)

        class Awaited(AsyncBinding):
            stream = "test.awaited"

            @bind
            async def lazy(self, data: Any) -> Any:
                return {"word": REQUIRED, "language": get_language()}

        yield


def _sessions() -> list[str]:
    return [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]


async def opened(user: Any, language: str) -> BindingCommunicator:
    socket = BindingCommunicator("/ws/", user=user, headers=[(b"accept-language", language.encode())])
    assert await socket.open()
    return socket


async def test_answers_and_refusals_are_in_the_language_of_the_connection(user: Any) -> None:
    socket = await opened(user, "de")
    assert (await socket.call(f"{STREAM}.lazy"))["data"] == {"word": GERMAN}
    assert (await socket.call("test.awaited.lazy"))["data"] == {"word": GERMAN, "language": "de"}
    assert (await socket.call(f"{STREAM}.refused"))["error"]["message"] == GERMAN
    assert (await socket.call(f"{STREAM}.invalid"))["error"]["fields"]["__all__"][0]["message"] == GERMAN
    missing = (await socket.call(f"{STREAM}.create", {}))["error"]["fields"]["title"]
    assert missing == [{"code": "required", "message": GERMAN}]
    batch = await socket.call("cb.batch", {"atomic": False, "ops": [{"event": f"{STREAM}.create"}]})
    assert batch["data"]["results"][0]["error"]["fields"]["title"] == missing
    await socket.close()


async def test_two_readers_share_no_evaluation_and_no_stream_group_across_languages(user: Any) -> None:
    row = await Note.objects.acreate(title="x")
    german, english = await opened(user, "de"), await opened(user, "en")
    for socket, word in ((german, GERMAN), (english, ENGLISH)):
        assert (await socket.call(f"{STREAM}.search#a"))["data"]["rows"][0]["word"] == word
        await socket.call(f"{STREAM}.subscribe")
    await sync_to_async(Note.objects.filter(pk=row.pk).update)(title="new")
    for socket, word in ((german, GERMAN), (english, ENGLISH)):
        pushes = {message["event"]: message for message in [await socket.receive(), await socket.receive()]}
        assert pushes[f"{STREAM}.retrieve"]["data"]["word"] == word
        assert "word" not in str(pushes[f"{STREAM}.search#a"])  # the row's word is what it was
    await Note.objects.acreate(title="another")
    for socket, word in ((german, GERMAN), (english, ENGLISH)):
        assert word in str(await socket.receive())
        assert word in str(await socket.receive())
    await german.close()
    await english.close()


async def test_a_connection_that_says_another_locale_is_sent_its_live_reads_anew_before_the_reply(user: Any) -> None:
    await Note.objects.acreate(title="x")
    socket = await opened(user, "en")
    first = (await socket.call(f"{STREAM}.search#a"))["data"]["rows"][0]
    assert (first["word"], first["at"]) == (ENGLISH, "2026-01-01T12:00:00+00:00")
    await socket.send({"event": "cb.locale", "id": 9, "data": {"language": "de", "timezone": "Asia/Tokyo"}})
    push, reply = await socket.receive(), await socket.receive()
    assert push["event"] == f"{STREAM}.search#a"
    assert GERMAN in str(push)
    assert "2026-01-01T21:00:00+09:00" in str(push)
    assert reply["data"] == {"success": True, "language": "de", "timezone": "Asia/Tokyo"}
    await Note.objects.acreate(title="another")
    assert GERMAN in str(await socket.receive())
    await socket.close()


async def test_a_locale_that_is_refused_changes_nothing_and_one_that_is_the_same_sends_nothing(user: Any) -> None:
    await Note.objects.acreate(title="x")
    socket = await opened(user, "de")
    await socket.call(f"{STREAM}.search#a")
    refused = await socket.call("cb.locale", {"language": "xx"})
    assert (refused["error"]["code"], [*refused["error"]["fields"]]) == ("invalid", ["language"])
    assert (await socket.call("cb.locale", {"language": "de"}))["data"]["language"] == "de"
    assert await socket.silent()
    assert (await socket.call(f"{STREAM}.lazy"))["data"] == {"word": GERMAN}
    await socket.close()


async def test_a_client_without_the_subprotocol_knows_no_such_message(user: Any) -> None:
    socket = BindingCommunicator("/ws/", user=user, modern=False)
    await socket.open()
    await socket.send({"event": "cb.locale", "data": {"language": "de"}})
    assert (await socket.receive())["error"]["code"] == "bad_request"
    await socket.close()


async def test_a_new_token_keeps_the_locale(user: Any) -> None:
    socket = await opened(user, "de")
    await socket.call("cb.locale", {"timezone": "Asia/Tokyo"})
    from channels_binding.live.hub import Hub

    (subscriber,) = [each for hub in Hub.all() for each in hub.subscribers]
    subscriber._take(subscriber.identity)  # type: ignore[attr-defined]
    assert subscriber.scope["locale"] == Locale("de", "Asia/Tokyo")
    await socket.close()


async def test_events_over_http_stay_in_the_language_that_they_were_asked_for_in(user: Any) -> None:
    from channels_binding.testing import session_cookie

    cookie = await sync_to_async(session_cookie)(user)
    row = await Note.objects.acreate(title="x")
    with fleeting_connections():
        headers = {"accept-language": "de", "cookie": f"sessionid={cookie}"}
        stream = Stream(f"/api/{STREAM}/?order=title", headers=headers, application=ASGIHandler())
        assert await stream.open() == 200
        assert GERMAN in str(await stream.event())
        await sync_to_async(Note.objects.create)(title="another")
        assert GERMAN in str(await stream.event())
        await stream.leave()
    assert row.pk


async def test_addresses_are_the_same_by_socket_and_in_events_first_and_in_pushes(user: Any) -> None:
    from channels_binding.testing import session_cookie

    cookie = await sync_to_async(session_cookie)(user)
    with override_settings(FORCE_SCRIPT_NAME="/site"), fleeting_connections():
        socket = await opened(user, "en")
        stream = Stream(f"/api/{STREAM}/", headers={"cookie": f"sessionid={cookie}"}, application=ASGIHandler())
        await socket.call(f"{STREAM}.search")
        assert await stream.open() == 200
        await stream.event()
        await sync_to_async(Note.objects.create)(title="x")
        for message in (await socket.receive(), (await stream.event())[1]):
            assert "'/site/api/schema/'" in str(message)
        await stream.leave()
        await socket.close()

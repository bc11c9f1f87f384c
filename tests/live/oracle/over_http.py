"""How a client of the oracle keeps a list without a socket: by server-sent events, and by asking again with the ETag it has."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from django.core.asgi import get_asgi_application
from django.test import override_settings
from django.utils import timezone, translation
from django.utils.decorators import sync_and_async_middleware

from channels_binding.asgi import serve_bindings
from tests.asgi_requests import Asked, ask
from tests.conformance.transports import Question, Rest
from tests.streams import Stream, fleeting_connections

if TYPE_CHECKING:
    from tests.live.oracle.clients import Mirror

SECONDS = 60.0
"""How long an answer is waited for; ``World.run`` waits for 30."""


@sync_and_async_middleware
def in_the_callers_words(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Over HTTP a project decides in which language and time zone it answers. This one believes two headers."""

    @contextmanager
    def words(request: Any) -> Iterator[None]:
        with translation.override(request.headers["x-language"]), timezone.override(request.headers["x-timezone"]):
            yield

    def answer(request: Any) -> Any:
        with words(request):
            return get_response(request)

    async def answer_asynchronously(request: Any) -> Any:
        with words(request):
            return await get_response(request)

    return answer_asynchronously if asyncio.iscoroutinefunction(get_response) else answer


@lru_cache
def make_application() -> Callable[..., Awaitable[None]]:
    """What answers HTTP here: as in a project, with the middleware above, and without those that these requests do not need."""
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        f"{__name__}.in_the_callers_words",
    ]
    with override_settings(MIDDLEWARE=middleware):
        return serve_bindings(get_asgi_application())


class OverHttp:
    """A list of one client, by requests that say who asks, in which words, and what it has."""

    def __init__(self, mirror: "Mirror", application: Any) -> None:
        self.mirror, self.application = mirror, application

    is_open = False
    """Whether the server is to send what is new by itself."""

    @property
    def path(self) -> str:
        """``/api/zoo.Note/?order=rank&page=1``"""
        data = {name: value for name, value in self.mirror.data.items() if value not in (None, [], {})}
        if isinstance(data.get("order"), list):
            data["order"] = ",".join(data["order"])
        return f"/api/{self.mirror.stream}/{Rest().route(Question(self.mirror.action, data))[1]}"

    @property
    def headers(self) -> dict[str, str]:
        client = self.mirror.client
        who = {"authorization": f"Token {client.token}"} if client.token else {"cookie": f"sessionid={client.session}"}
        return {**who, "x-language": client.locale.language, "x-timezone": str(client.locale.timezone)}

    def refused(self, answer: dict[str, Any]) -> None:
        """A request was answered with an error."""
        if answer["error"]["code"] != "unauthenticated":
            self.mirror.client.end(self.mirror, answer)

    async def begin(self) -> None:
        """Ask for the list, with what is there of it already."""
        raise NotImplementedError

    async def drain(self) -> None:
        """Take what has arrived."""

    async def follow(self) -> None:
        """All that is written has had its consequences."""

    async def until_refused(self) -> bool:
        """Whether whoever asks is known no more."""
        raise NotImplementedError

    async def leave(self) -> None:
        """Ask no more. What is under way is lost."""


class Events(OverHttp):
    """A stream of events, resumed by the id of the last one that was taken."""

    stream: Stream | None = None
    """None of one that is broken off."""

    @property
    def is_open(self) -> bool:  # type: ignore[override]
        return self.stream is not None

    async def begin(self) -> None:
        known = {"last-event-id": self.mirror.v} if self.mirror.v else {}
        self.stream = Stream(self.path, headers={**self.headers, **known}, application=self.application)
        with fleeting_connections():
            status = await self.stream.open()
        if status == 200:
            await self._next(SECONDS)
        else:
            error = await self.stream.body()
            await self.leave()
            self.refused({"error": error})

    async def _next(self, seconds: float) -> None:
        assert self.stream is not None
        try:
            key, message = await self.stream.event(seconds)
        except EOFError:
            await self.leave()
            return
        if "error" in message:
            await self.leave()
            self.refused(message)
        elif not message["event"].startswith("cb."):
            assert key == message["v"]
            self.mirror.take(message)

    async def drain(self) -> None:
        while self._has_more():
            with suppress(TimeoutError):  # a comment
                await self._next(0.01)

    def _has_more(self) -> bool:
        """Whether something has arrived: an event, or the end."""
        stream = self.stream
        return stream is not None and bool(
            stream.pending or stream.is_over or not stream.application.output_queue.empty()
        )

    async def follow(self) -> None:
        """One that was broken off is taken up again."""
        if self.stream is None:
            await self.begin()

    async def until_refused(self) -> bool:
        while self.stream is not None:
            await self._next(SECONDS)
        await self.begin()
        return self.stream is None

    async def leave(self) -> None:
        """The request is over on both sides when this returns."""
        stream, self.stream = self.stream, None
        if stream is not None:
            await stream.leave()


class Polling(OverHttp):
    """Asked again when all is quiet: what has not changed is not sent again."""

    etag = ""

    async def begin(self) -> None:
        await self.ask()

    async def follow(self) -> None:
        await self.ask()

    async def ask(self) -> int:
        """The status."""
        route, _, query = self.path.partition("?")
        known = {"if-none-match": self.etag} if self.etag else {}
        headers = [(name.encode(), value.encode()) for name, value in {**self.headers, **known}.items()]
        answered = await ask(self.application, Asked("GET", route, query.encode(), headers))
        if answered.status == 200:
            self.etag = dict(answered.headers)["etag"]
            self.mirror.show(orjson.loads(answered.body), self.etag.strip('"').partition("-")[0])
        elif answered.status == 304:
            assert self.etag
        else:
            self.refused({"error": orjson.loads(answered.body)})
        return answered.status

    async def until_refused(self) -> bool:
        return await self.ask() == 401


TRANSPORTS: dict[str, type[OverHttp] | None] = {"socket": None, "events": Events, "polling": Polling}
"""How a list is kept; None for what all lists of a socket are kept by together."""

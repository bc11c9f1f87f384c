"""``/api/batch/``: each operation is authenticated as its own route is."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny

from channels_binding.consumers import Binding, bind
from tests.rest.sending import send
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


class ByHeader(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        name = request.headers.get("X-User")
        if name == "wrong":
            raise AuthenticationFailed()
        return name and (User.objects.get(username=name), f"header of {name}")

    def authenticate_header(self, request: Any) -> str:
        return "Header"


@pytest.fixture
def whose() -> Iterator[None]:
    with throwaway():

        class Default(Binding):
            stream = "test.default"

            @bind(permission_classes=[AllowAny])
            def who(self, data: Any) -> Any:
                return {"user": self.user.username, "auth": self.request.auth, "files": [*self.request.FILES]}

        class ByHeaders(Default):
            stream, authentication_classes = "test.by_headers", (ByHeader,)

        class ByNothing(Default):
            stream, authentication_classes = "test.by_nothing", ()

        class BySession(Default):
            stream, authentication_classes = "test.by_session", (ByHeader, SessionAuthentication)

        yield


@pytest.mark.parametrize("name", ["bob", "wrong", None])
def test_an_operation_of_a_batch_is_authenticated_as_its_own_route_is(
    name: str | None, client: Client, stranger: Any, whose: None
) -> None:
    streams = ["test.by_headers", "test.default", "test.by_nothing", "test.by_session", "test.default"]
    headers = {} if name is None else {"X-User": name}
    alone = [send(client, "POST", f"/api/{stream}/who/", **headers).json() for stream in streams]
    ops = [{"event": f"{stream}.who"} for stream in streams]
    together = send(client, "POST", "/api/batch/", {"ops": ops, "atomic": False}, **headers).json()["results"]
    assert [result.get("data") or result["error"] for result in together] == alone
    assert alone[1] == {"user": "ann", "auth": None, "files": []}
    assert alone[2]["user"] == ""

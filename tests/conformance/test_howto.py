"""The snippets of the how-tos about people, as they stand, in a stranger's project that does what the pages say."""

import re
from pathlib import Path

import pytest

from tests.test_pytest_plugin import FILES, run

HOWTO = Path(__file__).parents[2] / "docs" / "howto"

BINDINGS_HEAD = """
from asgiref.sync import sync_to_async
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.exceptions import Unauthenticated
from django.contrib.auth import authenticate
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.throttling import UserRateThrottle
from shop.models import Order

class IsOwner(BasePermission):
    def has_object_permission(self, request, view, obj):
        return request.method == "GET" or obj.owner == request.user
"""

PROJECT = {
    **FILES,
    "urls.py": """
from django.urls import include, path
urlpatterns = [path("api/", include("channels_binding.urls"))]
""",
    "shop/models.py": """
from django.conf import settings
from django.db import models

class Team(models.Model):
    members = models.ManyToManyField(settings.AUTH_USER_MODEL)

class Order(models.Model):
    title = models.CharField(max_length=40)
    amount = models.IntegerField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    team = models.ForeignKey(Team, models.CASCADE)

class Ticket(models.Model):
    key = models.CharField(max_length=40)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
""",
}

TESTS = """
import json
import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.tokens import AccessToken
from channels_binding.testing import BindingClient, BindingCommunicator, finish
from channels_binding.exceptions import Forbidden, NotFound
from shop.models import Order, Team, Ticket

@pytest.fixture
def people(transactional_db):
    ann = User.objects.create_user("ann", password="secret", first_name="Ann")
    bob, eve = [User.objects.create_user(name) for name in ("bob", "eve")]
    admin = User.objects.create_superuser("root")
    team = Team.objects.create()
    team.members.set([ann, bob, admin])
    order = Order.objects.create(title="chairs", amount=1, owner=ann, team=team)
    return {"ann": ann, "bob": bob, "eve": eve, "root": admin, "order": order.pk}

# decide-who-may.md

def test_rows_are_those_of_ones_team(people):
    assert BindingClient(people["bob"]).search("shop.Order")["count"] == 1
    assert BindingClient(people["eve"]).search("shop.Order")["count"] == 0

def test_the_owner_and_admins_write(people):
    assert BindingClient(people["ann"]).update("shop.Order", people["order"], title="tables")["success"]
    assert BindingClient(people["root"]).update("shop.Order", people["order"], title="desks")["success"]
    with pytest.raises(Forbidden):
        BindingClient(people["bob"]).update("shop.Order", people["order"], title="mine")
    with pytest.raises(NotFound):
        BindingClient(people["eve"]).update("shop.Order", people["order"], title="mine")

def test_the_event_has_permissions_of_its_own(people):
    with pytest.raises(Forbidden):
        BindingClient(people["ann"]).call("shop.Order.close", {})
    BindingClient(people["root"]).call("shop.Order.close", {})

def test_calls_are_counted_and_those_of_the_event_are_not(people):
    client = Client()
    client.force_login(people["root"])
    assert [client.get("/api/shop.Order/").status_code for _ in range(6)] == [200] * 5 + [429]
    assert client.post("/api/shop.Order/close/", "{}", "application/json").status_code == 200

# sign-people-in.md

async def who(path, **options):
    socket = BindingCommunicator(path, **options)
    if not await socket.open():
        return None
    user = socket.hello["data"]["user"]
    await socket.close()
    await finish()
    return user

@pytest.mark.asyncio
async def test_tokens_of_both_kinds_are_taken(people):
    token = await Token.objects.acreate(user=people["ann"])
    ann = str(people["ann"].pk)
    assert await who("/ws/", subprotocols=[f"bearer.{token.key}"]) == ann
    assert await who(f"/ws/?token={AccessToken.for_user(people['ann'])}") == ann
    assert await who("/ws/?token=wrong") is None

@pytest.mark.asyncio
async def test_pages_of_the_named_host_may_connect_and_of_no_other(people):
    options = {"subprotocols": [f"bearer.{AccessToken.for_user(people['ann'])}"]}
    assert await who("/ws/", headers=[(b"origin", b"https://app.example.com")], **options) == str(people["ann"].pk)
    assert await who("/ws/", headers=[(b"origin", b"https://evil.example.com")], **options) is None

@pytest.mark.asyncio
async def test_a_class_of_ones_own_takes_tickets(people, settings):
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": ["shop.tickets.ByTicket"]}
    await Ticket.objects.acreate(key="t1", user=people["bob"])
    assert await who("/ws/?token=t1") == str(people["bob"].pk)
    assert await who("/ws/?token=t2") is None

def post(client, action, data):
    return client.post(f"/api/account/{action}/", json.dumps(data), "application/json")

def test_nothing_else_is_open_to_who_is_not_signed_in(people):
    assert [post(Client(), "sign_out", {}).status_code, Client().get("/api/shop.Order/").status_code] == [401, 401]

def test_a_form_of_another_site_signs_nobody_in(people):
    client, given = Client(enforce_csrf_checks=True), {"username": "ann", "password": "secret"}
    assert client.post("/api/account/sign_in/", given).status_code == 403
    assert "_auth_user_id" not in client.session

def test_a_view_makes_a_token(people):
    answer = Client().post("/token/", {"username": "ann", "password": "secret"})
    assert answer.json() == {"token": Token.objects.get(user=people["ann"]).key}

def test_over_http_a_handler_makes_and_ends_a_session(people):
    client = Client(enforce_csrf_checks=True)
    assert post(client, "sign_in", {"username": "ann", "password": "wrong"}).status_code == 401
    assert "_auth_user_id" not in client.session
    assert post(client, "sign_in", {"username": "ann", "password": "secret"}).json() == {"name": "Ann"}
    assert client.session["_auth_user_id"] == str(people["ann"].pk)
    client.handler.enforce_csrf_checks = False  # a session's requests bring the CSRF token, as anywhere in DRF
    assert post(client, "sign_out", {}).status_code == 200
    assert "_auth_user_id" not in client.session

@pytest.mark.asyncio
async def test_over_a_socket_the_connection_becomes_the_user_s(people, settings):
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    socket = BindingCommunicator("/ws/")
    assert await socket.open()
    refused = await socket.call("account.sign_in", {"username": "ann", "password": "wrong"})
    assert refused["error"]["message"] == "Wrong name or password."
    assert (await socket.call("account.sign_in", {"username": "ann", "password": "secret"}))["data"] == {"name": "Ann"}
    assert (await socket.call("shop.Order.search"))["data"]["count"] == 1
    await socket.close()
    await finish()
"""


def snippets(page: str, language: str = "python") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (HOWTO / page).read_text(), re.S)


def written(tmp_path: Path) -> dict[str, str]:
    """Makes the project with the snippets in it; its files by name."""
    (who_may,) = snippets("decide-who-may.md")
    configuration, app_of_tokens, token_view, ticket, account = snippets("sign-people-in.md")
    settings = FILES["settings.py"] + configuration + app_of_tokens
    settings += """
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware"]
REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"user": "5/min"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
"""
    files = {
        **PROJECT,
        "settings.py": settings,
        "urls.py": PROJECT["urls.py"] + token_view,
        "shop/bindings.py": "\n".join([BINDINGS_HEAD, who_may, account]),
        "shop/tickets.py": "from shop.models import Ticket\n" + ticket,
        "conftest.py": """
import pytest
from django.core.cache import cache

@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()
""",
        "test_people.py": TESTS,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return files


def test_the_snippets_about_people_do_what_their_pages_say(tmp_path: Path) -> None:
    written(tmp_path)
    output = run(tmp_path)
    assert f"{TESTS.count('def test_')} passed" in output, output
    assert "failed" not in output, output


@pytest.mark.parametrize(
    ("file", "right", "wrong", "test"),
    [
        ("shop/bindings.py", "team__members=self.user", "amount=1", "test_rows_are_those_of_ones_team"),
        ("shop/bindings.py", "(IsOwner | IsAdminUser)", "IsOwner", "test_the_owner_and_admins_write"),
        ("shop/bindings.py", "await self.login(user)", "pass", "test_over_a_socket_the_connection_becomes_the_user_s"),
        (
            "shop/bindings.py",
            "throttle_classes = (UserRateThrottle,)",
            "throttle_classes = ()",
            "test_calls_are_counted_and_those_of_the_event_are_not",
        ),
        (
            "shop/tickets.py",
            "accepts_tokens = True",
            "accepts_tokens = False",
            "test_a_class_of_ones_own_takes_tickets",
        ),
    ],
)
def test_a_snippet_that_is_wrong_is_found_out(file: str, right: str, wrong: str, test: str, tmp_path: Path) -> None:
    files = written(tmp_path)
    assert right in files[file]
    (tmp_path / file).write_text(files[file].replace(right, wrong))
    assert f"{test} FAILED" in run(tmp_path, "-k", test)

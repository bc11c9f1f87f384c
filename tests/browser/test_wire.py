"""What a stranger's script gets from the running example: the first documentation's JSON, over a plain socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from .conftest import Desk

SECONDS = 10.0


@contextmanager
def seed_client(desk: Desk, username: str, path: str = "/") -> Iterator[ClientConnection]:
    """A socket without a subprotocol, with the session of a user."""
    with desk.client(username) as client:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    with connect(desk.socket_url + path, additional_headers={"Cookie": cookie}, origin=Origin(desk.url)) as socket:
        yield socket


def ask(socket: ClientConnection, event: str, data: dict[str, Any]) -> dict[str, Any]:
    socket.send(json.dumps({"event": event, "data": data}))
    return hear(socket, event)


def hear(socket: ClientConnection, event: str) -> dict[str, Any]:
    """The next message of this event; others on the way are somebody else's."""
    while True:
        frame = json.loads(socket.recv(SECONDS))
        for message in frame if isinstance(frame, list) else [frame]:
            if message["event"] == event:
                return dict(message)


@pytest.mark.parametrize("path", ["/", "/ws/"])
def test_a_search_for_users_answers_as_it_always_did(desk: Desk, path: str) -> None:
    with seed_client(desk, "agent", path) as socket:
        answer = ask(socket, "auth.User.search", {"page": 2})
    assert set(answer) == {"event", "data"}
    data = answer["data"]
    assert list(data) == ["page", "limit", "count", "rows"]
    assert (data["page"], data["limit"], data["count"], len(data["rows"])) == (2, 25, 102, 25)
    assert {"id", "username", "email"} <= set(data["rows"][0])
    assert not any("password" in row for row in data["rows"])


def test_the_custom_stream_reflects_dispatches_and_broadcasts(desk: Desk) -> None:
    with seed_client(desk, "agent") as caller, seed_client(desk, "manager") as stranger:
        ask(stranger, "desk.Tag.list", {})
        caller.send(json.dumps({"event": "custom_stream.custom_event", "data": {"sender": "me!!!"}}))
        said = [json.loads(caller.recv(SECONDS)) for _ in range(3)]
        heard = json.loads(stranger.recv(SECONDS))
    everyone = "This a dispatched response to the all layers from me!!!"
    assert said == [
        {"event": "custom_stream.custom_event", "data": {"msg": "This a reflected response for me!!!"}},
        {
            "event": "custom_stream.custom_group_event",
            "data": {"msg": "This a dispatched response to the custom_stream subscriber from me!!!"},
        },
        {"event": "custom_stream.custom_all_event", "data": {"msg": everyone}},
    ]
    assert heard == {"event": "custom_stream.custom_all_event", "data": {"msg": everyone}}


def test_teams_part_the_tickets_and_managers_see_all(desk: Desk) -> None:
    counts = {}
    for username in ("admin", "manager", "agent"):
        with seed_client(desk, username) as socket:
            counts[username] = ask(socket, "desk.Ticket.search", {"limit": 1, "live": False})["data"]["count"]
    assert counts["admin"] == counts["manager"] >= 10_000 > counts["agent"] > 1000


def test_both_doors_hide_another_teams_ticket(desk: Desk) -> None:
    with desk.client("manager") as manager:
        billing = manager.get("/api/auth.Group/", params={"query": "Billing"}).json()["rows"][0]["id"]
        hidden = manager.get("/api/desk.Ticket/", params={"group": billing, "limit": 1}).json()["rows"][0]["id"]
    with desk.client("agent") as agent:
        assert agent.get(f"/api/desk.Ticket/{hidden}/").status_code == 404
        assert agent.patch(f"/api/desk.Ticket/{hidden}/", json={"title": "mine"}).status_code == 404
    with seed_client(desk, "agent") as socket:
        for action in ("retrieve", "update", "delete", "close", "form"):
            answer = ask(socket, f"desk.Ticket.{action}", {"id": hidden})
            assert answer["error"]["code"] in ("not_found", "forbidden"), action


def test_a_comment_on_a_hidden_ticket_is_refused(desk: Desk) -> None:
    with desk.client("manager") as manager:
        billing = manager.get("/api/auth.Group/", params={"query": "Billing"}).json()["rows"][0]["id"]
        hidden = manager.get("/api/desk.Ticket/", params={"group": billing, "limit": 1}).json()["rows"][0]["id"]
    with desk.client("agent") as agent:
        refused = agent.post("/api/desk.Comment/", json={"ticket": hidden, "text": "?"})
        assert refused.json()["fields"]["ticket"][0]["code"] == "does_not_exist"
        own = agent.get("/api/desk.Ticket/", params={"limit": 1}).json()["rows"][0]["id"]
        written = agent.post("/api/desk.Comment/", json={"ticket": own, "text": "On my way."})
        assert written.status_code == 201, written.text
        assert written.json()["author"] is not None


def test_an_agent_opens_tickets_for_a_team_of_their_own_only(desk: Desk) -> None:
    with desk.client("agent") as agent:
        teams = {row["name"]: row["id"] for row in agent.get("/api/auth.Group/").json()["rows"]}
        like = agent.get("/api/desk.Ticket/", params={"limit": 1}).json()["rows"][0]
        fields = {"title": "New", "customer": like["customer"]}
        assert agent.post("/api/desk.Ticket/", json={**fields, "group": teams["Sales"]}).status_code == 403
        assert agent.post("/api/desk.Ticket/", json={**fields, "group": teams["Support"]}).status_code == 201
        assert "managers" not in teams


def test_agents_change_no_users_and_no_tags(desk: Desk) -> None:
    with desk.client("agent") as agent, desk.client("admin") as admin:
        admin_id = agent.get("/api/auth.User/", params={"username": "admin"}).json()["rows"][0]["id"]
        assert agent.patch(f"/api/auth.User/{admin_id}/", json={"email": "a@example.com"}).status_code == 403
        assert agent.post("/api/desk.Tag/", json={"name": "mine"}).status_code == 403
        assert admin.patch(f"/api/auth.User/{admin_id}/", json={"first_name": "Ada"}).status_code == 200


def test_close_closes_a_ticket_for_everyone(desk: Desk) -> None:
    with seed_client(desk, "agent") as socket:
        key = ask(socket, "desk.Ticket.search", {"filters": {"status": "open"}, "limit": 1})["data"]["rows"][0]["id"]
        answer = ask(socket, "desk.Ticket.close", {"id": key})
        assert answer["data"] == {"success": True, "id": key}
        row = ask(socket, "desk.Ticket.retrieve", {"id": key, "live": False})["data"]
        assert row["status"] == "closed"


def test_the_traffic_switch_is_one_for_all_windows(desk: Desk) -> None:
    with seed_client(desk, "agent") as one, seed_client(desk, "manager") as other:
        off = ask(other, "desk.life.status", {})["data"]
        assert off["running"] is False
        ask(one, "desk.life.start", {"per_second": 50})
        assert hear(other, "desk.life.status")["data"]["running"] is True
        later = hear(other, "desk.life.status")["data"]
        assert later["changed"] > off["changed"]
        ask(other, "desk.life.stop", {})
        while hear(one, "desk.life.status")["data"]["running"]:
            pass
        wrong = ask(one, "desk.life.start", {"per_second": 51})
        assert wrong["error"]["code"] == "invalid"


def test_without_a_session_there_is_no_socket(desk: Desk) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(desk.socket_url + "/"):
        pass
    assert refused.value.response.status_code == 403


def test_a_foreign_page_gets_no_socket(desk: Desk) -> None:
    with desk.client("agent") as client:
        cookie = f"sessionid={client.cookies['sessionid']}"
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(
            desk.socket_url + "/", additional_headers={"Cookie": cookie}, origin=Origin("http://elsewhere.example")
        ),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_an_attachment_is_for_those_who_see_its_ticket(desk: Desk) -> None:
    with desk.client("manager") as manager, desk.client("agent") as agent:
        billing = manager.get("/api/auth.Group/", params={"query": "Billing"}).json()["rows"][0]["id"]
        key = manager.get("/api/desk.Ticket/", params={"group": billing, "limit": 1}).json()["rows"][0]["id"]
        upload = {"attachment": ("note.html", b"<script>alert(1)</script>", "text/html")}
        uploaded = manager.patch(f"/api/desk.Ticket/{key}/", files=upload)
        assert uploaded.status_code == 200, uploaded.text
        address = httpx.URL(manager.get(f"/api/desk.Ticket/{key}/").json()["attachment"]).path
        answer = manager.get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert agent.get(address).status_code == 404
    assert httpx.get(desk.url + address).status_code == 302


def test_loading_the_demo_twice_changes_nothing(desk: Desk) -> None:
    assert "already there" in desk.manage("load_demo")


def test_the_migrations_match_the_models(desk: Desk) -> None:
    assert "No changes" in desk.manage("makemigrations", "--check", "--dry-run")

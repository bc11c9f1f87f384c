"""What is done to single messages on their way."""

from collections.abc import Callable, Iterable
from typing import Any

from channels_binding_conformance.live_list import version_of
from tests.integration.conformance.bending import CLOSE, Message, State

Said = Callable[[Message, State], Iterable[Message]]


def change(of: str, by: Callable[[Any], Any], *, among: Callable[[Message], bool] = lambda _: True) -> Said:
    """``change("data.count", …)``: that member of every message that has it."""
    path = of.split(".")

    def bent(message: Message, _: State) -> list[Message]:
        inner: Any = message
        for name in path[:-1]:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and path[-1] in inner and among(message):
            inner[path[-1]] = by(inner[path[-1]])
        return [message]

    return bent


def drop(of: str, *, among: Callable[[Message], bool] = lambda _: True) -> Said:
    """That member is never there."""
    path = of.split(".")

    def bent(message: Message, _: State) -> list[Message]:
        inner: Any = message
        for name in path[:-1]:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and among(message):
            inner.pop(path[-1], None)
        return [message]

    return bent


def is_push(message: Message) -> bool:
    return "id" not in message and "type" in message


def is_reply(message: Message) -> bool:
    return "id" in message


def reversed_rows(message: Message, _: State) -> list[Message]:
    data = message.get("data")
    if isinstance(data, dict) and isinstance(data.get("rows"), list):
        data["rows"].reverse()
        if "etags" in message:
            message["etags"].reverse()
            etags = dict(zip([row["id"] for row in data["rows"]], message["etags"], strict=False))
            message["v"] = version_of(data["rows"], etags) if etags else message["v"]
    return [message]


def reply_first(message: Message, state: State) -> list[Message]:
    """Pushes wait for the next reply, and come after it."""
    held: list[Message] = state.setdefault("held", [])
    if is_push(message):
        held.append(message)
        return []
    state["held"] = []
    return [message, *held]


def noted(message: Message, state: State) -> list[Message]:
    state.setdefault("asked", {})[message.get("id")] = message
    return [message]


def asked(message: Message, state: State) -> Message:
    found: Message = state.get("asked", {}).get(message.get("id"), {})
    return found


def hidden_is_forbidden(message: Message, state: State) -> list[Message]:
    if "error" in message and asked(message, state).get("data", {}).get("id") == 2:
        message["error"] |= {"code": "forbidden", "status": 403}
    return [message]


def error_to_data(*codes: str, only: str = "") -> Said:
    def bent(message: Message, _: State) -> list[Message]:
        if message.get("error", {}).get("code") in codes and only in message["event"]:
            del message["error"]
            message["data"] = {"success": True}
        return [message]

    return bent


def renamed(old: str, new: str) -> tuple[Said, Said]:
    """Calls of one stream reach another; what comes back has the first name. For both directions."""

    def heard(message: Message, _: State) -> list[Message]:
        return [{**message, "event": message["event"].replace(old, new)}]

    def said(message: Message, _: State) -> list[Message]:
        return [{**message, "event": message["event"].replace(new, old)}]

    return heard, said


def own_is_all(message: Message, state: State) -> list[Message]:
    is_own = message["event"].startswith("zoo.OwnNote")
    return (
        [{**message, "event": message["event"].replace("zoo.OwnNote", "zoo.Note")}] if is_own else noted(message, state)
    )


def all_is_own(message: Message, _: State) -> list[Message]:
    is_read = any(name in message["event"] for name in (".search", ".retrieve", ".list", ".aggregate", ".subscribe"))
    return [{**message, "event": message["event"].replace("zoo.Note", "zoo.OwnNote") if is_read else message["event"]}]


def second_list_beside_the_first(message: Message, state: State) -> list[Message]:
    if message["event"] == "zoo.Note.search#h":
        state["lists"] = state.get("lists", 0) + 1
        return [{**message, "event": f"zoo.Note.search#h{state['lists']}"}]
    return [message]


def instead_of(action: str, other: str) -> tuple[Said, Said]:
    """An action that does nothing, and is answered with success."""

    def heard(message: Message, state: State) -> list[Message]:
        if f".{action}" in message["event"]:
            state["done"] = {**state.get("done", {}), message.get("id"): message}
            return [{"event": f"zoo.Note.{other}", "id": message.get("id"), "data": {}}]
        return [message]

    def said(message: Message, state: State) -> list[Message]:
        done = state.get("done", {}).pop(message.get("id"), None) if is_reply(message) else None
        key = {"id": done["data"]["id"]} if done and "id" in done.get("data", {}) else {}
        return [{"event": done["event"], "id": done["id"], "data": {"success": True, **key}}] if done else [message]

    return heard, said


def without_unknown(message: Message, _: State) -> list[Message]:
    data = message.get("data") or {}
    for name in ("params", "nonsense"):
        data.pop(name, None)
    for name in ("order", "fields", "filters"):
        if "secret_code" in str(data.get(name)):
            del data[name]
    return [message]


def rank_is_lost(message: Message, _: State) -> list[Message]:
    if message["event"] == "zoo.Note.update":
        message["data"] = {**message["data"], "weight": 0}
    return [message]


def changed_is_same(message: Message, _: State) -> list[Message]:
    if message.get("type") == "delta":
        kept = {name: value for name, value in message["data"].items() if name not in ("rows", "order")}
        return [{"event": message["event"], "id": message["id"], "type": "same", "v": message["v"], "data": kept}]
    return [message]


def dead_after_return(message: Message, _: State) -> list[Message]:
    if "have" in message:
        message["data"] = {**message["data"], "live": False}
    return [message]


def ends_on_refusal(message: Message, _: State) -> list[Message]:
    return [message] if "error" not in message else [CLOSE]


def gone_says_more(message: Message, _: State) -> list[Message]:
    return [
        {**message, "type": "snapshot", "v": "0" * 12, "data": {"id": 2}} if message.get("type") == "gone" else message
    ]


def of(name: str) -> Callable[[Message], bool]:
    return lambda message: name in message["event"]


def http_errors_bare(path: str, status: int, headers: dict[str, str], body: Any) -> tuple[int, Any]:
    return status, {"detail": "No."} if status >= 400 else body


def http(part: str, status: int | None = None, by: Callable[[Any], Any] = lambda body: body) -> Any:
    """Answers of addresses with ``part`` in them have another status, or body."""

    def response(path: str, was: int, headers: dict[str, str], body: Any) -> tuple[int, Any]:
        return (status or was, by(body)) if part in path else (was, body)

    return response


def http_hidden(path: str, status: int, headers: dict[str, str], body: Any) -> tuple[int, Any]:
    return (403, {**body, "status": 403}) if status == 404 and path.endswith("/2/") else (status, body)


def http_no_link(path: str, status: int, headers: dict[str, str], body: Any) -> tuple[int, Any]:
    headers.pop("Link", None)
    return status, body

"""What one would write by hand for speed alone: no validation, no permissions, no limits, nothing stays live."""

from typing import Any

import orjson
from asgiref.sync import sync_to_async

from shop.models import FIELDS, Item


def answer(action: str, data: dict[str, Any]) -> Any:
    if action == "retrieve":
        return Item.objects.values(*FIELDS).get(pk=data["id"])
    if action == "search":
        start = (data["page"] - 1) * data["limit"]
        rows = Item.objects.values(*FIELDS)[start : start + data["limit"]]
        return {"count": Item.objects.count(), "rows": [*rows]}
    if action == "create":
        item = Item.objects.create(**data)
        return {name: getattr(item, name) for name in FIELDS if name != "owner"}
    item = Item.objects.get(pk=data.pop("id"))
    for name, value in data.items():
        setattr(item, name, value)
    item.save()
    return {"id": item.pk}


async def application(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        message = orjson.loads(event["text"])
        data = await sync_to_async(answer)(message["action"], message["data"])
        body = orjson.dumps({"id": message["id"], "data": data}, default=str)
        await send({"type": "websocket.send", "text": body.decode()})

"""The address that fills the server anew. It asks nobody who it is: only a server that is there to be tried may have it."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token

from channels_binding_conformance.profile.models import Chapter, Label, Note, Novel


class BearerAuthentication(TokenAuthentication):
    keyword = "Bearer"


@csrf_exempt
@require_POST
def reset(request: HttpRequest) -> JsonResponse:
    """A fixture → ``{"users": {"ann": 1, "bob": 2}}``, the keys of those who have tokens."""
    fixture = json.loads(request.body)
    with transaction.atomic():
        users = _fill(fixture)
    cache.clear()  # idempotency keys
    return JsonResponse({"users": users})


def _fill(fixture: Mapping[str, Any]) -> dict[str, Any]:
    user_model = get_user_model()
    for model in (Chapter, Novel, Note, Label, Token, user_model):
        model._default_manager.all().delete()
    users = {name: user_model.objects.create(username=name) for name in sorted({*fixture["tokens"].values()})}
    for token, name in fixture["tokens"].items():
        Token.objects.create(key=token, user=users[name])
    if named := fixture.get("user"):
        user_model.objects.create(**named)
    missing = fixture.get("users", 0) - user_model.objects.count()
    user_model.objects.bulk_create(
        user_model(username=f"user{i}", email=f"user{i}@example.com") for i in range(missing)
    )
    for note in fixture.get("notes", ()):
        owner = users[note["owner"]] if note.get("owner") else None
        Note._default_manager.create(**{**note, "owner": owner})
    for novel in fixture.get("novels", ()):
        made = Novel._default_manager.create(id=novel["id"], title=novel["title"])
        for chapter in novel["chapters"]:
            Chapter._default_manager.create(novel=made, **chapter)
    return {name: user.pk for name, user in users.items()}

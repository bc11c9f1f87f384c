"""``manage.py bindings``: the streams of this project, and what each offers to whom."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from channels_binding.bindings.base import BaseBinding
from channels_binding.calls.call import Call
from channels_binding.exceptions import BindingError, NotFound
from channels_binding.live.queries.explain import describe, explain, name_of
from channels_binding.protocol import codecs
from channels_binding.registry import registry

NOBODY = ": asked as nobody in particular. --user NAME says as whom."


class Command(BaseCommand):
    help = (
        "Shows every stream: its binding, actions, fields, filters, orders, permissions, and who shares its live reads."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("streams", nargs="*", help="Only these streams, like desk.Ticket.")
        parser.add_argument("--json", action="store_true", help="For programs.")
        parser.add_argument("--explain", action="store_true", help="How changes find the live lists of each stream.")
        parser.add_argument("--user", help="With --explain: whose lists (what they sign in with; by default nobody's).")
        parser.add_argument("--data", default="{}", help='With --explain: which list, {"filters": {"status": "open"}}.')

    def handle(self, *args: Any, streams: list[str], json: bool, **options: Any) -> None:
        try:
            chosen = [registry.get(name) for name in streams] or sorted(registry, key=lambda cls: cls.get_stream())
        except NotFound:
            known = ", ".join(sorted(cls.get_stream() for cls in registry))
            raise CommandError(f"There is no such stream. There are: {known}.") from None
        described = [self._explained(cls, options) if options["explain"] else describe(cls) for cls in chosen]
        self.stdout.write(_as_json(described) if json else "\n\n".join(_as_text(each) for each in described))

    def _explained(self, cls: type[BaseBinding], options: Mapping[str, Any]) -> dict[str, Any]:
        try:
            call = Call(cls.get_stream(), "search", codecs.parse(options["data"]), _user(options["user"]))
            return explain(cls, call)
        except (ValueError, models.ObjectDoesNotExist) as error:
            raise CommandError(str(error)) from None
        except BindingError as error:
            refused = f"{error} ({error.code})" + (NOBODY if error.code == "unauthenticated" else "")
            return {"stream": cls.get_stream(), "binding": name_of(cls), "refused": refused}


def _user(name: str | None) -> Any:
    if name is None:
        return AnonymousUser()
    model = get_user_model()
    try:
        return model._default_manager.get_by_natural_key(name)
    except model.DoesNotExist:
        raise CommandError(f"There is no user whose {model.USERNAME_FIELD} is {name!r}.") from None


def _as_json(described: list[dict[str, Any]]) -> str:
    return json.dumps(described, indent=2)


def _as_text(described: dict[str, Any]) -> str:
    head = f"{described['stream']}  ({described['binding']})"
    lines = [f"  {name:<15}{_value(value)}" for name, value in described.items() if name not in ("stream", "binding")]
    return "\n".join([head, *lines])


def _value(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)

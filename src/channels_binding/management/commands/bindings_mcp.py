"""``manage.py bindings_mcp``: the bindings as tools of the Model Context Protocol, over standard input and output."""

import asyncio
import os
from argparse import ArgumentParser
from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_binding.exceptions import Unauthenticated

TOKEN = "CHANNELS_BINDING_TOKEN"  # noqa: S105 (the name of a variable)


class Command(BaseCommand):
    help = (
        f"Offers the bindings to a language model (MCP over stdio), as --user, or as whoever the token in {TOKEN} says."
    )
    requires_system_checks = ()  # they would write where the protocol is written

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = f"Ask as this user (what they sign in with). By default the token in {TOKEN} says who."
        parser.add_argument("--user", help=whose)

    def handle(self, *args: Any, user: str | None, **options: Any) -> None:
        if find_spec("mcp") is None:
            raise CommandError('It needs the SDK: pip install "channels-binding[mcp]"')
        from channels_binding.contrib.mcp.identification import by_name, by_token

        token = os.environ.get(TOKEN)
        if user is None and not token:
            raise CommandError(f"As whom? --user NAME, or a token in {TOKEN}.")
        asyncio.run(self._serve(by_name(user) if user is not None else by_token(str(token))))

    async def _serve(self, identify: Any) -> None:
        from mcp.server.stdio import stdio_server

        from channels_binding.contrib.mcp.server import make_server

        try:
            await identify()
        except Unauthenticated as error:
            raise CommandError(error.message) from None
        server = make_server(identify)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

"""``manage.py bindings_types``: TypeScript of the streams of this project."""

from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Prints TypeScript of every stream: rows, inputs, filters, orders, events. @channels-binding/core reads it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--output", metavar="FILE", type=Path, help="Write it there.")
        where.add_argument("--check", metavar="FILE", type=Path, help="Fail if that file is not what would be written.")
        parser.add_argument(
            "--server", metavar="NAME", help="The name of this server's client in a page of several: 'NAME:app.Model'."
        )

    def handle(
        self, *args: Any, output: Path | None, check: Path | None, server: str | None = None, **options: Any
    ) -> None:
        text = self._text(server)
        if check is not None:
            self._compare(check, text)
        elif output is not None:
            output.write_text(text, "utf-8")
        else:
            self.stdout.write(text, ending="")

    def _text(self, server: str | None) -> str:
        if find_spec("drf_spectacular") is None:
            raise CommandError('Types are made by drf-spectacular: pip install "channels-binding[openapi]".')
        from channels_binding.contract import typescript

        text, omissions = typescript.written(server)
        for name, error in omissions.found.items():
            self.stderr.write(f"{name} is left out, since it cannot be described: {error!r}")
        return text

    def _compare(self, file: Path, text: str) -> None:
        if not file.exists() or file.read_text("utf-8") != text:
            raise CommandError(f"{file} is out of date. Write it anew: manage.py bindings_types --output {file}")
        self.stdout.write(f"{file} is up to date.")

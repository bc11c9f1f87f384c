"""``manage.py bindings_triggers``: the triggers of PostgreSQL that record every change, whoever makes it."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connections, models, router, transaction

from channels_binding.contrib.postgres_triggers import sql
from channels_binding.contrib.postgres_triggers.tables import Watched, all_watched
from channels_binding.live.identity.models import watched_models
from channels_binding.registry import registry


class Command(BaseCommand):
    help = (
        "Installs, removes or shows the triggers on the tables of models. Without models: those of all bindings, and of "
        "users, groups and permissions. After a migration, install again: what is up to date stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["install", "remove", "status"])
        parser.add_argument("models", nargs="*", help="Only these models, like desk.Ticket.")
        parser.add_argument("--database", default="default", help="Alias of the database.")

    def handle(self, *args: Any, what: str, models: Sequence[str], database: str, **options: Any) -> None:
        connection = connections[database]
        if connection.vendor != "postgresql":
            raise CommandError(f"{database!r} is {connection.display_name}; only PostgreSQL has such triggers.")
        chosen = [_model(label) for label in models] or sorted(_default_models(), key=lambda model: model._meta.label)
        with transaction.atomic(using=database), connection.cursor() as cursor:
            getattr(self, f"_{what}")(cursor, _tables(cursor, chosen, database), bool(models))

    def _install(self, cursor: Any, tables: Sequence[Watched], is_chosen: bool) -> None:
        cursor.execute("SELECT current_schema()")
        sql.install(cursor, tables, cursor.fetchone()[0])
        self.stdout.write(f"{len(tables)} tables tell of their changes: {_names(tables)}.")

    def _remove(self, cursor: Any, tables: Sequence[Watched], is_chosen: bool) -> None:
        if not sql.is_installed(cursor):
            raise CommandError("There is nothing to remove.")
        names = [each.table for each in tables] if is_chosen else sorted(sql.present(cursor))
        if is_chosen:
            sql.remove(cursor, names)
        else:
            sql.remove_all(cursor)
        self.stdout.write(f"{len(names)} tables tell no more: {', '.join(names)}.")

    def _status(self, cursor: Any, tables: Sequence[Watched], is_chosen: bool) -> None:
        present = sql.present(cursor) if sql.is_installed(cursor) else set[str]()
        for each in tables:
            self.stdout.write(f"{'installed' if each.table in present else 'missing  '}  {each.table}")
        missing = [each.table for each in tables if each.table not in present]
        if missing:
            raise CommandError(f"{len(missing)} of {len(tables)} tables have no triggers.")


def _model(label: str) -> type[models.Model]:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        raise CommandError(f"There is no model {label!r}. Models are named like desk.Ticket.") from None


def _default_models() -> set[type[models.Model]]:
    bound = (cls.find_model() for cls in registry)
    return {model for model in bound if model is not None} | watched_models()


def _tables(cursor: Any, chosen: Sequence[type[models.Model]], database: str) -> list[Watched]:
    present = sql.ordinary_tables(cursor)
    here = [model for model in chosen if router.allow_migrate_model(database, model)]
    return [each for each in all_watched(here) if each.table in present]


def _names(tables: Sequence[Watched]) -> str:
    return ", ".join(each.table for each in tables)

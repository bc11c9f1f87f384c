"""``manage.py bindings_clear_uploads``: deletes uploaded files that nobody has used in time. Run it daily."""

from typing import Any

from django.core.management.base import BaseCommand

from channels_binding.forms import uploads


class Command(BaseCommand):
    help = "Deletes files that were uploaded for a socket and never used."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{uploads.clear()} deleted.")

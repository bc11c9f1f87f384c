"""The package's own table: its migration is the model's, and its changes are nobody's news."""

from typing import Any

import pytest
from django.core.management import call_command

from channels_binding.live.capture import statements
from channels_binding.models import KeptAnswer


@pytest.mark.django_db(databases="__all__")
def test_the_migration_makes_what_the_model_says(settings: Any) -> None:
    settings.MIGRATION_MODULES = {}
    call_command("makemigrations", "channels_binding", check=True, dry_run=True, verbosity=0)


def test_kept_answers_are_not_captured() -> None:
    assert KeptAnswer._meta.db_table not in statements.tables()


@pytest.mark.django_db
def test_a_kept_answer_shows_its_name_and_state() -> None:
    assert str(KeptAnswer(name="ab", state=KeptAnswer.State.DONE)) == "ab (done)"

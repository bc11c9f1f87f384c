"""The quick ``flush`` of the test project: each test begins with the database that Django's own flush would leave."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from tests.project.zoo.models import Label, Note

pytestmark = pytest.mark.django_db(transaction=True)


def flush() -> None:
    """As ``TransactionTestCase`` does after each test."""
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=False)


def permissions() -> set[tuple[str, ...]]:
    return set(Permission.objects.values_list("content_type__app_label", "codename", "name"))


def all_rows() -> dict[str, int]:
    with connection.cursor() as cursor:
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        counts = {}
        for name in names:
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(name)}")
            counts[name] = cursor.fetchone()[0]
    return {name: count for name, count in counts.items() if count}


def test_rows_are_gone_and_permissions_stay() -> None:
    flush()
    before, clean = permissions(), all_rows()
    assert set(clean) == {"django_content_type", "auth_permission"}
    Group.objects.create(name="editors").permissions.set(Permission.objects.all()[:3])
    Note.objects.create(title="kept by nobody").labels.add(Label.objects.create(name="x"))
    flush()
    assert (permissions(), all_rows()) == (before, clean)


@pytest.mark.parametrize(
    "change",
    [
        lambda: Permission.objects.create(
            codename="read_note", name="May read", content_type=ContentType.objects.get_for_model(Note)
        ),
        lambda: Permission.objects.filter(codename="add_note").delete(),
        lambda: Permission.objects.filter(codename="add_note").update(name="Renamed"),
        lambda: ContentType.objects.create(app_label="x", model="y"),
    ],
    ids=["added", "deleted", "renamed", "content type"],
)
def test_what_django_makes_is_made_anew_once_it_was_touched(change: Callable[[], object]) -> None:
    flush()
    before, clean = permissions(), all_rows()
    change()
    flush()
    assert (permissions(), all_rows()) == (before, clean)

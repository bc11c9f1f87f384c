"""What users may do: of many at once as of each."""

from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_binding.live.grants import Grants, grants_of, read_grants

pytestmark = pytest.mark.django_db


def fresh() -> list[Any]:
    return [*get_user_model()._default_manager.order_by("pk")]


@pytest.fixture
def people() -> None:
    """By permissions of their own, of one group, of several, both; of none; deactivated; superusers."""
    first, second, third = Permission.objects.order_by("pk")[:3]
    readers, writers, empty = (Group.objects.create(name=name) for name in ("readers", "writers", "empty"))
    readers.permissions.set([first])
    writers.permissions.set([first, second])
    made = get_user_model()._default_manager.create_user
    made("none")
    made("own").user_permissions.set([third])
    made("reads").groups.set([readers])
    both = made("both")
    both.groups.set([readers, writers, empty])
    both.user_permissions.set([first, third])
    made("empty").groups.set([empty])
    made("gone", is_active=False).groups.set([writers])
    made("root", is_superuser=True).groups.set([readers])


def said(grants: Grants) -> Any:
    return grants.permissions, grants.groups


def test_of_many_it_is_what_it_is_of_each(people: None) -> None:
    found = read_grants(fresh())
    assert {key: said(grants) for key, grants in found.items()} == {user.pk: said(grants_of(user)) for user in fresh()}
    assert len({grants.permissions for grants in found.values()}) == 5


def test_what_it_takes_does_not_grow_with_their_number(people: None) -> None:
    plain = [user for user in fresh() if not user.is_superuser]
    with CaptureQueriesContext(connection) as captured:
        read_grants(plain)
    assert len(captured) == 3


class Generous(ModelBackend):
    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return {"zoo.everything"}


def test_a_backend_of_the_project_is_asked_of_each(people: None, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Generous"]
    assert {grants.permissions for grants in read_grants(fresh()).values()} == {frozenset({"zoo.everything"})}


def test_a_user_class_that_says_it_itself_is_asked(people: None) -> None:
    with mock.patch.object(get_user_model(), "get_all_permissions", lambda self: {self.username}):
        found = read_grants(fresh())
    assert [*found[fresh()[0].pk].permissions] == [fresh()[0].username]


def test_nothing_is_kept_on_users_that_are_read_together(people: None) -> None:
    plain = [user for user in fresh() if not user.is_superuser]
    before = [{*vars(user)} for user in plain]
    read_grants(plain)
    assert [{*vars(user)} for user in plain] == before

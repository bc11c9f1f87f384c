"""Which models say whose a connection is."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from rest_framework.authtoken.models import Token

from channels_binding.live.identity import models
from channels_binding.live.identity.models import heeds, holds, watch, watched_models
from tests.project.zoo.models import Cafe, EspressoBar, Note, Place


def holder(auth: Any) -> Any:
    return SimpleNamespace(auth=auth)


def test_users_groups_and_what_is_between_them_are_watched() -> None:
    user, group = get_user_model(), Group
    expected = {user, group, user.groups.through, user.user_permissions.through, group.permissions.through}
    assert expected <= watched_models()


def test_the_tables_that_a_user_is_a_row_of_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "get_user_model", lambda: EspressoBar)
    models.labels.cache_clear()
    try:
        assert {EspressoBar, Cafe, Place} <= watched_models()
    finally:
        models.labels.cache_clear()


@pytest.mark.parametrize(
    ("label", "is_heeded"),
    [
        ("auth.User", True),
        ("auth.User_groups", True),
        ("auth.Group", True),
        ("auth.Group_permissions", True),
        ("sessions.Session", True),
        ("authtoken.Token", True),
        ("zoo.Note", False),
    ],
)
def test_what_says_whose_a_connection_is(label: str, is_heeded: bool) -> None:
    assert heeds(label) is is_heeded


def test_a_model_whose_rows_are_tokens_counts_from_the_first_connection_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "token_labels", set())
    watch("a text, as of a JSON Web Token")
    assert not heeds("zoo.Note")
    watch(Note(id=7))
    assert heeds("zoo.Note")


@pytest.mark.parametrize(
    ("label", "keys", "is_it"),
    [
        ("authtoken.Token", {"k1"}, True),
        ("authtoken.Token", {"k2"}, False),
        ("authtoken.Token", set(), False),
        ("authtoken.Token", None, True),
        ("zoo.Note", None, False),
    ],
)
def test_a_connection_holds_a_row_that_is_its_token(label: str, keys: Any, is_it: bool) -> None:
    assert holds(holder(Token(key="k1")), label, keys) is is_it


def test_who_holds_no_row_holds_none() -> None:
    assert not holds(holder("k1"), "authtoken.Token", None)
    assert not holds(object(), "authtoken.Token", None)  # type: ignore[arg-type]


def test_a_key_that_is_no_text_is_found_by_its_text() -> None:
    assert holds(holder(Note(id=7)), "zoo.Note", {7})

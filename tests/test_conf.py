"""Settings: defaults, spelling, the first release's names, reload."""

import ast
import inspect
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from channels_binding import conf
from channels_binding.conf import Settings, get_settings, load_classes


@override_settings(CHANNELS_BINDING={})
def test_nothing_has_to_be_configured() -> None:
    assert get_settings() == Settings()


@override_settings(CHANNELS_BINDING={"DEFAULT_PAGE_SIZE": 10, "ANONYMOUS_CONNECTION_ALLOWED": True})
def test_what_is_given_is_taken_and_the_rest_is_default() -> None:
    assert get_settings() == Settings(DEFAULT_PAGE_SIZE=10, ANONYMOUS_CONNECTION_ALLOWED=True)


def test_anonymous_connections_are_refused_by_default() -> None:
    assert Settings().ANONYMOUS_CONNECTION_ALLOWED is False


@pytest.mark.parametrize("name", ["AUTHENTIFICATION_CLASSES", "AUTHENTICATION_CLASSES"])
def test_both_spellings_of_authentication_are_read(name: str) -> None:
    with override_settings(CHANNELS_BINDING={name: ("a.B",)}):
        assert get_settings().AUTHENTIFICATION_CLASSES == ("a.B",)


@pytest.mark.parametrize("name", ["DEFAULT_PAGESIZE", "default_page_size", "", "__class__"])
def test_an_unknown_name_is_refused_with_the_names_there_are(name: str) -> None:
    with override_settings(CHANNELS_BINDING={name: 1}), pytest.raises(ImproperlyConfigured) as refused:
        get_settings()
    assert f"does not know {name}" in str(refused.value)
    assert "DEFAULT_PAGE_SIZE" in str(refused.value)


def test_settings_are_read_again_after_an_override() -> None:
    before = get_settings().DEFAULT_PAGE_SIZE
    with override_settings(CHANNELS_BINDING={"DEFAULT_PAGE_SIZE": before + 1}):
        assert before + 1 == get_settings().DEFAULT_PAGE_SIZE
    assert before == get_settings().DEFAULT_PAGE_SIZE


def test_overriding_something_else_reads_nothing_again() -> None:
    before = get_settings()
    with override_settings(STATIC_URL="/other/"):
        assert get_settings() is before


def test_settings_do_not_change_under_those_who_read_them() -> None:
    with pytest.raises(FrozenInstanceError):
        get_settings().DEFAULT_PAGE_SIZE = 1  # type: ignore[misc]


@pytest.mark.parametrize("given", [["django.forms.Form"], [__import__("django.forms").forms.Form]])
def test_classes_are_given_by_path_or_as_they_are(given: list[Any]) -> None:
    assert [cls.__name__ for cls in load_classes(given)] == ["Form"]


def test_a_path_that_leads_nowhere_is_an_import_error() -> None:
    with pytest.raises(ImportError):
        load_classes(["no.where.Class"])


def test_every_setting_says_what_it_is() -> None:
    (cls,) = [
        node
        for node in ast.parse(inspect.getsource(conf)).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ]
    described = {
        node.target.id
        for node, after in zip(cls.body, cls.body[1:], strict=False)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }
    assert described == {member.name for member in fields(Settings)}

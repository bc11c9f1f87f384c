"""Every misconfiguration that can be seen beforehand is seen, and its message names the way out."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from channels_binding import bindings, checks
from channels_binding.bindings import AsyncBinding
from channels_binding.registry import Registry
from tests.project.zoo.models import Note

CORE = "channels_redis.core.RedisChannelLayer"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry of the bindings that the test defines, and of no others."""
    monkeypatch.setattr(bindings, "defined", [])
    registry = Registry()
    monkeypatch.setattr(checks, "registry", registry)
    return registry


def ids(*names: str) -> set[str]:
    return {f"channels_binding.{name}" for name in names}


def found() -> set[str]:
    return {str(message.id) for message in checks.check_bindings()}


def test_a_binding_that_names_its_fields_and_permissions_is_fine(fresh: Registry) -> None:
    from rest_framework.permissions import IsAuthenticated

    class Good(AsyncBinding):
        stream = "checks.Good"
        model = Note
        fields = ("id", "title")
        permission_classes = (IsAuthenticated,)
        search_fields = ("^title", "labels__name")
        ordering_fields = ("rank", "owner__username")
        ordering = ("-rank",)

    assert found() == set()


def test_a_bare_binding_is_told_what_it_shows_and_to_whom(fresh: Registry) -> None:
    class Bare(AsyncBinding):
        stream = "checks.Bare"
        model = Note

    assert found() == ids("W001", "W002")


def test_two_bindings_of_one_stream_are_a_conflict_unless_one_derives_from_the_other(fresh: Registry) -> None:
    class One(AsyncBinding):
        stream = "checks.Same"

    class Better(One):
        pass

    assert "channels_binding.E001" not in found()
    assert fresh.get("checks.Same") is Better

    class Other(AsyncBinding):
        stream = "checks.Same"

    assert "channels_binding.E001" in found()


@pytest.mark.parametrize("attribute", ["search_fields", "ordering_fields", "ordering"])
def test_a_name_that_the_model_does_not_have_is_found(attribute: str, fresh: Registry) -> None:
    type(
        "Wrong",
        (AsyncBinding,),
        {"stream": "checks.Wrong", "model": Note, "fields": ("id",), attribute: ("-nonsense",)},
    )
    assert "channels_binding.E004" in found()


@pytest.mark.parametrize(
    ("hosts", "is_fine"),
    [
        (["redis://127.0.0.1:6379/0"], False),
        ([("127.0.0.1", 6379)], False),
        ([{"address": "redis://127.0.0.1:6379/0"}], False),
        ([{"address": "redis://127.0.0.1:6379/0", "socket_timeout": None}], True),
    ],
)
def test_a_redis_layer_that_would_lose_its_connection_is_an_error(
    hosts: Any, is_fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "version", lambda package: "8.1.0")
    with override_settings(CHANNEL_LAYERS={"default": {"BACKEND": CORE, "CONFIG": {"hosts": hosts}}}):
        assert [message.id for message in checks.check_settings()] == ([] if is_fine else ["channels_binding.E003"])
        monkeypatch.setattr(checks, "version", lambda package: "7.4.1")
        assert checks.check_settings() == []


@pytest.mark.parametrize("wrong", [{"PAGE_SIZE": 3}, {"AUTHENTICATION_CLASSES": ["no.such.Class"]}])
def test_settings_that_do_not_load_are_an_error(wrong: dict[str, Any]) -> None:
    with override_settings(CHANNELS_BINDING=wrong):
        assert [message.id for message in checks.check_settings()] == ["channels_binding.E002"]


def test_manage_py_check_runs_them() -> None:
    assert ids("W001", "W002") <= {message.id for message in run_checks(tags=["channels_binding"])}


@pytest.mark.parametrize(
    ("members", "is_fine"),
    [
        ({"BROKER": "redis_streams", "BROKER_OPTIONS": {"url": "redis://127.0.0.1:1/0"}}, True),
        ({"BROKER": "redis_streams"}, False),
        ({"BROKER": "redis"}, False),
    ],
)
def test_a_broker_that_cannot_be_used_is_found_and_no_broker_is_asked(members: dict[str, Any], is_fine: bool) -> None:
    with override_settings(CHANNELS_BINDING=members):
        assert {str(message.id) for message in checks.check_settings()} == (set() if is_fine else ids("E002"))

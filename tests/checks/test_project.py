"""What is wrong around the bindings is seen, and only that."""

import sys
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings

from channels_binding.checks import project
from channels_binding.checks.project import check_surroundings
from channels_binding.live import needs_primary
from tests.project.zoo.models import Note

LOCAL = {"BACKEND": project.LOCAL_CACHE}
SHARED = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
REDIS = {"default": {"BACKEND": project.REDIS_LAYER, "CONFIG": {"hosts": []}}}
GOOD: dict[str, Any] = {
    "DATABASES": {"default": {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}},
    "CHANNEL_LAYERS": REDIS,
    "CACHES": {"default": SHARED},
    "DEBUG": False,
}


def found(**changed: Any) -> list[str]:
    """Numbers of the messages for a project that is fine but for ``changed``."""
    with override_settings(**{**{name: value for name, value in GOOD.items() if name != "DATABASES"}, **changed}):
        if "DATABASES" not in changed:
            return [str(each.id).rpartition(".")[2] for each in check_surroundings() if each.id not in _OF_DATABASES]
        return [str(each.id).rpartition(".")[2] for each in check_surroundings()]


_OF_DATABASES = ("channels_binding.W007", "channels_binding.W008")


def test_a_project_that_is_fine_hears_nothing() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CHANNELS_BINDINGS", "CHANNELS_BINDING"),
        ("CHANNEL_BINDING", "CHANNELS_BINDING"),
        ("CHANNEL_LAYER", "CHANNEL_LAYERS"),
    ],
)
def test_a_setting_that_is_almost_called_as_ours_is_told(name: str, meant: str) -> None:
    with override_settings(**{name: {}}):
        assert [(each.msg, each.hint) for each in project._names()] == [
            (f"The setting {name} is read by nothing.", f"Did you mean {meant}?")
        ]
        assert "W029" in found()
        assert found(CHANNELS_BINDING={"NONSENSE": 1}) == ["W029"], "which E002 does not hide"


class Replicas:
    def db_for_read(self, model: Any, **_: Any) -> str | None:
        return "archive" if model is Note else None


class Following(Replicas):
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return None if needs_primary() else super().db_for_read(model, **hints)


class Broken:
    def db_for_read(self, model: Any, **_: Any) -> str:
        raise RuntimeError("whose tenant?")


def test_replicas_that_live_reads_are_asked_of_are_told() -> None:
    with override_settings(DATABASE_ROUTERS=[Replicas()]):
        (message,) = project._replicas()
        assert message.msg.startswith("A database router has zoo.Note read elsewhere than written")
        assert "W031" in found()
    with override_settings(DATABASE_ROUTERS=[Following()]):
        assert [*project._replicas()] == []
    with override_settings(DATABASE_ROUTERS=[Broken()]):
        found()  # a check never raises


@pytest.mark.parametrize(
    ("database", "numbers"),
    [
        ({}, ["W007"]),
        ({"CONN_MAX_AGE": 0}, ["W007"]),
        ({"CONN_MAX_AGE": 60}, ["W008"]),
        ({"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}, []),
        ({"OPTIONS": {"pool": True}}, []),
    ],
)
def test_connections_are_kept_and_looked_after(
    database: dict[str, Any], numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(django_settings, "DATABASES", {"default": database})
    assert [str(each.id).rpartition(".")[2] for each in project._databases()] == numbers
    monkeypatch.setattr(django_settings, "DEBUG", True)
    assert [*project._databases()] == []


def test_a_layer_in_memory_is_for_development() -> None:
    memory = {"default": {"BACKEND": project.LOCAL_LAYER}}
    for layers in (memory, {}):
        assert found(CHANNEL_LAYERS=layers) == ["W009"]
        assert found(CHANNEL_LAYERS=layers, DEBUG=True) == ["I002"]
        assert found(CHANNEL_LAYERS=layers, CHANNELS_BINDING=STREAMS) == []


STREAMS = {"BROKER": "redis_streams", "BROKER_OPTIONS": {"url": "redis://127.0.0.1:1/0"}}
BROKEN: list[tuple[Any, str, str]] = [
    ({"redis": {"BACKEND": project.LOCAL_LAYER}}, "has no 'default'", "It has 'redis'"),
    ({"default": {}}, "['default'] has no BACKEND", "InMemoryChannelLayer"),
    ({"default": {"BACKEND": "channels.layers.Nonsense"}}, "cannot be used: Module", "Correct the path"),
]


@pytest.mark.parametrize(("layers", "message", "way_out"), BROKEN, ids=lambda value: str(value)[:40])
def test_a_layer_that_cannot_be_made_is_an_error(layers: Any, message: str, way_out: str) -> None:
    with override_settings(CHANNEL_LAYERS=layers):
        (told,) = project._layer()
    assert (told.id, message in told.msg, way_out in str(told.hint)) == ("channels_binding.E021", True, True)


def test_a_layer_whose_package_is_not_installed_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "channels_redis.core", None)
    with override_settings(CHANNEL_LAYERS=REDIS):
        (told,) = project._layer()
    assert (told.id, told.hint) == ("channels_binding.E021", 'pip install "channels-binding[redis]"')


@pytest.mark.parametrize(
    ("hosts", "is_fine"),
    [
        (["redis://127.0.0.1:6379/0"], False),
        ([("127.0.0.1", 6379)], False),
        ([{"address": "redis://127.0.0.1:6379/0"}], False),
        ([{"address": "redis://127.0.0.1:6379/0", "socket_timeout": None}], True),
    ],
)
def test_a_redis_layer_that_would_lose_its_connection_is_warned_of_and_migrate_goes_on(
    hosts: Any, is_fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = {"default": {"BACKEND": project.REDIS_LAYER, "CONFIG": {"hosts": hosts}}}
    monkeypatch.setattr(project, "version", lambda package: "8.1.0")
    assert found(CHANNEL_LAYERS=layers) == ([] if is_fine else ["W023"])
    monkeypatch.setattr(project, "version", lambda package: "7.4.1")
    assert found(CHANNEL_LAYERS=layers) == []


def servers(
    monkeypatch: pytest.MonkeyPatch, *installed: str, argv: str = "check", command: Any = "django.core"
) -> list[str]:
    monkeypatch.setattr(project, "find_spec", lambda name: object() if name in installed else None)
    monkeypatch.setattr(project, "get_commands", lambda: {"runserver": command})
    monkeypatch.setattr(sys, "argv", ["manage.py", argv])
    with override_settings(DEBUG=True):
        return [str(each.hint) for each in project._server()]


@pytest.mark.parametrize("command", ["django.core", "django.contrib.staticfiles"])
def test_a_runserver_that_serves_no_sockets_is_told_of_when_it_is_run_or_where_there_is_no_other_server(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(servers(monkeypatch, command=command)) == 1
    assert len(servers(monkeypatch, "daphne", command=command)) == 1
    assert servers(monkeypatch, "uvicorn", command=command) == []
    (hint,) = servers(monkeypatch, "uvicorn", argv="runserver", command=command)
    assert 'INSTALLED_APPS = ["daphne", …]' in hint
    assert "uvicorn is installed" in hint


def test_daphne_s_runserver_serves_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    assert servers(monkeypatch, "daphne", argv="runserver", command="daphne") == []


def test_where_the_settings_do_not_load_that_alone_is_told() -> None:
    assert found(CHANNELS_BINDING={"NONSENSE": 1}) == []


def test_any_host_does_not_mean_any_origin() -> None:
    assert found(ALLOWED_HOSTS=["*"]) == ["W010"]
    assert found(ALLOWED_HOSTS=["*"], CHANNELS_BINDING={"ALLOWED_ORIGINS": ["https://a.example.com"]}) == []


def test_counts_and_answers_need_a_cache_that_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "_throttles", lambda: False)
    assert found(CACHES={"default": LOCAL}) == []
    monkeypatch.setattr(project, "_throttles", lambda: True)
    assert found(CACHES={"default": LOCAL}) == ["W011"]
    assert found(CACHES={"default": LOCAL}, DEBUG=True) == []


@pytest.mark.parametrize(("installed", "numbers"), [("4.1.9", ["W013"]), ("4.2", []), ("5.0.1", [])])
def test_an_old_version_of_what_is_optional_is_told_of(
    installed: str, numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "LEAST", {"channels_redis": (4, 2)})
    monkeypatch.setattr(project, "version", lambda package: installed)
    assert found() == numbers


def test_what_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "LEAST", {"no-such-package": (1,)})
    assert found() == []


def test_sessions_over_http_need_django_s_middleware() -> None:
    kept = [name for name in django_settings.MIDDLEWARE if name != project.SESSION]
    assert found(MIDDLEWARE=kept) == ["W014"]
    assert found(MIDDLEWARE=[]) == ["W014", "W014"]


def test_the_page_of_the_documents_needs_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "find_spec", lambda name: None if name.endswith("sidecar") else object())
    assert found() == ["W015"]


def test_uploads_need_a_storage_that_there_is() -> None:
    assert found(CHANNELS_BINDING={"UPLOAD_STORAGE": "nowhere"}) == ["E012"]

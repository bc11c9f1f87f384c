"""A check never raises: what fails is a finding, and the other checks go on."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import CheckMessage, Warning, run_checks
from django.db import models
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

from channels_binding.checks import bindings, project
from channels_binding.checks.guarded import guarded, without_repetitions
from channels_binding.consumers import Binding
from tests.project.zoo.models import Note
from tests.throwaway import throwaway


def failing(*args: Any) -> Iterator[CheckMessage]:
    raise OSError("no disk")


def test_what_raises_is_a_warning_with_the_reason_and_a_way_out() -> None:
    (found,) = guarded(failing, Binding)
    assert (found.id, found.level, found.obj) == ("channels_binding.W017", 30, Binding)
    assert found.msg == "Binding cannot be checked: OSError: no disk"
    assert found.hint
    assert guarded(failing)[0].msg == "CHANNELS_BINDING cannot be checked: OSError: no disk"
    told = Warning("told", id="channels_binding.W001")
    assert guarded(lambda cls: [told], Binding) == [told]


def test_the_same_is_said_once() -> None:
    assert len(without_repetitions([*guarded(failing, Binding), *guarded(failing, Binding)])) == 1


@isolate_apps("tests.project.zoo")
def test_a_file_path_field_whose_folder_is_missing_stops_no_command() -> None:
    class Shelf(models.Model):
        path = models.FilePathField(path="/no/such/folder")

        class Meta:
            app_label = "zoo"

    with throwaway():

        class ShelfBinding(Binding):
            stream, model, actions = "test.shelf", Shelf, ("retrieve", "no_such_action")

        found = {message.id: message for message in bindings.check_bindings() if message.obj is ShelfBinding}
    assert {"channels_binding.W017", "channels_binding.W001", "channels_binding.E006"} <= found.keys(), "others go on"
    assert "'/no/such/folder'" in found["channels_binding.W017"].msg


def test_an_order_by_expressions_is_no_finding() -> None:
    with throwaway():

        class Ordered(Binding):
            stream, model, fields = "test.ordered", Note, ("id", "title")
            ordering = (Lower("title").asc(), "-id")  # type: ignore[assignment]

        found = [message.msg for message in bindings.check_bindings() if message.obj is Ordered]
    assert not [text for text in found if "cannot be checked" in text or "ordering" in text]


@pytest.mark.parametrize("check", ["_stream", "_classes"])
def test_no_step_of_a_binding_s_checks_raises(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, check, failing)
    assert "channels_binding.W017" in {message.id for message in run_checks(tags=["channels_binding"])}


@pytest.mark.parametrize("place", range(len(bindings._OF_MODELS)))
def test_nor_does_one_of_those_of_a_model(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [failing if index == place else step for index, step in enumerate(bindings._OF_MODELS)]
    monkeypatch.setattr(bindings, "_OF_MODELS", steps)
    assert "channels_binding.W017" in {message.id for message in bindings.check_bindings()}


def test_nor_one_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "_databases", failing)
    monkeypatch.setattr(bindings, "_authentication", failing)
    assert "channels_binding.W017" in {message.id for message in project.check_surroundings()}
    assert "channels_binding.W017" in {message.id for message in bindings.check_settings()}

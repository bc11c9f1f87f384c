"""Every misconfiguration that can be seen beforehand is seen, and its message names the way out."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.core.checks import run_checks
from django.test import override_settings
from django_filters import FilterSet
from rest_framework import serializers
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.settings import api_settings

from channels_binding.bindings import AsyncBinding
from channels_binding.checks import bindings as checks
from channels_binding.consumers import bind
from channels_binding.registry import Registry
from tests.checks.judged import found, ids, judged
from tests.project.zoo.models import Label, LoudNote, Note


def test_a_binding_that_names_its_fields_and_permissions_is_fine(fresh: Registry) -> None:
    class Good(AsyncBinding):
        stream = "checks.Good"
        model = Note
        fields = ("id", "title")
        permission_classes = (IsAuthenticated,)
        search_fields = ("^title", "labels__name")
        ordering_fields = ("title", "owner__username")
        ordering = ("-rank",)

    assert found() == set()


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


class NotADrfClass:
    """Has none of the methods."""


class LabelSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model, fields = Label, ("id",)


class LabelForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model, fields = Label, ("name",)


class LabelFilter(FilterSet):  # type: ignore[misc]
    class Meta:
        model, fields = Label, ("name",)


class AnyNoteSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model, fields = LoudNote, ("id", "title")


WRONG: dict[str, dict[str, Any]] = {
    "E006": {"actions": ("search", "serach")},
    "E007": {"permission_classes": (NotADrfClass,)},
    "E008": {"serializer_class": NotADrfClass},
    "E010": {"fields": ("id", "nonsense")},
    "E011": {"depends_on": ("zoo.Nonsense",)},
}
FURTHER: list[tuple[str, dict[str, Any]]] = [
    ("E007", {"authentication_classes": (NotADrfClass,)}),
    ("E007", {"throttle_classes": (NotADrfClass,)}),
    ("E007", {"permission_classes": ("rest_framework.permissions.IsAuthenticated",)}),
    ("E011", {"depends_on": ("nonsense",)}),
    ("E008", {"form_class": Note}),
    ("E008", {"filterset_class": Note}),
    ("W032", {"serializer_class": LabelSerializer}),
    ("W032", {"form_class": LabelForm}),
    ("W032", {"filterset_class": LabelFilter}),
    ("E010", {"extra_kwargs": {"title": {"nonsense": True}}}),
    ("E010", {"extra_kwargs": {"titel": {"required": True}}}),
    ("E010", {"read_only_fields": ("rnak",)}),
]
FINE: list[dict[str, Any]] = [
    {"permission_classes": (IsAuthenticated & ~IsAdminUser,)},
    {"actions": ("search", "retrieve", "replace", "form")},
    {"serializer_class": AnyNoteSerializer},
]


@pytest.mark.parametrize(("number", "members"), [*WRONG.items(), *FURTHER], ids=lambda value: str(value)[:60])
def test_each_misconfiguration_of_a_binding_is_found(number: str, members: dict[str, Any], fresh: Registry) -> None:
    assert f"channels_binding.{number}" in judged(members)


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        ({"actions": ("search", "retrive")}, "Did you mean 'retrieve'?"),
        ({"fields": ("id", "titel")}, "Did you mean 'title'?"),
        ({"read_only_fields": ("rnak",)}, "Did you mean 'rank'?"),
        ({"ordering": ("-titel",)}, "Did you mean 'title'?"),
        ({"search_fields": ("owner.username",)}, "Did you mean 'owner__username'?"),
        ({"filterset_fields": ("titel",)}, "Did you mean 'title'?"),
        ({"filterset_fields": {"title": ["icontain", "exact"]}}, "Did you mean 'title__icontains'?"),
        ({"expandable": ("ownr",)}, "Did you mean owner?"),
    ],
    ids=str,
)
def test_a_misspelt_name_is_told_with_the_one_that_is_meant(
    members: dict[str, Any], hint: str, fresh: Registry
) -> None:
    judged(members)
    assert [str(message.hint) for message in checks.check_bindings() if message.is_serious()] == [hint]


def test_what_serves_no_rows_is_told_to_be_bound(fresh: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AsyncBinding, "_neighbours", fresh)
    judged({"expandable": ("owner",)})
    (message,) = [each for each in checks.check_bindings() if each.id == "channels_binding.E029"]
    assert str(message.hint).startswith(
        "Bind auth.User, which says who may see those rows: class UserBinding(AsyncBinding): "
    )


def test_an_event_of_ones_own_is_offered_without_being_named(fresh: Registry) -> None:
    judged({"actions": ("search", "ring"), "ring": bind("ring")(lambda self, data: {})})
    hints = [str(message.hint) for message in checks.check_bindings() if message.is_serious()]
    assert hints == ["It is an event of your own, and those are offered without being named."]


def test_a_handler_that_takes_no_data_is_told(fresh: Registry) -> None:
    class Ringing(AsyncBinding):
        stream = "checks.Ringing"

        @bind("ring")
        def ring(self) -> Any:
            return {}

        @bind("toll")
        def toll(self, data: Any, times: int = 1) -> Any:
            return {}

    (message,) = checks.check_bindings()
    assert message.id == "channels_binding.E037"
    assert message.msg.startswith("Ringing.ring() cannot answer 'ring': ")
    assert str(message.hint).endswith("def ring(self, data): …")


@pytest.mark.parametrize("members", FINE, ids=lambda value: str(value)[:60])
def test_what_is_meant_so_is_let_pass(members: dict[str, Any], fresh: Registry) -> None:
    assert judged(members) - ids("I001") == set()


@pytest.mark.parametrize("stream", ["schema", "batch", "upload", "docs", "asyncapi", "cb", "cb.x"])
def test_a_name_of_the_protocol_is_no_stream(stream: str, fresh: Registry) -> None:
    assert "channels_binding.E009" in judged({"stream": stream})


def test_an_audience_that_costs_is_mentioned_and_one_that_is_chosen_is_not(fresh: Registry) -> None:
    assert "channels_binding.I001" in judged({"permission_classes": (IsAdminUser,)})

    class Chosen(AsyncBinding):
        stream = "checks.Judged"
        model = Note
        fields = ("id",)
        permission_classes = (IsAdminUser,)

        def get_audience(self) -> Any:
            return ("all",)

    assert [message.id for message in checks._binding(Chosen)] == []


def test_every_message_names_a_way_out_and_every_number_is_documented() -> None:
    folder = Path(checks.__file__).parent
    sources = sorted({*folder.glob("*.py"), *folder.parent.glob("*/checks.py")})
    text = "\n".join(path.read_text() for path in sources)
    numbers = set(re.findall(r"channels_binding\.([EWI]\d{3})", text))
    numbers |= {f"E{int(number):03}" for number in re.findall(r"_error\(\s*cls,\s*(\d+)", text)}
    numbers |= {f"W{int(number):03}" for number in re.findall(r"_warning\(\s*(?:cls,\s*)?(\d+)", text)}
    page = (Path(__file__).parents[2] / "docs" / "reference" / "checks.md").read_text()
    documented = re.findall(r"^\| `([EWI]\d{3})` \|", page, re.M)
    assert len(numbers) >= 25
    assert sorted(documented) == sorted(numbers)


@pytest.mark.parametrize("wrong", [{"PAGE_SIZE": 3}, {"AUTHENTICATION_CLASSES": ["no.such.Class"]}])
def test_settings_that_do_not_load_are_an_error(wrong: dict[str, Any]) -> None:
    with override_settings(CHANNELS_BINDING=wrong):
        assert [message.id for message in checks.check_settings()] == ["channels_binding.E002"]


@pytest.mark.one_backend("orders of related rows are compiled, and nothing is asked")
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


def test_a_cache_that_is_not_there_is_found_before_the_first_write_wants_it() -> None:
    with override_settings(CHANNELS_BINDING={"DEFAULT_PERMISSION_CLASSES": ["no.where"]}):
        assert [message.id for message in checks.check_settings()] == ["channels_binding.E002"]


class KnowsNobody:
    """Neither DRF's kind nor ours."""


class KnowsSomebody:
    def get_user(self, consumer: Any) -> Any:
        return None


def test_an_authentication_class_can_say_who_somebody_is() -> None:
    good = [KnowsSomebody, "rest_framework.authentication.TokenAuthentication"]
    with override_settings(CHANNELS_BINDING={"AUTHENTICATION_CLASSES": good[1:]}):
        assert checks.check_settings() == []
    with override_settings(CHANNELS_BINDING={"AUTHENTICATION_CLASSES": [*good, KnowsNobody]}):
        told = [(str(message.id).rpartition(".")[2], message.obj) for message in checks.check_settings()]
    assert told == [("I003", KnowsSomebody), ("E013", KnowsNobody)]


@pytest.mark.parametrize("of", ["sockets", "DRF", "a binding", "HTTP"])
def test_tokens_of_drf_need_the_app_that_has_their_table(
    of: str, fresh: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bearer(TokenAuthentication):
        """As it is where ``rest_framework.authtoken`` is not installed: its model is abstract."""

        def get_model(self) -> Any:
            return SimpleNamespace(_meta=SimpleNamespace(abstract=True))

    named = {"AUTHENTICATION_CLASSES": [Bearer]} if of == "sockets" else {}
    named |= {"DEFAULT_AUTHENTICATION_CLASSES": [Bearer]} if of == "HTTP" else {}
    if of == "a binding":
        judged({"authentication_classes": (Bearer,)})
    if of == "DRF":
        monkeypatch.setattr(api_settings, "DEFAULT_AUTHENTICATION_CLASSES", [Bearer])
    with override_settings(CHANNELS_BINDING=named):
        (message,) = checks.check_settings()
    assert (message.id, message.msg) == ("channels_binding.E013", "Bearer has no table of tokens.")
    assert '"rest_framework.authtoken"' in str(message.hint)

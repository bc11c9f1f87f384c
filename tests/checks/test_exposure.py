"""What is shown, and to whom, is told as it is."""

from typing import Any

from django.test import override_settings
from rest_framework import serializers

from channels_binding.bindings import AsyncBinding
from channels_binding.checks import bindings as checks
from channels_binding.registry import Registry
from tests.checks.judged import found, ids, judged
from tests.project.zoo.models import Note


def test_a_bare_binding_is_told_what_it_shows_and_to_whom(fresh: Registry) -> None:
    class Bare(AsyncBinding):
        stream = "checks.Bare"
        model = Note

    assert found() == ids("W001", "W002")


def test_it_says_truly_who_may_do_what(fresh: Registry) -> None:
    class Reads(AsyncBinding):
        stream, model, fields, actions = "checks.Reads", Note, ("id",), ("search",)

    class Own(AsyncBinding):
        stream, model, fields = "checks.Own", Note, ("id",)

        def get_queryset(self) -> Any:
            return Note.objects.filter(owner=self.user)

    def told() -> list[str]:
        return [
            message.msg.partition(": ")[2] for message in checks.check_bindings() if str(message.id).endswith("W002")
        ]

    assert told()[0].startswith("every signed-in user may read")
    assert told()[1] == "every signed-in user may read and write all rows that its get_queryset() gives."
    with override_settings(CHANNELS_BINDING={"ANONYMOUS_CONNECTION_ALLOWED": True}):
        assert told()[1].startswith("everybody, signed in or not, may read and write")
    with override_settings(REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}):
        assert told() == []
        with override_settings(CHANNELS_BINDING={"DEFAULT_PERMISSION_CLASSES": []}):
            assert len(told()) == 2


def test_a_serializer_that_shows_a_secret_is_told_of(fresh: Registry) -> None:
    class Open(serializers.ModelSerializer):  # type: ignore[type-arg]
        class Meta:
            model = Note
            fields = ("id", "secret_code")

    class Closed(Open):
        secret_code = serializers.CharField(write_only=True)

    assert "channels_binding.W004" in judged({"serializer_class": Open})
    assert "channels_binding.W004" not in judged({"serializer_class": Closed, "stream": "checks.Closed"}) - ids("W004")

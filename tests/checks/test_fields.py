"""Relations that REST framework cannot show are left out with a warning, and refused where they are named."""

from typing import Any

import pytest
from django.db import models
from django.test.utils import isolate_apps

from channels_binding.bindings import Binding
from channels_binding.checks.bindings import _binding
from channels_binding.checks.fields import unshowable
from channels_binding.serializers.default import implicit_fields
from tests.project.zoo.models import Label, Note
from tests.throwaway import throwaway


class Tags(models.ManyToManyField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """As a package's: no fixture holds it, so REST framework knows nothing of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"to": Label, **options})
        self.serialize = False


@isolate_apps("tests.project.zoo")
def test_a_manager_of_a_package_is_left_out_and_told() -> None:
    class Food(models.Model):
        name = models.CharField(max_length=9)
        tags = Tags(related_name="+")

        class Meta:
            app_label = "zoo"

    with throwaway():

        class Implicit(Binding):
            stream = "checks.implicit"
            model = Food

        class Explicit(Binding):
            stream = "checks.explicit"
            model = Food
            fields = ("id", "tags")

        class Excluding(Binding):
            stream = "checks.excluding"
            model = Food
            exclude = ("tags",)

        assert implicit_fields(Food) == ("id", "name")
        assert [message.id for message in unshowable(Implicit)] == ["channels_binding.W025"]
        assert [message.id for message in unshowable(Explicit)] == ["channels_binding.E024"]
        assert [*unshowable(Excluding)] == []
        assert "channels_binding.E024" in {message.id for message in _binding(Explicit)}


@pytest.mark.parametrize(
    ("stream", "event"), [("zoo.Gr\u00f6\u00dfe", "x"), ("checks.named", "gr\u00f6\u00dfe"), ("a b", "x")]
)
def test_a_name_that_no_message_can_say_is_an_error(stream: str, event: str) -> None:
    with throwaway():
        from channels_binding.bindings import bind

        def handler(self: Any, data: Any) -> Any:
            """An event."""

        cls: Any = type("Named", (Binding,), {"stream": stream, "model": Note, "handler": bind(event)(handler)})
        assert [message.id for message in _binding(cls) if message.id == "channels_binding.E025"] == [
            "channels_binding.E025"
        ]

"""What a binding declares: its stream, and the actions that it offers."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured

from channels_binding.bindings import BaseBinding, Binding
from channels_binding.bindings.options import refuse_unknown
from channels_binding.calls import Call
from channels_binding.exceptions import Invalid, MethodNotAllowed
from channels_binding.registry import registry
from tests.bindings.test_base import MixedBinding
from tests.conftest import Connect
from tests.project.zoo.models import Note


def test_the_stream_is_named_after_the_model_unless_it_has_a_name() -> None:
    assert registry.get("zoo.Note").get_stream() == "zoo.Note"
    assert registry.get("zoo.OwnNote").find_model() is Note
    with pytest.raises(ImproperlyConfigured, match="must define 'stream' or 'model'"):
        BaseBinding.get_stream()
    with pytest.raises(ImproperlyConfigured, match="must define 'model' or 'queryset'"):
        BaseBinding.get_model()


async def test_actions_that_are_not_offered_are_refused_on_both_ways_in(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x")
    socket = await connect(user)
    for action in ("delete", "list", "describe"):
        assert (await socket.call(f"{MixedBinding.stream}.{action}", {"id": note.pk}))["error"][
            "code"
        ] == "method_not_allowed"
    assert await Note.objects.acount() == 1


def test_while_one_develops_an_action_that_there_is_not_is_told_with_those_that_there_are(settings: Any) -> None:
    binding = registry.get("zoo.Note")(Call("zoo.Note", "serach", {}, AnonymousUser()))
    settings.DEBUG = True
    with pytest.raises(MethodNotAllowed, match=r"zoo.Note has no action 'serach'\. Did you mean 'search'\?"):
        binding.get_action("serach")
    with pytest.raises(MethodNotAllowed, match=r"There are: .*create, .*update"):
        binding.get_action("zzz")
    settings.DEBUG = False
    with pytest.raises(MethodNotAllowed, match=r"This stream has no such action\."):
        binding.get_action("serach")


class FewBinding(Binding):
    stream, model, actions = "test.few", Note, ("search", "aggregate")


class EventsBinding(Binding):
    stream = "test.events"


@pytest.mark.parametrize(
    ("cls", "action", "way_out"),
    [
        (FewBinding, "presence", "Declare presence = True in FewBinding."),
        (FewBinding, "aggregate", "Declare aggregates, or group_by, in FewBinding."),
        (FewBinding, "create", "Name it in actions of FewBinding."),
        (EventsBinding, "search", "Give EventsBinding a model."),
    ],
)
def test_while_one_develops_a_built_in_action_is_told_with_what_it_needs(
    cls: Any, action: str, way_out: str, settings: Any
) -> None:
    settings.DEBUG = True
    with pytest.raises(MethodNotAllowed, match=re.escape(f"has no action {action!r}. {way_out}")):
        cls(Call(cls.get_stream(), action, {}, AnonymousUser())).get_action(action)


def test_a_misspelt_name_is_told_with_the_possible_ones() -> None:
    with pytest.raises(Invalid) as refused:
        refuse_unknown({"pgae": 1, "page": 2}, {"page", "limit"})
    assert refused.value.fields == {"pgae": [{"code": "unknown", "message": "Unknown. Possible: limit, page."}]}

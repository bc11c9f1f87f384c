"""A finding has a number of three digits, the binding it is of, and a way out."""

from collections.abc import Callable

import pytest
from django.core.checks import ERROR, WARNING, CheckMessage

from channels_binding.bindings import AsyncBinding
from channels_binding.checks.messages import a_warning, an_error


@pytest.mark.parametrize(("make", "level", "id"), [(an_error, ERROR, "E007"), (a_warning, WARNING, "W007")])
def test_its_number_says_what_it_is(make: Callable[..., CheckMessage], level: int, id: str) -> None:
    message = make(AsyncBinding, 7, "It is wrong.", "Mend it.")
    assert (message.level, message.id, message.obj) == (level, f"channels_binding.{id}", AsyncBinding)
    assert (message.msg, message.hint) == ("It is wrong.", "Mend it.")

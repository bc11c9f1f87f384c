"""``@bind`` and what is collected of a class."""

import functools
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from channels_binding.bindings.actions import Action, bind, builtin, collect, is_stock


class Base:
    @builtin(method="POST", view_action="create")
    def create(self, data: Any) -> str:
        return "base"

    @bind("close")
    async def shut(self, data: Any) -> None: ...

    @bind
    def plain(self, data: Any) -> None: ...

    def helper(self) -> None: ...


def test_an_event_has_the_name_that_it_is_bound_to_or_its_method_s() -> None:
    assert set(collect(Base)) == {"create", "close", "plain"}
    assert collect(Base)["close"] == Action("close", Base.shut, is_coroutine=True)
    assert collect(Base)["plain"] == Action("plain", Base.plain, is_coroutine=False)


def test_arguments_of_bind_are_kept() -> None:
    class Other:
        @bind("look", method="GET", permission_classes=[int])
        def look(self, data: Any) -> None: ...

    action = collect(Other)["look"]
    assert (action.method, action.permission_classes, action.is_builtin, action.is_read) == ("GET", [int], False, False)


def test_an_override_of_a_built_in_needs_no_mark_and_keeps_its_place() -> None:
    class Derived(Base):
        async def create(self, data: Any) -> str:  # type: ignore[override]
            return "derived"

    action = collect(Derived)["create"]
    assert action.handler is Derived.create
    assert (action.is_coroutine, action.method, action.view_action, action.is_builtin) == (True, "POST", "create", True)
    assert collect(Base)["create"].handler is Base.create


def test_a_stock_action_is_the_very_function_that_was_marked_under_its_name() -> None:
    class Derived(Base):
        @functools.wraps(Base.create)
        def create(self, data: Any) -> str:  # type: ignore[override]
            return "derived"

    class Renamed(Base):
        @builtin()
        def retrieve(self, data: Any) -> None: ...

        create = retrieve  # type: ignore[assignment]

    assert is_stock(collect(Base)["create"])
    assert not is_stock(replace(collect(Base)["create"], handler=Derived.create))
    assert not is_stock(collect(Base)["close"])
    assert not is_stock(replace(collect(Renamed)["create"], handler=Renamed.retrieve))


def test_an_override_of_a_bound_event_is_the_one_that_answers() -> None:
    class Derived(Base):
        def shut(self, data: Any) -> None: ...  # type: ignore[override]

        def plain(self, data: Any) -> None: ...

    assert collect(Derived)["close"].handler is Derived.shut
    assert collect(Derived)["plain"].handler is Derived.plain


def test_the_most_derived_binding_of_a_name_wins() -> None:
    class Derived(Base):
        @bind("close")
        def another(self, data: Any) -> None: ...

    assert collect(Derived)["close"].handler is Derived.another


def test_what_is_not_bound_is_no_event() -> None:
    class Derived(Base):
        def dispatch(self) -> None: ...

        create_ = None

    assert set(collect(Derived)) == {"create", "close", "plain"}


@pytest.mark.parametrize("name", ["a.b", "a#b", ".", "#"])
def test_a_name_that_no_client_could_send_is_refused_at_once(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="no dot"):
        bind(name)(lambda self, data: None)


def test_a_decorator_above_bind_is_part_of_the_handler() -> None:
    """Or one that refuses would be passed by: ``functools.wraps`` copies the mark, and with it what stood below."""

    def guarded(handler: Any) -> Any:
        @functools.wraps(handler)
        def refuse(self: Any, data: Any) -> Any:
            raise PermissionError

        return refuse

    class Guarded(Base):
        create = guarded(Base.create)

        @guarded
        @bind("close", permission_classes=[int])
        async def shut(self, data: Any) -> None: ...

    found = collect(Guarded)
    for name in ("create", "close"):
        with pytest.raises(PermissionError):
            found[name].handler(Guarded(), {})
    assert (found["close"].is_coroutine, found["close"].permission_classes) == (False, [int])
    assert (found["create"].method, found["create"].view_action) == ("POST", "create")
    assert not is_stock(found["create"])

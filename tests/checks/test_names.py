"""A name that there is not is told with the one that is meant."""

import pytest

from channels_binding.checks.names import near, path_way_out, way_out
from tests.project.zoo.models import Note


def test_the_nearest_name_is_meant_and_else_all_are_named() -> None:
    assert near("serach", ("search", "list")) == "search"
    assert near("xyz", ("search", "list")) is None
    assert way_out("serach", ("search", "list")) == "Did you mean 'search'?"
    assert way_out("xyz", ("search", "list")) == "There are: list, search."
    assert way_out("xyz", ()) == "There are: none."
    assert way_out("xyz", [f"n{number:02}" for number in range(40)]).endswith("n29, ….")


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("titel", "Did you mean 'title'?"),
        ("owner__usrname", "Did you mean 'owner__username'?"),
        ("owner.username", "Did you mean 'owner__username'?"),
        ("owner.usrname", "Did you mean 'owner__username'?"),
        ("title__icontain", "Did you mean 'title__icontains'?"),
        ("title", None),
        ("owner__username", None),
        ("owner__pk", None),
        ("title__icontains", None),
    ],
)
def test_a_path_is_mended_where_it_breaks(path: str, hint: str | None) -> None:
    assert path_way_out(Note, path) == hint


def test_where_nothing_is_near_a_path_is_told_what_it_may_go_on_with() -> None:
    assert str(path_way_out(Note, "owner__zzz")).startswith("User has: ")
    assert str(path_way_out(Note, "title__zzz")).startswith("Lookups are: ")

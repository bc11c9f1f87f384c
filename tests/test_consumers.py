"""What the first release had in ``consumers`` is there."""

from channels_binding.consumers import AsyncBinding, AsyncConsumer, Binding, Consumer, bind


def test_the_names_of_the_first_release_are_importable_from_consumers() -> None:
    assert {AsyncBinding.__name__, Binding.__name__, AsyncConsumer.__name__, Consumer.__name__, bind.__name__} == {
        "AsyncBinding",
        "Binding",
        "AsyncConsumer",
        "Consumer",
        "bind",
    }

"""Keys travel so that a browser reads them, and come back as they went."""
# ruff: noqa: E501 (tables are read across)

import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import models

from channels_binding.serializers.keys import as_pk, from_pk, has_one_spelling
from tests.project.zoo.models import Country, Note, Seat, Watch


@pytest.mark.parametrize(
    ("key", "travels_as"),
    [(7, 7), (2**53 - 1, 2**53 - 1), (2**53, str(2**53)), (-(2**60), str(-(2**60))), (uuid.UUID(int=1), str(uuid.UUID(int=1))), ("a", "a"), ((1, "b"), "1,b")],
)  # fmt: skip
def test_keys_travel_so_that_a_browser_reads_them(key: Any, travels_as: Any) -> None:
    assert as_pk(key) == travels_as


@pytest.mark.parametrize(
    ("model", "key", "travels_as"),
    [(Note, 7, 7), (Country, "%2C,", "%2C,"), (Seat, ("A", 7), "A,7"), (Seat, ("a,b%2C", -1), "a%2Cb%252C,-1"), (Seat, ('"', 1), '",1')],
)  # fmt: skip
def test_a_key_comes_back_as_it_went(model: type[models.Model], key: Any, travels_as: Any) -> None:
    assert as_pk(key) == travels_as
    assert from_pk(model, travels_as) == key


@pytest.mark.parametrize(
    ("key", "has_one"),
    [
        (Note._meta.pk, True),
        (Country._meta.pk, True),
        (Seat._meta.pk, True),
        (Watch._meta.pk, True),  # a foreign key to a UUID
        (models.DateField(), True),
        (models.DecimalField(max_digits=8, decimal_places=2), False),
        (models.DateTimeField(), False),
        (models.DurationField(), False),
        (models.GenericIPAddressField(), False),
        (models.BinaryField(), False),
        (models.CharField(max_length=3, db_collation="NOCASE"), False),
    ],
)
def test_keys_that_are_equal_without_being_the_same_are_known(key: Any, has_one: bool) -> None:
    assert has_one_spelling(key) is has_one


def test_a_text_is_one_of_several_spellings_where_django_has_not_made_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Country._meta, "managed", False)
    monkeypatch.setattr(Note._meta, "managed", False)
    assert (has_one_spelling(Country._meta.pk), has_one_spelling(Note._meta.pk)) == (False, True)


@pytest.mark.parametrize("sent", ["A", "A,1,2", "A,x", ""])
def test_a_composite_key_of_the_wrong_shape_is_none(sent: str) -> None:
    with pytest.raises((ValueError, ValidationError)):
        from_pk(Seat, sent)

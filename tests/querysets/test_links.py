"""Links: what Django says rows are related to, for many rows at once; each kind of relation, with order and number."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_binding.querysets.links import link_of, order_terms, single_pairs
from tests.project.zoo.models import (
    Crew,
    Currency,
    Follow,
    Label,
    Membership,
    Note,
    Passport,
    Person,
    Price,
    Seat,
    Sponsor,
)

pytestmark = pytest.mark.django_db


def everything(queryset: Any, path: str) -> Any:
    return queryset


@pytest.fixture
def people() -> list[Person]:
    made = [Person.objects.create(name=name) for name in ("ann", "bob", "cid", "dan")]
    ann, bob, cid, dan = made
    bob.mentor = cid.mentor = ann
    bob.save()
    cid.save()
    ann.friends.set([bob, dan])
    Follow.objects.create(follower=ann, followed=dan)
    Follow.objects.create(follower=bob, followed=dan)
    for name in ("red", "blue"):
        crew = Crew.objects.create(name=name)
        for person in (ann, cid, bob):
            Membership.objects.create(crew=crew, person=person)
    Passport.objects.create(person=bob, number="7")
    Sponsor.objects.create(person=cid)
    return made


@pytest.mark.parametrize("name", ["pupils", "friends", "follows", "followers", "crews"])
def test_several_related_rows_are_those_that_django_knows_in_order_and_number(name: str, people: list[Person]) -> None:
    link = link_of(Person, name)
    assert link is not None
    assert link.is_many
    keys = [person.pk for person in people]
    for limit in (1, 2, 9):
        with CaptureQueriesContext(connection) as statements:
            pairs = link.pairs(keys, everything, ["-name"], (1, limit))
        assert len(statements) == 1
        for person in people:
            known = [each.pk for each in getattr(person, name).order_by("-name", "pk")][:limit]
            assert [target for source, target in pairs if source == person.pk] == known
    second = link.pairs(keys, everything, ["-name"], (2, 2))
    assert second == [pair for pair in link.pairs(keys, everything, ["-name"], (1, 2)) if pair in second]


def test_single_related_rows_of_columns_are_found_in_one_statement(people: list[Person]) -> None:
    links = [link_of(Person, name) for name in ("mentor", "passport", "sponsor")]
    ann, bob, cid, _ = people
    with CaptureQueriesContext(connection) as statements:
        found = single_pairs([link for link in links if link], [person.pk for person in people])
    sponsor = Sponsor.objects.get()
    assert found == [[(bob.pk, ann.pk), (cid.pk, ann.pk)], [(bob.pk, bob.pk)], [(cid.pk, sponsor.pk)]]
    assert len(statements) == 3
    both = [link for name in ("owner", "parent") if (link := link_of(Note, name))]
    owner = get_user_model().objects.create_user("ann")
    note = Note.objects.create(title="a", owner=owner)
    child = Note.objects.create(title="b", parent=note)
    with CaptureQueriesContext(connection) as statements:
        assert single_pairs(both, [note.pk, child.pk]) == [[(note.pk, owner.pk)], [(child.pk, note.pk)]]
    assert len(statements) == 1


def test_keys_that_are_no_primary_keys_lead_to_rows_all_the_same() -> None:
    euro = Currency.objects.create(code="EUR")
    price = Price.objects.create(currency=euro, amount=1)
    forward, backward = link_of(Price, "currency"), link_of(Currency, "prices")
    assert forward is not None
    assert backward is not None
    assert single_pairs([forward], [price.pk]) == [[(price.pk, euro.pk)]]
    assert backward.pairs([euro.pk], everything, [], (1, 9)) == [(euro.pk, price.pk)]


def test_rows_in_common_are_found_from_both_sides() -> None:
    note, label = Note.objects.create(title="a"), Label.objects.create(name="x")
    note.labels.add(label)
    there, back = link_of(Note, "labels"), link_of(Label, "note_set")
    assert there is not None
    assert back is not None
    assert there.pairs([note.pk], everything, ["name"], (1, 9)) == [(note.pk, label.pk)]
    assert back.pairs([label.pk], everything, ["-rank"], (1, 9)) == [(label.pk, note.pk)]
    assert there.models() == back.models() == {Note.labels.through}


@pytest.mark.parametrize(
    ("model", "name"),
    [(Note, "title"), (Note, "nothing"), (Person, "remarks"), (Seat, "guest")],
)
def test_what_is_no_relation_to_rows_of_one_model_is_none(model: Any, name: str) -> None:
    assert link_of(model, name) is None


def test_an_order_is_by_columns_or_the_model_s_own() -> None:
    assert [term.what for term in order_terms(Person, ())] == ["name", "id", "pk"]
    assert [term.nulls for term in order_terms(Note, ("-weight",))] == ["last", "never"]
    with pytest.raises(ImproperlyConfigured):
        order_terms(Note, ("?",))

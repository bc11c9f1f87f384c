"""Every kind of write is published at commit, once for each transaction; what is rolled back is not."""

from typing import Any

import pytest
from django.db import transaction

from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.signals import notify
from tests.live.capture.test_signals.published import CAFE, LABEL, NOTE, PLACE, Published, covers
from tests.live.capture.test_signals.writes import EXACT, WRITES, Zoo, perform
from tests.project.zoo.models import Note, Precious

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_in_autocommit_mode_is_published(name: str, published: Published, zoo: Zoo) -> None:
    expected = perform(name, zoo)
    merged = Changes()
    for publication in published.publications:
        merged.merge(Changes({label: keys for label, keys in publication.items() if keys != set()}))
    if name in EXACT or name == "save with a uuid":
        assert covers(_portable(merged.keys), _portable(expected))
    else:
        assert merged.keys == expected


@pytest.mark.parametrize("name", WRITES)
def test_a_write_in_a_transaction_is_published_once_and_at_commit(name: str, published: Published, zoo: Zoo) -> None:
    with transaction.atomic():
        expected = perform(name, zoo)
        assert published.publications == []
    if name in EXACT or name == "save with a uuid":
        assert covers(_portable(published.once()), _portable(expected))
    else:
        assert published.once() == expected


def _portable(keys: dict[str, set[Any] | None]) -> dict[str, set[Any] | None]:
    """SQLite is given UUIDs as 32 hex digits, and that is what the wrapper sees."""
    return {label: found and {str(key).replace("-", "") for key in found} for label, found in keys.items()}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_is_rolled_back_is_never_published(name: str, published: Published, zoo: Zoo) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        perform(name, zoo)
        raise ZeroDivisionError
    notify(Precious, [1])
    with transaction.atomic():
        notify(Precious, [2])
    assert published.publications == [{"zoo.Precious": {1}}, {"zoo.Precious": {2}}]


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_savepoint_is_rolled_back_is_not_published_with_the_rest(
    name: str, published: Published, zoo: Zoo
) -> None:
    with transaction.atomic():
        notify(Precious, [1])
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            perform(name, zoo)
            raise ZeroDivisionError
        notify(Precious, [2])
    assert published.publications == [{"zoo.Precious": {1, 2}}]


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("is_savepoint", [False, True])
def test_several_writes_of_one_transaction_are_one_publication(
    durable: bool, is_savepoint: bool, published: Published, zoo: Zoo
) -> None:
    with transaction.atomic(durable=durable):
        Note.objects.filter(pk=zoo.note.pk).update(rank=1)
        with transaction.atomic(savepoint=is_savepoint):
            made = Note.objects.create(title="n")
            zoo.cafe.save()
        zoo.labels[0].save()
    assert published.once() == {
        NOTE: {zoo.note.pk, made.pk},
        LABEL: {zoo.labels[0].pk},
        PLACE: {zoo.cafe.pk},
        CAFE: {zoo.cafe.pk},
    }

"""A list with related rows (``expand``), of which one has changed: what is read again is, with the rest, the whole list."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import hypothesis.strategies as st
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from rest_framework.permissions import AllowAny

from channels_binding.bindings import expansions, windows
from channels_binding.bindings.expansions import Expansion, untouched
from channels_binding.calls import Call
from channels_binding.consumers import Binding
from channels_binding.exceptions import LimitExceeded
from channels_binding.live.capture import recorder, signals
from channels_binding.live.capture.changes import Changes
from channels_binding.live.queries.evaluation import evaluate, normalized, open_query
from channels_binding.live.queries.group import Group
from channels_binding.testing import BindingCommunicator, session_cookie
from tests.project.zoo.models import Chapter, City, Country, Novel
from tests.streams import Stream, fleeting_connections
from tests.throwaway import throwaway

pytestmark = [pytest.mark.usefixtures("streams"), pytest.mark.django_db(transaction=True)]
CODES = ("AT", "BE", "CH", "DE")


@pytest.fixture
def streams(transactional_db: None) -> Iterator[None]:
    with throwaway("zoo.Note"):

        class Countries(Binding):
            stream, model, fields = "tests.Countries", Country, ("code", "name")
            expandable = {"cities": {"limit": 2, "order": "-name"}}
            permission_classes = (AllowAny,)

        class Cities(Binding):
            """Those whose names begin with a small letter are nobody's business."""

            stream, model, fields = "tests.Cities", City, ("id", "name")
            expandable = ("country",)
            permission_classes = (AllowAny,)

            def get_queryset(self) -> Any:
                return City.objects.filter(name__lt="a")

        class Chapters(Binding):
            stream, model, fields = "tests.Chapters", Chapter, ("id", "title")
            expandable = {"novel.sold_in.cities": {"limit": 1}, "novel.sold_in": {"limit": 2}}
            permission_classes = (AllowAny,)

        class Novels(Binding):
            stream, model, fields = "tests.Novels", Novel, ("id", "title")
            expandable = {"sold_in.cities": {"limit": 3}, "chapters": {"limit": 2}}
            permission_classes = (AllowAny,)

        yield


class Ear:
    """What is published."""

    def __init__(self) -> None:
        self.changes: list[Changes] = []

    def publish(self, changes: Changes) -> None:
        self.changes.append(changes)


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    made = Ear()
    monkeypatch.setattr(recorder, "_publishers", [made.publish])
    signals.connect()
    return made


class Kept:
    """A live read that is told of each change."""

    def __init__(self, stream: str, paths: list[str], **data: Any) -> None:
        self.call = Call(stream, "search", {"limit": 3, **data, "expand": paths}, get_user_model()(username="ann"))
        self.group: Group = open_query(self.call)
        self.group.take(evaluate(self.group.call))
        self.group.changed = set()

    def hear(self, changes: Changes) -> None:
        self.group.touch_by(normalized(changes, self.group.labels or set()))

    def catch_up(self) -> bool:
        """Read what may have changed. Returns whether that was less than everything."""
        group = self.group
        changed, group.changed = group.changed, set()
        touched, group.touched = group.touched, {}
        found = evaluate(group.call, group.audience, group.reading, changed, touched)
        group.take(found)
        return not found.is_whole

    def shown(self) -> Any:
        assert self.group.reading is not None
        return (self.group.reading.rows, self.group.reading.meta)

    def fresh(self) -> Any:
        found = evaluate(self.group.call).reading
        assert found is not None
        return (found.rows, found.meta)


READS = {
    "tests.Countries": [["cities"]],
    "tests.Cities": [["country"]],
    "tests.Chapters": [["novel"], ["novel.sold_in"], ["novel.sold_in.cities"]],
    "tests.Novels": [["chapters"], ["sold_in"], ["chapters", "sold_in.cities"]],
}
places = st.integers(0, 7)
names = st.sampled_from(["A", "B", "C", "a", "b"])
writes = st.one_of(
    st.tuples(st.just("make_city"), st.sampled_from(CODES), names),
    st.tuples(st.just("rename_city"), places, names),
    st.tuples(st.just("move_city"), places, st.sampled_from(CODES)),
    st.tuples(st.just("delete_city"), places),
    st.tuples(st.just("rename_country"), st.sampled_from(CODES), names),
    st.tuples(st.just("sell"), places, st.sets(st.sampled_from(CODES))),
    st.tuples(st.just("make_chapter"), places, names),
    st.tuples(st.just("rename_chapter"), places, names),
    st.tuples(st.just("move_chapter"), places, places),
    st.tuples(st.just("delete_chapter"), places),
    st.tuples(st.just("rename_novel"), places, names),
)


def pick(model: Any, place: int) -> Any:
    rows = [*model.objects.order_by("pk")]
    return rows[place % len(rows)] if rows else None


def save(row: Any, **values: Any) -> None:
    if row is not None:
        type(row).objects.filter(pk=row.pk).update(**values)


WRITES: dict[str, Any] = {
    "make_city": lambda code, name: City.objects.create(country_id=code, name=name),
    "rename_city": lambda place, name: save(pick(City, place), name=name),
    "move_city": lambda place, code: save(pick(City, place), country_id=code),
    "delete_city": lambda place: (row := pick(City, place)) and row.delete(),
    "rename_country": lambda code, name: save(Country(code=code), name=name),
    "sell": lambda place, codes: pick(Novel, place).sold_in.set(codes),
    "make_chapter": lambda place, name: Chapter.objects.create(novel=pick(Novel, place), title=name),
    "rename_chapter": lambda place, name: save(pick(Chapter, place), title=name),
    "move_chapter": lambda place, novel: save(pick(Chapter, place), novel=pick(Novel, novel)),
    "delete_chapter": lambda place: (row := pick(Chapter, place)) and row.delete(),
    "rename_novel": lambda place, name: save(pick(Novel, place), title=name),
}


def begin() -> None:
    for model in (Chapter, Novel, City, Country):
        model.objects.all().delete()
    Country.objects.bulk_create([Country(code=code, name="x") for code in CODES])
    City.objects.bulk_create([City(country_id=code, name="B") for code in CODES[:3] for _ in range(2)])
    novels = [Novel.objects.create(title=title) for title in "123"]
    novels[0].sold_in.set(Country.objects.filter(code__in=CODES[:2]))
    for novel in novels[:2]:
        Chapter.objects.create(novel=novel, title="B")


def play(rounds: list[list[Any]], ear: Ear) -> int:
    """How often less than everything was read again."""
    begin()
    kept = [Kept(stream, paths) for stream, several in READS.items() for paths in several]
    partly = 0
    for each_round in rounds:
        ear.changes.clear()
        for name, *arguments in each_round:
            with transaction.atomic():  # as actions and views do; a row that is new is known by its key then
                WRITES[name](*arguments)
        for each in kept:
            for changes in ear.changes:
                each.hear(changes)
            if each.group.is_stale:
                partly += each.catch_up()
                each.group.is_stale = False
            assert each.shown() == each.fresh(), (each.call.stream, each.call.data["expand"], each_round)
    return partly


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(writes, min_size=1, max_size=2), min_size=1, max_size=4))
def test_what_is_read_again_is_with_the_rest_the_whole_list(rounds: list[list[Any]], ear: Ear) -> None:
    play(rounds, ear)


def forget_holders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Expansion, "holds", lambda self, rows: iter(()))


def forget_who_leads_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "untouched", lambda known, touched, rows, paths: untouched(known, touched, rows, ()))


@pytest.mark.parametrize("is_sabotaged", [False, True])
@pytest.mark.parametrize(
    ("rounds", "sabotage"),
    [
        ([[("delete_city", 0)]], forget_holders),
        ([[("move_city", 0, "CH")]], forget_holders),
        ([[("make_city", "CH", "Z")]], forget_who_leads_there),
        ([[("rename_city", 0, "a")], [("rename_city", 0, "B")]], forget_who_leads_there),
        ([[("move_city", 0, "CH")]], forget_who_leads_there),
        ([[("make_chapter", 2, "A")]], forget_who_leads_there),
    ],
)
def test_neither_who_shows_a_row_nor_who_leads_to_it_may_be_forgotten(
    rounds: Any, sabotage: Any, is_sabotaged: bool, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_sabotaged:
        sabotage(monkeypatch)
    with pytest.raises(AssertionError) if is_sabotaged else nullcontext():
        assert play(rounds, ear), "less than everything is read again"


def test_all_rows_together_hold_no_more_than_an_answer_may(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a list of which one row is read again the others count as well."""
    begin()
    kept = Kept("tests.Countries", ["cities"])
    monkeypatch.setattr(expansions, "MAX_RELATED", 6)
    ear.changes.clear()
    pick(City, 5).delete()
    kept.hear(ear.changes[0])
    assert kept.catch_up()
    monkeypatch.setattr(expansions, "MAX_RELATED", 4)
    ear.changes.clear()
    with transaction.atomic():
        City.objects.create(country_id="CH", name="A")
    kept.hear(ear.changes[0])
    with pytest.raises(LimitExceeded):
        kept.fresh()
    with pytest.raises(LimitExceeded):
        kept.catch_up()


async def test_a_live_list_that_comes_to_hold_too_many_ends_and_says_what_to_do(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On each transport: at first they were no more than may be."""
    await sync_to_async(begin)()
    monkeypatch.setattr(expansions, "MAX_RELATED", 6)
    socket = BindingCommunicator("/ws/", user=user)
    await socket.open()
    event = "tests.Countries.search#c"
    first = await socket.call(event, {"limit": 4, "expand": ["cities"]})
    assert [len(row["expand"]["cities"]) for row in first["data"]["rows"]] == [2, 2, 2, 0]
    cookie = await sync_to_async(session_cookie)(user)
    stream = Stream("/api/tests.Countries/?limit=4&expand=cities", headers={"cookie": f"sessionid={cookie}"})
    with fleeting_connections():
        assert await stream.open() == 200
    await stream.event()

    await sync_to_async(WRITES["make_city"])("DE", "B")

    pushed, (_, streamed) = await socket.receive(), await stream.event()
    late = (await socket.call(event, {"limit": 4, "expand": ["cities"]}))["error"]
    for error in (pushed["error"], streamed["error"], late):
        assert (error["code"], error["limit"]) == ("limit_exceeded", 6)
        assert "'limit'" in error["message"]
        assert "'expand'" in error["message"]
    assert (await socket.call(event, {"limit": 3, "expand": ["cities"]}))["data"]["count"] == 4
    await socket.close()
    with pytest.raises(EOFError):
        await stream.event()
    await stream.leave()

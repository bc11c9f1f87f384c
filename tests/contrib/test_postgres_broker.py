"""PostgreSQL between processes: a real one that is cut off, killed, frozen, cleaned and crashes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from channels_binding.contrib import postgres_broker
from channels_binding.contrib.postgres_broker import PostgresBroker
from channels_binding.live.transport import make_transport
from tests.contrib.transports import (
    Reader,
    assert_all_hear_in_order_after_they_have_joined,
    assert_nothing_lost_after_a_freeze,
    assert_reads_on_without_loss,
    send,
)
from tests.faults import Proxy
from tests.services import Postgres

TABLE = "channels_binding_messages"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


@pytest.fixture
def postgres(server: Postgres) -> Iterator[Postgres]:
    """Running, and without the table."""
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {TABLE}, one, other")
        connection.execute(f"DROP SEQUENCE IF EXISTS {TABLE}_seq, one_seq, other_seq")
    yield server
    server.resume()


@pytest.fixture(autouse=True)
def _places(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias is a port here; and answers about silence come fast."""
    aliases = {str(port): SimpleNamespace(vendor="postgresql") for port in range(1024, 65_536)}
    monkeypatch.setattr(postgres_broker, "connections", aliases)
    monkeypatch.setattr(
        postgres_broker,
        "parameters",
        lambda alias: {"host": "127.0.0.1", "port": int(alias), "user": "postgres", "dbname": "postgres"},
    )
    monkeypatch.setattr(postgres_broker, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(postgres_broker, "ANSWER_SECONDS", 0.5)


@pytest.fixture
async def read(postgres: Postgres) -> AsyncIterator[Callable[..., Any]]:
    """``await read(port)`` gives a reader that listens."""
    readers: list[Reader] = []

    async def begin(port: int = postgres.port, **options: Any) -> Reader:
        readers.append(Reader(PostgresBroker(str(port), **options)))
        await readers[-1].until(lambda: readers[-1].reads)
        return readers[-1]

    yield begin
    for reader in readers:
        await reader.end()


@pytest.fixture
async def proxy(postgres: Postgres) -> AsyncIterator[Proxy]:
    async with Proxy(postgres.port) as running:
        yield running


async def sent(port: int, *numbers: int, text: str = "ä", **options: Any) -> None:
    await send(PostgresBroker(str(port), **options), *numbers, text=text)


async def test_what_one_sends_all_others_hear_in_order_after_they_have_joined(postgres: Any, read: Any) -> None:
    await assert_all_hear_in_order_after_they_have_joined(read, partial(sent, postgres.port))


async def test_many_who_send_at_once_are_heard_each_once_and_in_one_order(postgres: Postgres, read: Any) -> None:
    readers = [await read(), await read()]
    await asyncio.gather(*(sent(postgres.port, *range(10 * first, 10 * first + 10)) for first in range(12)))
    for reader in readers:
        await reader.until(lambda heard=reader.heard: len(heard) >= 120)
        assert sorted(reader.heard) == [*range(120)]
    assert readers[0].heard == readers[1].heard


@pytest.mark.parametrize("size", [8_000, 900_000])
async def test_a_message_may_be_longer_than_a_notification(size: int, postgres: Postgres, read: Any) -> None:
    reader = await read()
    await sent(postgres.port, 1, 2, text="x" * size)
    await reader.until(lambda: len(reader.heard) == 2)
    assert (reader.heard, reader.losses) == ([1, 2], 1)


async def test_tables_of_different_names_do_not_meet(postgres: Postgres, read: Any) -> None:
    one, other = await read(table="one"), await read(table="other")
    await sent(postgres.port, 1, table="one")
    await one.until(lambda: one.heard)
    await other.has_read_on()
    assert other.heard == []


async def test_a_name_needs_no_care(postgres: Postgres, read: Any) -> None:
    name = "Mine; \"'DROP"
    reader = await read(table=name)
    await sent(postgres.port, 1, table=name)
    await reader.until(lambda: reader.heard)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute('DROP TABLE "Mine; ""\'DROP"')
        connection.execute('DROP SEQUENCE "Mine; ""\'DROP_seq"')


async def test_what_is_over_is_deleted(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_broker, "CLEAN_SECONDS", 0.0)
    await sent(postgres.port, *range(5), keep_seconds=60)
    assert stored(postgres) == 5
    await sent(postgres.port, 5, keep_seconds=0)
    assert stored(postgres) == 1, "its own"


def stored(postgres: Postgres) -> int:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        row = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchone()
        assert row
        return int(row[0])


async def test_who_was_cut_off_reads_on_without_loss(postgres: Any, read: Any, proxy: Proxy) -> None:
    reader = await read(proxy.port)
    await assert_reads_on_without_loss(reader, proxy.cut, proxy.heal, partial(sent, postgres.port))


async def test_a_way_that_swallows_everything_is_noticed_and_then_read_on(
    postgres: Postgres, read: Any, proxy: Proxy
) -> None:
    reader = await read(proxy.port)
    proxy.swallow()
    await sent(postgres.port, *range(1, 50))
    with pytest.raises(PostgresBroker.retried):
        await sent(proxy.port, 51)
    assert reader.heard == []
    proxy.heal()
    await reader.until(lambda: len(reader.heard) >= 49)
    assert reader.heard[:49] == [*range(1, 50)]
    assert reader.losses == 1


async def test_a_frozen_server_loses_nothing(postgres: Any, read: Any) -> None:
    reader = await read()
    postgres.pause()
    await assert_nothing_lost_after_a_freeze(reader, postgres.resume, partial(sent, postgres.port))


async def test_a_crash_empties_the_table_and_is_a_loss(postgres: Postgres, read: Any) -> None:
    reader = await read()
    await sent(postgres.port, 1, 2, 3)
    await reader.until(lambda: reader.heard == [1, 2, 3])
    backend = backends(postgres)[0]
    os.kill(backend, signal.SIGKILL)  # PostgreSQL ends all the others and recovers
    await reader.until(lambda: reader.losses == 2)
    await until_answered(postgres)
    await sent(postgres.port, 4)
    await reader.until(lambda: 4 in reader.heard)
    assert reader.heard == [1, 2, 3, 4]
    assert reader.losses == 2
    await reader.has_read_on()
    assert reader.losses == 2


def backends(postgres: Postgres) -> list[int]:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in rows]


async def until_answered(postgres: Postgres) -> None:
    async with asyncio.timeout(10):
        while True:
            with suppress(psycopg.Error):
                await (await psycopg.AsyncConnection.connect(postgres.url)).close()
                return
            await asyncio.sleep(0.05)


async def test_who_was_away_for_longer_than_messages_are_kept_is_told_so(
    postgres: Postgres, read: Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_broker, "CLEAN_SECONDS", 0.0)
    reader = await read(proxy.port)
    await sent(postgres.port, 1)
    await reader.until(lambda: reader.heard)
    proxy.cut()
    await sent(postgres.port, *range(2, 20), keep_seconds=0)
    await sent(postgres.port, 20)
    proxy.heal()
    await reader.until(lambda: 20 in reader.heard)
    assert reader.heard == [1, 19, 20]
    assert reader.losses == 2
    await reader.has_read_on()
    assert reader.losses == 2


async def test_what_somebody_deletes_is_a_loss_once(postgres: Postgres, read: Any) -> None:
    reader = await read()
    await sent(postgres.port, 1)
    await reader.until(lambda: reader.heard)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {TABLE}")
    await reader.has_read_on()
    assert reader.losses == 1, "nothing was sent that it has not read"
    await sent(postgres.port, 2)
    await reader.until(lambda: 2 in reader.heard)


async def test_an_entry_that_nobody_of_ours_wrote_is_no_message(postgres: Postgres) -> None:
    heard = list[Any]()
    transport = PostgresBroker(str(postgres.port))
    joined = asyncio.Event()
    listening = asyncio.create_task(transport.listen(heard.append, lambda complete: joined.set()))
    await asyncio.wait_for(joined.wait(), 5)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        for payload in ("", "x", "9" * 19, "9" * 30, "-1", "1", "²", '1 {"kind":"changes","n":666}'):
            connection.execute("SELECT pg_notify(%s, %s)", (TABLE, payload))  # which whoever may connect can do
        connection.execute(f"INSERT INTO {TABLE} (message) VALUES ('no json'), ('{{')")
    await sent(postgres.port, 7)
    async with asyncio.timeout(5):
        while len(heard) < 3:
            await asyncio.sleep(0.01)
    assert heard[:2] == [None, None]
    assert heard[2]["n"] == 7
    assert not listening.done()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await transport.close()


async def test_a_server_that_is_gone_is_an_error_that_is_tried_again(postgres: Postgres) -> None:
    await asyncio.to_thread(postgres.stop)
    with pytest.raises(PostgresBroker.retried):
        await sent(postgres.port, 1)
    await asyncio.to_thread(postgres.start)
    await sent(postgres.port, 1)


@pytest.mark.parametrize("options", [{"database": "nowhere"}, {"database": "default", "tables": "x"}])
def test_what_is_no_database_is_refused_with_a_way_out(options: dict[str, str]) -> None:
    settings = {"BROKER": "postgres", "BROKER_OPTIONS": options}
    with override_settings(CHANNELS_BINDING=settings), pytest.raises(ImproperlyConfigured, match="cannot be used"):
        make_transport()


async def test_a_message_that_was_sent_is_not_sent_again_because_cleaning_fails(
    postgres: Postgres, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await read()
    monkeypatch.setattr(postgres_broker, "CLEAN_SECONDS", 0.0)
    monkeypatch.setattr(postgres_broker, "_CLEAN", "DELETE FROM nowhere")
    with pytest.raises(psycopg.Error):
        await sent(postgres.port, 1)
    await reader.has_read_on()
    assert reader.heard == []


async def ask_in_vain(broker: PostgresBroker, connection: Any) -> None:
    with pytest.raises(TimeoutError):
        await broker._execute(connection, "SELECT pg_sleep(30)")


async def ask_and_be_cancelled(broker: PostgresBroker, connection: Any) -> None:
    asking = asyncio.create_task(broker._execute(connection, "SELECT pg_sleep(30)"))
    await asyncio.sleep(0.1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize("give_up", [ask_in_vain, ask_and_be_cancelled])
async def test_an_answer_that_is_given_up_leaves_nobody_watching_the_descriptor(
    give_up: Callable[[PostgresBroker, Any], Any], postgres: Postgres
) -> None:
    """Its number is the next socket's: a loop that went on watching it broke that one."""
    broker = PostgresBroker(str(postgres.port))
    connection = await broker._connect()
    number, tasks = connection.fileno(), len(asyncio.all_tasks())
    await give_up(broker, connection)
    assert connection.closed
    assert len(asyncio.all_tasks()) == tasks
    assert not asyncio.get_running_loop().remove_reader(number)

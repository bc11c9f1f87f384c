"""Server-sent events of a real server: curl's and EventSource's side of it, over real connections."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests.integration.cluster import COOKIE, Cluster

TIMEOUT = 10.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


async def listening(cluster: Cluster) -> None:
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        for port in cluster.ports:
            while not await answers(client, port):
                await asyncio.sleep(0.1)


async def answers(client: httpx.AsyncClient, port: int) -> bool:
    try:
        await client.get(f"http://127.0.0.1:{port}/api/zoo.Note/")
    except httpx.ConnectError:
        return False
    return True


async def events(response: httpx.Response) -> AsyncIterator[tuple[str | None, Any]]:
    """Each event's id and message."""
    lines: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            lines[name] = value
        elif "data" in lines:
            yield lines.get("id"), json.loads(lines["data"])
            lines = {}


async def test_a_stream_follows_what_another_process_commits_and_resumes_on_another_server(cluster: Cluster) -> None:
    await listening(cluster)
    cookies, headers = {COOKIE: cluster.sessions["ann"]}, {"Accept": "text/event-stream"}
    path = "/api/zoo.Note/?order=-id&limit=5"
    async with httpx.AsyncClient(cookies=cookies, headers=headers, timeout=TIMEOUT) as client:
        async with client.stream("GET", f"http://127.0.0.1:{cluster.ports[0]}{path}") as response:
            assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream")
            stream = events(response)
            version, first = await anext(stream)
            assert (first["type"], len(first["data"]["rows"])) == ("snapshot", 5)
            writer = cluster.write(6)
            version, push = await anext(stream)
            assert (push["type"], push["v"]) == ("diff", version)
            assert await asyncio.to_thread(writer.wait, 60) == 0
            while True:
                fresh = (
                    await client.get(f"http://127.0.0.1:{cluster.ports[0]}{path}", headers={"Accept": "*/*"})
                ).json()
                etag = (
                    await client.head(f"http://127.0.0.1:{cluster.ports[0]}{path}", headers={"Accept": "*/*"})
                ).headers
                if etag["ETag"].strip('"').partition("-")[0] == version:
                    break
                version, push = await anext(stream)
        assert fresh["count"] > 0
        back = {"Last-Event-ID": str(version)}
        async with client.stream("GET", f"http://127.0.0.1:{cluster.ports[1]}{path}", headers=back) as response:
            again, same = await anext(events(response))
            assert (again, same["type"]) == (version, "same")


async def test_without_a_session_there_is_a_status_and_no_stream(cluster: Cluster) -> None:
    await listening(cluster)
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        url = f"http://127.0.0.1:{cluster.ports[0]}/api/zoo.Note/"
        refused = await client.get(url, headers={"Accept": "text/event-stream"})
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")

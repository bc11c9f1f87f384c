"""A server that is wrong in one way fails in the points that speak of it; and there is no point that has never failed."""

from collections.abc import Iterator

import pytest

from channels_binding_conformance.connection import Server
from channels_binding_conformance.running import POINTS, run
from tests.integration.conformance.bends import BENDS, slug
from tests.integration.conformance.servers import serving


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with serving("tests.integration.conformance.bent_server:application") as found:
        yield found


@pytest.mark.parametrize("name", BENDS)
async def test_the_points_that_speak_of_it_do_not_hold(name: str, host: str) -> None:
    place = f"{host}/bend/{slug(name)}"
    server = Server(f"ws://{place}/ws/", f"http://{place}/api/", f"http://{host}/conformance/", seconds=0.8)
    results = await run(server, [POINTS[point] for point in BENDS[name].points])
    assert [each.point.name for each in results if each.passed] == []
    assert all(each.expected and each.came for each in results)


def test_every_point_is_seen_to_fail() -> None:
    assert {*POINTS} - {point for bend in BENDS.values() for point in bend.points} == set()

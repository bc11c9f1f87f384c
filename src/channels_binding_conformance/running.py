"""Tries points, one after the other, and notes what came."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import httpx
import websockets

from channels_binding_conformance import points as _points  # which registers them
from channels_binding_conformance.checking import POINTS, Failure, Point
from channels_binding_conformance.connection import Server

__all__ = ["POINTS", "Result", "chosen", "run"]
assert _points.__all__
MOST_SECONDS = 60.0
"""Of one point, whatever the server does."""


@dataclass(frozen=True)
class Result:
    """What became of a point."""

    point: Point
    passed: bool
    expected: str = ""
    came: str = ""
    seconds: float = 0.0


def chosen(only: Iterable[str] = (), *, with_http: bool = True) -> list[Point]:
    """The points of which a pattern tells: ``["live.*", "read.page"]``; without patterns all.

    Raises:
        LookupError: A pattern names none.
    """
    patterns = [*only]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in POINTS):
            raise LookupError(f"No point is called {pattern!r}. --list names all.")
    named = [each for name, each in POINTS.items() if not patterns or any(fnmatchcase(name, one) for one in patterns)]
    return [each for each in named if with_http or not each.needs_http]


async def run(server: Server, points: Iterable[Point], told: Callable[[Result], None] = lambda _: None) -> list[Result]:
    """Try each point on a server that was filled anew for it.

    Raises:
        ConnectionError: The server is not there, or cannot be filled.
    """
    results = []
    for each in points:
        await server.reset(each.fixture)
        results.append(await _tried(server, each))
        told(results[-1])
    return results


async def _tried(server: Server, each: Point) -> Result:
    began = time.monotonic()
    try:
        await asyncio.wait_for(each.check(server), MOST_SECONDS)
    except Failure as failure:
        return Result(each, False, failure.expected, failure.came, time.monotonic() - began)
    except (OSError, httpx.HTTPError, websockets.WebSocketException, TimeoutError) as error:
        return Result(each, False, "an answer", f"{type(error).__name__}: {error}", time.monotonic() - began)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:  # what is missing in what came
        return Result(each, False, each.says, f"{type(error).__name__}: {error}", time.monotonic() - began)
    return Result(each, True, seconds=time.monotonic() - began)

"""``channels-binding-conformance``: holds a running server against the contract."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from urllib.parse import urlsplit

MISSING = 'It needs more packages: pip install "channels-binding[conformance]"'
HOLDS, FAILS, CANNOT = 0, 1, 2
"""Exit codes: every point holds; some do not; nothing could be tried."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    options = _parser().parse_args(arguments)
    if not all(map(find_spec, ("httpx", "jsonschema", "websockets"))):
        print(MISSING, file=sys.stderr)
        return CANNOT
    from channels_binding_conformance import report, running
    from channels_binding_conformance.connection import Server

    try:
        points = running.chosen(options.only, with_http=options.http != "none")
        if options.list:
            print(report.listing(points))
            return HOLDS
        if options.url is None:
            raise LookupError("--url says which server: ws://127.0.0.1:8000/ws/")
        server = Server(
            options.url,
            _address(options, "http", "api/"),
            _address(options, "reset", "conformance/"),
            seconds=options.seconds,
        )
        told = (lambda result: None) if options.json else (lambda result: print(report.line(result), flush=True))
        results = asyncio.run(running.run(server, points, told))
    except (LookupError, ConnectionError) as error:
        print(error, file=sys.stderr)
        return CANNOT
    print(report.as_json(options.url, results) if options.json else report.summary(results))
    return HOLDS if all(each.passed for each in results) else FAILS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="channels-binding-conformance",
        description="Holds a running server against the contract cb.1. The server must offer what spec/profile.md asks for.",
    )
    parser.add_argument("--url", help="The socket: ws://127.0.0.1:8000/ws/")
    parser.add_argument("--http", help='The HTTP API; by default api/ of the same host. "none" leaves its points out.')
    parser.add_argument("--reset", help="Where a fixture is posted to; by default conformance/ of the same host.")
    parser.add_argument(
        "--only", action="append", default=[], metavar="PATTERN", help="Points like live.*; may be repeated."
    )
    parser.add_argument("--list", action="store_true", help="Name the points, and try nothing.")
    parser.add_argument("--json", action="store_true", help="For programs.")
    parser.add_argument("--seconds", type=float, default=5.0, help="How long to wait for each message (5).")
    return parser


def _address(options: argparse.Namespace, name: str, path: str) -> str:
    """What was given, or that path of the socket's host."""
    given: str | None = getattr(options, name)
    if given is not None:
        return given
    parts = urlsplit(options.url)
    scheme = "https" if parts.scheme == "wss" else "http"
    return f"{scheme}://{parts.netloc}/{path}"


if __name__ == "__main__":
    sys.exit(main())

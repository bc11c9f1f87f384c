"""What was tried, for people and for programs."""

import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from channels_binding_conformance.checking import Point
from channels_binding_conformance.running import Result

WIDTH = 120


def listing(points: Iterable[Point]) -> str:
    """``live.exact  §3  Whatever is written, …`` for each."""
    return "\n".join(f"{each.name:<28}{each.section:<34}{each.says}" for each in points)


def line(result: Result) -> str:
    """One point: ``ok`` and its name, or what was expected and what came."""
    head = f"{'ok    ' if result.passed else 'FAILED'}  {result.point.name:<28}{result.point.section}"
    if result.passed:
        return head
    said = {"the contract": result.point.says, "expected": result.expected, "came": result.came}
    return "\n".join([head, *(_folded(name, text) for name, text in said.items())])


def _folded(name: str, text: str) -> str:
    text = text if len(text) <= 2000 else f"{text[:2000]} … ({len(text)} characters)"
    return textwrap.fill(text, WIDTH, initial_indent=f"        {name + ':':<14}", subsequent_indent=" " * 22)


def summary(results: Sequence[Result]) -> str:
    """``71 of 72 points hold.``"""
    passed = sum(each.passed for each in results)
    failed = ", ".join(each.point.name for each in results if not each.passed)
    return f"{passed} of {len(results)} points hold." + (f" Not: {failed}" if failed else "")


def as_json(url: str, results: Sequence[Result]) -> str:
    """``{"url", "passed", "failed", "points": [{"name", "section", "says", "passed", "expected"?, "came"?, "seconds"}]}``"""
    passed = sum(each.passed for each in results)
    found = {
        "url": url,
        "passed": passed,
        "failed": len(results) - passed,
        "points": [_point(each) for each in results],
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def _point(result: Result) -> dict[str, Any]:
    known: dict[str, Any] = {
        "name": result.point.name,
        "section": result.point.section,
        "says": result.point.says,
        "passed": result.passed,
        "seconds": round(result.seconds, 3),
    }
    return known if result.passed else known | {"expected": result.expected, "came": result.came}

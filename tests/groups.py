"""Which tests stay in one process of pytest-xdist: those that share what their file has started."""

from typing import Any

import pytest


def mark(item: Any) -> None:
    """Servers, a browser or a long run of before: two processes would start them twice."""
    known = item.session._fixturemanager
    found = [known.getfixturedefs(name, item) or () for name in getattr(item, "fixturenames", ())]
    if any(each.scope in ("module", "package") for definitions in found for each in definitions):
        item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def keep_together(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write the group behind the name of a test, where the scheduler of pytest-xdist looks for it.

    pytest-xdist 3.8 does so too, but to an attribute that pytest 9.2 reads no more: without a word, nothing was kept together.
    It can go with https://github.com/pytest-dev/pytest-xdist/issues/1386.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        names = sorted({str(each.args[0]) for each in item.iter_markers("xdist_group")})
        if names and not item.nodeid.endswith(end := f"@{'_'.join(names)}"):
            from _pytest.nodeid import NodeId  # there since pytest 9.2

            item._id = NodeId.parse(item.nodeid + end)

"""drf-spectacular's settings while our documents are made: ours for us, the project's for everybody else."""

import asyncio
import threading
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings, spectacular_settings

from channels_binding.contract.spectacular_settings import inspecting


def shown() -> tuple[Any, Any]:
    return spectacular_settings.OAS_VERSION, spectacular_settings.COMPONENT_SPLIT_REQUEST


OURS, THE_PROJECTS = ("3.1.0", True), ("3.0.3", False)


def test_ours_hold_inside_and_are_gone_after_it_whatever_happens() -> None:
    with pytest.raises(RuntimeError), inspecting():
        assert shown() == OURS
        raise RuntimeError
    assert shown() == THE_PROJECTS


def test_another_thread_sees_the_projects_own_meanwhile() -> None:
    seen: list[Any] = []
    with inspecting():
        thread = threading.Thread(target=lambda: seen.append((shown(), version_of_the_projects_schema())))
        thread.start()
        thread.join()
        assert shown() == OURS
    assert seen == [(THE_PROJECTS, "3.0.3")]


def version_of_the_projects_schema() -> Any:
    return SchemaGenerator(patterns=[]).get_schema()["openapi"]


async def test_another_task_sees_the_projects_own_meanwhile() -> None:
    entered, seen = asyncio.Event(), asyncio.Event()

    async def ours() -> None:
        with inspecting():
            entered.set()
            await seen.wait()
            assert shown() == OURS

    task = asyncio.create_task(ours())
    await entered.wait()
    assert shown() == THE_PROJECTS
    seen.set()
    await task


def test_two_threads_inspect_at_once() -> None:
    together = threading.Barrier(2, timeout=5)
    seen: list[Any] = []

    def inspect() -> None:
        with inspecting():
            together.wait()
            seen.append(shown())

    threads = [threading.Thread(target=inspect) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [OURS, OURS]


def test_what_a_view_of_the_project_sets_for_itself_stays_while_we_inspect_and_after() -> None:
    with patched_settings({"TITLE": "Theirs"}):
        with inspecting():
            assert spectacular_settings.TITLE == "Theirs"
        assert (spectacular_settings.TITLE, shown()) == ("Theirs", THE_PROJECTS)
    assert spectacular_settings.TITLE == ""

"""What is told of a server, and by which exit code."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from channels_binding_conformance import cli
from channels_binding_conformance.running import POINTS
from tests.integration.conformance.bends import slug
from tests.integration.conformance.servers import serving


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with serving("tests.integration.conformance.bent_server:application") as found:
        yield found


def test_the_list_names_each_point_its_section_and_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--list"]) == 0
    told = capsys.readouterr().out
    assert all(name in told and each.section in told and each.says in told for name, each in POINTS.items())


def test_every_point_names_a_section_that_there_is() -> None:
    from channels_binding_conformance.specification import SPEC

    words = (SPEC / "protocol.md").read_text()
    for each in POINTS.values():
        if each.section.startswith("§"):
            assert f"# {each.section[1:]}" in words, each
        else:
            assert (SPEC / each.section).exists()
        assert each.says.endswith("."), each


def test_a_server_that_holds_is_told_of_in_a_line_a_point(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--url", f"ws://{host}/ws/", "--only", "envelope.e*", "--only", "http.hello"]) == 0
    assert capsys.readouterr().out == (
        "ok      envelope.echo               §1\nok      http.hello                  §6\n2 of 2 points hold.\n"
    )


def test_a_server_that_does_not_is_told_what_was_expected_and_what_came(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"{host}/bend/{slug('another close code')}"
    options = ["--url", f"ws://{place}/ws/", "--http", "none", "--reset", f"http://{host}/conformance/"]
    assert cli.main([*options, "--only", "session.wrong-token"]) == 1
    told = capsys.readouterr().out
    assert told == (
        "FAILED  session.wrong-token         §4\n"
        "        the contract: A handshake whose token is not accepted is let in and closed at once with 4401.\n"
        "        expected:     close code: 4401\n"
        "        came:         4000 ($: 4000, not 4401)\n"
        "0 of 1 points hold. Not: session.wrong-token\n"
    )


def test_programs_are_told_the_same_as_json(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"ws://{host}/bend/{slug('no id')}/ws/"
    assert cli.main(["--url", url, "--http", "none", "--only", "envelope.echo", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["url"], told["passed"], told["failed"]) == (url, 0, 1)
    assert {"name": "envelope.echo", "section": "§1", "passed": False}.items() <= told["points"][0].items()
    assert told["points"][0]["expected"]
    assert told["points"][0]["came"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--url", "ws://127.0.0.1:9/ws/"], "POST http://127.0.0.1:9/conformance/ (spec/profile.md)"),
        (["--url", "ws://127.0.0.1:9/ws/", "--only", "nothing.*"], "No point is called 'nothing.*'"),
        ([], "--url says which server"),
    ],
)
def test_where_nothing_can_be_tried_the_way_out_is_named(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(options) == 2
    assert said in capsys.readouterr().err


def test_without_http_its_points_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--list", "--http", "none"]) == 0
    assert "http." not in capsys.readouterr().out


def test_without_its_packages_it_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None if name == "websockets" else object())
    assert cli.main(["--list"]) == 2
    assert 'pip install "channels-binding[conformance]"' in capsys.readouterr().err


def test_the_kit_imports_nothing_of_the_server_that_it_tries() -> None:
    ours = "[name for name in sys.modules if name.split('.')[0] in ('channels_binding', 'django')]"
    code = f"import sys, channels_binding_conformance.running; print({ours})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

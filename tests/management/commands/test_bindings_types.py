"""``manage.py bindings_types`` prints, writes, and fails when a file is out of date."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from channels_binding.management.commands import bindings_types


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("bindings_types", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_a_module_that_registers_the_streams() -> None:
    text = run()
    assert text.startswith("// Written by")
    assert "  'zoo.Note': {" in text
    assert text.endswith("interface Register {\n    bindings: AppBindings\n  }\n}\n")


def test_the_streams_of_one_server_of_several_are_registered_under_its_name() -> None:
    assert run("--server", "back1").endswith("interface Servers {\n    back1: AppBindings\n  }\n}\n")
    assert run("--server", "back-1").endswith("interface Servers {\n    'back-1': AppBindings\n  }\n}\n")


def test_what_is_written_is_up_to_date_until_it_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "bindings.gen.ts"
    with pytest.raises(CommandError, match="out of date"):
        run("--check", str(file))
    run("--output", str(file))
    assert file.read_text() == run()
    assert "up to date" in run("--check", str(file))
    file.write_text(file.read_text().replace("number", "string", 1))
    with pytest.raises(CommandError, match=r"manage\.py bindings_types --output"):
        run("--check", str(file))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings_types, "find_spec", lambda name: None)
    with pytest.raises(CommandError, match=r"channels-binding\[openapi\]"):
        run()

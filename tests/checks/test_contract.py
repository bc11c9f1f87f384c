"""W018: what documents and types leave out, on request."""

from typing import Any

import pytest
from django.core.checks import run_checks

from channels_binding.checks import contract
from channels_binding.consumers import Binding
from tests.project.zoo.models import Note
from tests.throwaway import throwaway


@pytest.mark.one_backend("orders of related rows are compiled, and nothing is asked")
def test_check_deploy_names_what_cannot_be_described_and_check_alone_does_not_look() -> None:
    with throwaway():

        class Broken(Binding):
            stream, model = "test.broken", Note

            def get_serializer_class(self) -> Any:
                raise RuntimeError("a bug")

        of_deploy = run_checks(tags=["channels_binding"], include_deployment_checks=True)
        found = [message for message in of_deploy if message.id == "channels_binding.W018"]
        usual = {message.id for message in run_checks(tags=["channels_binding"])}
    assert [message.msg for message in found] == ["test.broken cannot be described: RuntimeError('a bug')"]
    assert found[0].hint
    assert "channels_binding.W018" not in usual


def test_without_drf_spectacular_there_is_nothing_to_describe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "find_spec", lambda name: None)
    assert contract.check_contract() == []

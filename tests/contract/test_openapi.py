"""The OpenAPI document: valid, complete, and only of what a binding offers."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from jsonschema import Draft202012Validator
from rest_framework.authentication import SessionAuthentication
from rest_framework.test import APIRequestFactory

from channels_binding.contract.openapi import document


def address(name: str, *args: str) -> str:
    return "/".join(["", name, *args, ""])


def made() -> dict[str, Any]:
    request: Any = APIRequestFactory().get("/")
    request.user = get_user_model()(username="ann", pk=1)
    return document(request, address, lambda stream: [SessionAuthentication()])


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return made()


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own | {each for member in value.values() for each in references(member)}
    return {each for member in value for each in references(member)} if isinstance(value, list) else set()


def test_it_is_openapi_3_1_and_every_schema_is_a_schema(whole: dict[str, Any]) -> None:
    assert whole["openapi"].startswith("3.1")
    for name, schema in whole["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name


def test_every_reference_leads_somewhere(whole: dict[str, Any]) -> None:
    names = {f"#/components/schemas/{name}" for name in whole["components"]["schemas"]}
    assert references(whole) <= names


def test_every_operation_has_a_name_of_its_own_and_says_how_one_signs_in(whole: dict[str, Any]) -> None:
    operations = [operation for item in whole["paths"].values() for operation in item.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    signing_in: dict[str, list[str]] = {"cookieAuth": []}
    assert all(each["security"] in ([signing_in], [signing_in, {}]) for each in operations), "{}: one need not"
    assert whole["components"]["securitySchemes"]["cookieAuth"]["type"] == "apiKey"

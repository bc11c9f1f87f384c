"""Whatever went wrong, in the contract's words; and what nobody foresaw stays here."""
# ruff: noqa: E501 (tables are read across)

import logging
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import exceptions as django
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework import serializers

from channels_binding import exceptions as ours
from channels_binding import repeated
from channels_binding.exception_handler import as_error, django_field_errors
from tests.project.zoo.models import Note
from tests.schema import problems


class Teapot(drf.APIException):
    status_code = 418


class Taken(drf.APIException):
    status_code = 409
    default_detail = "Taken."


class Down(drf.APIException):
    status_code = 503


KNOWN: list[tuple[BaseException, type[ours.BindingError]]] = [
    (ours.NotFound(), ours.NotFound),
    (drf.ValidationError("x"), ours.Invalid),
    (drf.NotAuthenticated(), ours.Unauthenticated),
    (drf.AuthenticationFailed(), ours.Unauthenticated),
    (drf.PermissionDenied(), ours.Forbidden),
    (drf.NotFound(), ours.NotFound),
    (drf.MethodNotAllowed("GET"), ours.MethodNotAllowed),
    (drf.NotAcceptable(), ours.NotAcceptable),
    (drf.UnsupportedMediaType("x"), ours.UnsupportedMediaType),
    (drf.ParseError(), ours.BadRequest),
    (drf.Throttled(3), ours.Throttled),
    (Taken(), ours.Conflict),
    (Down(), ours.Unavailable),
    (django.ValidationError("x"), ours.Invalid),
    (django.PermissionDenied(), ours.Forbidden),
    (Http404(), ours.NotFound),
    (django.RequestDataTooBig(), ours.TooLarge),
    (django.TooManyFieldsSent(), ours.TooLarge),
    (django.TooManyFilesSent(), ours.TooLarge),
    (django.SuspiciousFileOperation("canary"), ours.BadRequest),
    (django.BadRequest(), ours.BadRequest),
    (ProtectedError("x", set()), ours.Conflict),
    (RestrictedError("x", set()), ours.Conflict),
    (IntegrityError("UNIQUE constraint failed: canary"), ours.Conflict),
    (DataError("canary"), ours.Invalid),
    (OverflowError("canary"), ours.Invalid),
    (OperationalError("canary"), ours.Unavailable),
    (InterfaceError("canary"), ours.Unavailable),
    (TimeoutError("canary"), ours.Timeout),
]
UNKNOWN: list[BaseException] = [Teapot("canary"), django.ObjectDoesNotExist("canary"), get_user_model().DoesNotExist("canary"), DatabaseError("canary"), RuntimeError("canary"), KeyError("canary"), drf.APIException("canary"), RecursionError(), MemoryError()]  # fmt: skip


@pytest.mark.parametrize(("raised", "kind"), KNOWN, ids=lambda value: getattr(value, "__name__", type(value).__name__))
def test_what_is_known_has_its_code(raised: BaseException, kind: type[ours.BindingError]) -> None:
    error = as_error(raised)
    assert type(error) is kind
    assert problems("error", error.to_json()) == []
    assert "canary" not in str(error.to_json())


@pytest.mark.parametrize("raised", UNKNOWN, ids=lambda value: type(value).__name__)
def test_what_nobody_foresaw_is_internal_and_stands_in_the_log_by_its_ref(
    raised: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "channels_binding"):
        error = as_error(raised)
    assert error.code == "internal"
    assert "canary" not in str(error.to_json())
    (record,) = caplog.records
    assert str(error.facts["ref"]) in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is raised


def test_two_failures_have_two_refs() -> None:
    assert as_error(RuntimeError()).facts != as_error(RuntimeError()).facts


def test_the_wait_of_a_throttle_is_told() -> None:
    assert as_error(drf.Throttled(3)).facts == {"retry_after": 3}
    assert as_error(drf.Throttled()).facts == {}


class Inner(serializers.Serializer[Any]):
    message = serializers.IntegerField()
    code = serializers.IntegerField()


class Outer(serializers.Serializer[Any]):
    rank = serializers.IntegerField(min_value=3)
    inner = Inner()
    many = Inner(many=True)  # type: ignore[assignment]
    numbers = serializers.ListField(child=serializers.IntegerField())

    def validate(self, attrs: Any) -> Any:
        raise serializers.ValidationError("Never.", code="never")


def fields_of(data: Any) -> Any:
    serializer = Outer(data=data)
    with pytest.raises(drf.ValidationError) as raised:
        serializer.is_valid(raise_exception=True)
    error = as_error(raised.value)
    assert problems("error", error.to_json()) == []
    return error.fields


def test_errors_of_serializers_keep_their_place() -> None:
    good = {"message": 1, "code": 1}
    fields = fields_of({"rank": 1, "inner": {"message": 1}, "many": [good, {"code": 1}], "numbers": [1, "x"]})
    assert fields["rank"][0]["code"] == "min_value"
    assert fields["inner"] == {"code": [{"code": "required", "message": "This field is required."}]}
    lacking = {"message": [{"code": "required", "message": "This field is required."}]}
    assert fields["many"] in ([{}, lacking], {"1": lacking}), "as the version of DRF has it"
    assert fields["numbers"] == {"1": [{"code": "invalid", "message": "A valid integer is required."}]}


def test_fields_named_message_and_code_are_not_taken_for_an_error() -> None:
    fields = fields_of({"rank": 3, "inner": {}, "many": [], "numbers": []})
    assert set(fields["inner"]) == {"message", "code"}
    assert fields["inner"]["code"][0]["code"] == "required"


def test_errors_of_no_field_stand_under_all() -> None:
    good = {"message": 1, "code": 1}
    fields = fields_of({"rank": 3, "inner": good, "many": [], "numbers": []})
    assert fields == {"__all__": [{"code": "never", "message": "Never."}]}
    assert as_error(drf.ValidationError(["a", "b"])).fields == {
        "__all__": [{"code": "invalid", "message": "a"}, {"code": "invalid", "message": "b"}]
    }


def test_errors_of_django_are_told_with_their_codes_and_filled_in_texts() -> None:
    error = django.ValidationError("Not %(n)s.", code="odd", params={"n": 3})
    assert django_field_errors(error) == {"__all__": [{"code": "odd", "message": "Not 3."}]}
    assert django_field_errors(django.ValidationError({"a": ["x", error]})) == {
        "a": [{"code": "invalid", "message": "x"}, {"code": "odd", "message": "Not 3."}]
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.one_backend("SQLite alone has one class for both")
def test_a_statement_that_is_wrong_is_no_lack_of_the_database() -> None:
    for sql in ("SELECT * FROM nowhere", "SELECT nothing FROM zoo_note", "SELEC 1"):
        with pytest.raises(OperationalError) as raised, connection.cursor() as cursor:
            cursor.execute(sql)
        assert as_error(raised.value).code == "internal"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("sql", "is_told"),
    [
        ("SELECT * FROM nowhere", True),
        ("SELECT zoo_note.absent FROM zoo_note", True),
        ("INSERT INTO zoo_label (absent) VALUES (1)", True),
        ("SELEC 1", False),
    ],
)
def test_where_a_table_or_a_column_is_missing_the_log_names_migrate(
    sql: str, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DatabaseError) as raised, connection.cursor() as cursor:
        cursor.execute(sql)
    error = as_error(raised.value)
    assert error.code == "internal"
    (record,) = [each for each in caplog.records if each.name == "channels_binding"]
    assert ("manage.py makemigrations, then manage.py migrate" in record.getMessage()) is is_told
    assert record.getMessage().startswith(f"A call failed (ref {error.facts['ref']})")


def test_a_number_that_overflows_in_a_project_s_code_is_its_bug() -> None:
    with pytest.raises(OverflowError) as raised:
        int(float("inf"))
    assert as_error(raised.value).code == "internal"


@pytest.mark.django_db
@pytest.mark.one_backend("PostgreSQL compares numbers of any length")
def test_a_number_that_overflows_on_its_way_to_the_database_is_the_caller_s() -> None:
    with pytest.raises(Exception) as raised:
        [*Note.objects.filter(pk__in=[2**70, 1])]
    assert as_error(raised.value).code == "invalid"


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        (
            {"detail": "Token is invalid", "code": "token_not_valid", "messages": [{"message": "expired"}]},
            "Token is invalid",
        ),
        ({"a": "One.", "b": ["Two.", "Three."]}, "One. Two. Three."),
        (["One.", "Two."], "One. Two."),
        ("One.", "One."),
    ],
)
def test_a_detail_of_several_parts_is_told_as_a_sentence(detail: Any, message: str) -> None:
    """simplejwt refuses with a dictionary, whose Python was sent before."""
    for kind in (drf.AuthenticationFailed, drf.NotAuthenticated, drf.PermissionDenied, drf.ParseError, _Refused):
        assert as_error(kind(detail)).message == message
    assert as_error(drf.Throttled(detail="Slow down.")).message == "Slow down."


class _Refused(drf.APIException):
    status_code = 403


@pytest.mark.parametrize(
    ("exception", "way_out"),
    [
        (django.SynchronousOnlyOperation("x"), "In an async def the ORM is awaited (aget(), acount()"),
        (TypeError("'<' not supported between instances of 'coroutine' and 'int'"), "An await is missing"),
        (AttributeError("'coroutine' object has no attribute 'pk'"), "An await is missing"),
    ],
)
def test_a_forgotten_await_is_told_in_the_log(
    exception: Exception, way_out: str, caplog: pytest.LogCaptureFixture
) -> None:
    as_error(exception)
    assert way_out in caplog.text


def test_in_debug_the_answer_names_what_was_raised_and_nothing_of_what_it_said(settings: Any) -> None:
    assert as_error(KeyError("canary")).message == "Something went wrong on the server."
    settings.DEBUG = True
    message = as_error(KeyError("canary")).message
    assert message == "Something went wrong on the server. It raised KeyError: see the server's log, at this ref."


def test_in_debug_a_missing_csrf_token_is_told_where_it_is(settings: Any) -> None:
    missing = drf.PermissionDenied("CSRF Failed: CSRF token missing.")
    assert as_error(missing).message == "CSRF Failed: CSRF token missing."
    settings.DEBUG = True
    assert as_error(missing).message.endswith("or what GET hello/ says as csrf, as the header X-CSRFToken.")
    assert as_error(drf.PermissionDenied("No.")).message == "No."


def test_a_database_that_is_away_is_not_told_a_thousand_times(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated, "SECONDS", 60.0)
    for _ in range(100):
        as_error(OperationalError("away just now"))
    told = [record for record in caplog.records if "away just now" in record.getMessage()]
    assert len(told) == 1

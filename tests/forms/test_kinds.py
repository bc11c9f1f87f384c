"""What is of another kind than a form's field: what `create` refuses of JSON, a form refuses too."""

from typing import Any

import pytest
from django.db import models
from rest_framework.exceptions import ValidationError

from channels_binding.forms.form import bind_data, form_errors, model_form
from channels_binding.forms.kinds import refuse_other_kinds
from channels_binding.serializers.default import BindingSerializer
from tests.forms.fields import FIELDS
from tests.forms.test_form import described, form_of
from tests.project.zoo.models import (
    Address,
    Attachment,
    Digits,
    Document,
    Flag,
    Lapse,
    Moment,
    Money,
    Note,
    Options,
    Prose,
    Vault,
)

ODD: list[Any] = [True, False, 0, 1, 7, 1.5, 20200101, "x", "yes", [], ["x"], [1], [True], [[]], {}, {"a": 1}]
MODELS = [Address, Attachment, Digits, Document, Flag, Lapse, Moment, Money, Note, Options, Prose, Vault]


@pytest.mark.parametrize("name", FIELDS)
def test_what_a_form_says_of_its_value_is_of_its_kind(name: str) -> None:
    field, value = FIELDS[name]
    (description,) = described(form_of(field, value))
    submitted = {"value": description["value"]}
    form = form_of(field, value, bind_data(form_of(field, value), submitted))
    refuse_other_kinds(form, submitted)
    assert form.is_valid(), form.errors


@pytest.mark.parametrize("model", MODELS)
def test_a_form_refuses_what_create_refuses(model: type[models.Model], transactional_db: None) -> None:
    options = type("Meta", (), {"model": model, "fields": "__all__"})
    fields = type("Whole", (BindingSerializer,), {"Meta": options})().fields
    form_class = model_form(model, list(fields))
    taken = []
    for name in form_class.base_fields:
        for odd in ODD:
            form = form_class(bind_data(form_class(), {name: odd}))
            refuse_other_kinds(form, {name: odd})
            if name not in form_errors(form) and is_refused(fields[name], odd):
                taken.append((name, odd))
    assert taken == []


def is_refused(field: Any, value: Any) -> bool:
    try:
        field.run_validation(value)
    except ValidationError:
        return True
    return False

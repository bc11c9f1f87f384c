"""Formsets beside a form: described, bound, validated and saved with it, in the one transaction (spec/protocol.md §2.1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseInlineFormSet, BaseModelFormSet
from django.utils.encoding import force_str

from channels_binding.exceptions import Invalid
from channels_binding.forms.form import FormData, StreamOf, bind_data, bind_files, describe_field, form_errors
from channels_binding.forms.kinds import refuse_other_kinds
from channels_binding.serializers.keys import as_pk

MAX_ROWS = 1000
"""Most rows of one formset in a submission."""


def unbound(cls: type[Any], name: str, instance: Any, queryset: Any) -> Any:
    """The formset of a form that nothing was submitted to: the rows there are, and no blank ones.

    Args:
        queryset: Rows that the caller may know of; None for those of Django's own choice.
    """
    formset = cls(**_options(cls, name, instance, queryset))
    formset.extra = 0
    return formset


def bound(cls: type[Any], name: str, instance: Any, queryset: Any, rows: Any, *, is_json: bool = True) -> Any:
    """The formset with what was submitted: ``[{"id": 3, "title": "new"}, {"title": "added"}, {"id": 4, "DELETE": true}]``.

    Rows that were left out stay as they are, and so do fields.

    Raises:
        Invalid: No list of objects, a name that the forms do not have, a row that is not there.
    """
    before = unbound(cls, name, instance, queryset)
    data, files, submitted = _input(before, name, _checked(name, rows))
    formset = cls(data, files, **_options(cls, name, instance, queryset))
    if is_json:
        for form, row in zip(formset.forms, submitted, strict=False):
            refuse_other_kinds(form, {key: value for key, value in row.items() if key != "id"})
    return formset


def _options(cls: type[Any], name: str, instance: Any, queryset: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"prefix": name}
    if issubclass(cls, BaseInlineFormSet):
        options["instance"] = instance
    if issubclass(cls, BaseModelFormSet) and queryset is not None:
        options["queryset"] = queryset
    return options


def _checked(name: str, rows: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(rows, list) or len(rows) > MAX_ROWS or not all(isinstance(row, Mapping) for row in rows):
        raise Invalid.field(name, "invalid", f"'{name}' is a list of at most {MAX_ROWS} objects.")
    return rows


def _input(
    formset: Any, name: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[FormData, dict[str, Any], list[Mapping[str, Any]]]:
    """What Django's formset reads: its management form, every row there is, and the new ones; and what was said of each."""
    data, files = FormData(), FormData()
    initial = list(formset.initial_forms)
    changed = {str(row["id"]): row for row in rows if row.get("id") is not None}
    new = [row for row in rows if row.get("id") is None]
    old = [changed.pop(str(_key(form)), {}) for form in initial]
    for form, row in zip(initial, old, strict=True):
        _take(name, form, row, data, files)
    if changed:
        raise Invalid.field(name, "not_found", f"There is no row {', '.join(sorted(changed))[:100]}.")
    for number, row in enumerate(new, len(initial)):
        form = formset.empty_form
        form.prefix = formset.add_prefix(number)
        _take(name, form, row, data, files)
    counts = {"TOTAL_FORMS": len(initial) + len(new), "INITIAL_FORMS": len(initial)}
    data.update({f"{formset.prefix}-{key}": count for key, count in counts.items()})
    return data, files, [*old, *new]


def _take(name: str, form: Any, row: Mapping[str, Any], data: FormData, files: FormData) -> None:
    submitted = {key: value for key, value in row.items() if key != "id"}
    known = set(_written(form))
    unknown = sorted(set(submitted) - known)
    if unknown:
        raise Invalid.field(
            name, "unknown", f"Unknown: {', '.join(unknown)[:100]}. Possible: {', '.join(sorted(known))}."
        )
    data.update(bind_data(form, submitted))
    files.update(bind_files(form, submitted))


def row_names(cls: type[Any], name: str) -> list[str]:
    """What a row of a submission may hold: ``["id", "title", "DELETE"]``."""
    return ["id", *_written(unbound(cls, name, None, None).empty_form)]


def _written(form: Any) -> list[str]:
    return [name for name in (*shown(form), DELETION_FIELD_NAME) if name in form.fields]


def shown(form: Any) -> list[str]:
    """Fields that a user fills in: not the key, not the parent's, not the mark of deletion."""
    meta = getattr(getattr(form, "instance", None), "_meta", None)
    hidden = {DELETION_FIELD_NAME, *([meta.pk.name] if meta else [])}
    return [name for name, field in form.fields.items() if name not in hidden and not hasattr(field, "parent_instance")]


def _key(form: Any) -> Any:
    instance = getattr(form, "instance", None)
    return None if instance is None or instance.pk is None else as_pk(instance.pk)


def describe(name: str, formset: Any, stream_of: StreamOf) -> dict[str, Any]:
    """A formset as JSON: each of its forms with the key of its row, and an empty one to add further rows by."""
    meta = getattr(getattr(formset, "model", None), "_meta", None)
    return {
        "name": name,
        "label": force_str(meta.verbose_name_plural if meta else name),
        "row_label": force_str(meta.verbose_name if meta else name),
        "can_delete": bool(formset.can_delete),
        "can_order": bool(formset.can_order),
        "min": formset.min_num,
        "max": formset.max_num,
        "forms": [{"id": _key(form), "fields": _fields(form, stream_of)} for form in formset.forms],
        "empty": _fields(formset.empty_form, stream_of),
        "errors": _own_errors(formset),
    }


def _fields(form: Any, stream_of: StreamOf) -> list[dict[str, Any]]:
    return [describe_field(form, name, stream_of) for name in shown(form)]


def _own_errors(formset: Any) -> list[dict[str, Any]]:
    if not formset.is_bound:
        return []
    return [
        {"code": each.code or "invalid", "message": " ".join(each.messages)}
        for each in formset.non_form_errors().as_data()
    ]


def errors(formset: Any) -> dict[str, Any]:
    """``{"2": {"title": [{"code": "required", …}]}, "__all__": […]}``, by the number of the form; empty if all is well."""
    numbered = {str(number): dict(form_errors(form)) for number, form in enumerate(formset.forms) if form.errors}
    own = _own_errors(formset)
    return {**numbered, **({"__all__": own} if own else {})}


def changes(formset: Any) -> Iterator[tuple[str, Any]]:
    """What a valid formset is about to do, as HTTP's methods: ``("PATCH", row)``, ``("DELETE", row)``, ``("POST", None)``."""
    deleted = {id(form) for form in getattr(formset, "deleted_forms", ())}
    for form in formset.forms:
        instance = getattr(form, "instance", None)
        if id(form) in deleted:
            yield "DELETE", instance
        elif form.has_changed():
            yield ("POST", None) if instance is None or instance.pk is None else ("PATCH", instance)


def save(formset: Any, parent: Any) -> None:
    """Save the rows of a model's formset; a plain one is the handler's (``form.formsets``)."""
    if isinstance(formset, BaseInlineFormSet):
        formset.instance = parent
    if isinstance(formset, BaseModelFormSet):
        formset.save()

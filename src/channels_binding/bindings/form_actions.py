"""The ``form`` action: the Django form of a row, its formsets, and what is submitted to them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.forms.models import BaseModelForm

from channels_binding.bindings.actions import builtin
from channels_binding.bindings.options import Answer, Data, refuse_unknown
from channels_binding.bindings.writes import KEY_STAYS, WriteMixin
from channels_binding.calls.call import WithRows
from channels_binding.calls.posted import PostedForm
from channels_binding.exceptions import Forbidden, Invalid, NotFound
from channels_binding.forms import formset as formset_tools
from channels_binding.forms import multipart, uploads
from channels_binding.forms.form import bind_data, bind_files, describe_form, form_errors
from channels_binding.forms.kinds import refuse_other_kinds
from channels_binding.serializers.keys import pk_of
from channels_binding.threads import settle


class FormMixin(WriteMixin):
    """form."""

    @builtin(method="POST", view_action="form")
    def form(self, data: Data) -> Answer:
        """``{"id": 7}`` → the form of that row; with ``submit: {…}`` it validates and saves."""
        refuse_unknown(data, {"id", "submit", "initial"})
        with self._writing(lambda: None):
            instance = None if data.get("id") is None else self.get_object(self.key_of(data), lock="submit" in data)
            self.check_form_permission(instance)
            if "submit" not in data:
                form = self.get_form(instance=instance, initial=self._initial(data))
                return self._form_answer(form, instance, self.get_formsets(instance))
            return self._submit(instance, data["submit"])

    def _initial(self, data: Data) -> Data:
        initial = data.get("initial") or {}
        if not isinstance(initial, Mapping):
            raise Invalid.field("initial", "invalid", "'initial' is an object.")
        return dict(initial)

    def _submit(self, instance: Any, submitted: Any) -> Data:
        if not isinstance(submitted, Mapping):
            raise Invalid.field("submit", "invalid", "'submit' is an object.")
        given = self.with_files(multipart.as_json(submitted, self.call.files, self.formsets))
        own = {name: value for name, value in given.items() if name not in self.formsets}
        rows = {name: value for name, value in given.items() if name in self.formsets}
        unbound = self.get_form(instance=instance)
        refuse_unknown(given, {*unbound.fields, *self.formsets})
        if instance is not None:
            own = self._without_blanks(unbound, instance, own)
            self.check_version(instance)
        data, files = bind_data(unbound, own), bind_files(unbound, {**own, **self.call.files})
        bound = self.get_form(instance=instance, data=data, files=files or None)
        if self._is_json:
            refuse_other_kinds(bound, own)
        answer = self._validated(bound, instance, rows, own)
        if not answer["success"]:
            return answer
        uploads.spend(given, self.write_alias())
        row = answer["object"] or {}
        return WithRows(answer, {"success": True, **{name: row[name] for name in ("id",) if name in row}})

    def answer_with_rows(self, kept: Mapping[str, Any]) -> Data:
        """As of several rows, of a form that was submitted before; it is shown to who may have it now."""
        if self.call.action != "form":
            return super().answer_with_rows(kept)
        try:
            instance = self.get_object(self.key_of(kept)) if "id" in kept else None
            self.check_form_permission(instance)
        except (NotFound, Forbidden):
            return {"fields": [], "object": {"id": kept["id"]} if "id" in kept else None, "errors": {}, "success": True}
        return self._form_answer(self.get_form(instance=instance), instance, self.get_formsets(instance), success=True)

    def _withheld(self, form: Any, shown: Mapping[str, Any]) -> set[str]:
        """Fields of a row of which the caller is told no value, since a read would not show it: those that are only written,
        and what the serializer leaves out for this caller. A form of the project's own says itself what it shows."""
        return {name for name in form.fields if name not in shown} if self._makes_form else set()

    @property
    def _is_json(self) -> bool:
        """Whether it was submitted as JSON, which has kinds, and not as a browser posts a form, which has texts."""
        return not isinstance(self.call.data.get("submit"), PostedForm)

    @property
    def _makes_form(self) -> bool:
        """Whether the form is made of the serializer."""
        return self.form_class is None and type(self).get_form_class is FormMixin.get_form_class

    def _without_blanks(self, form: Any, instance: Any, submitted: Data) -> Data:
        """An input that has shown nothing, and is sent back empty, is no change."""
        blank = {name for name, value in submitted.items() if value in _BLANK}
        if not (blank and self._makes_form):
            return submitted
        blank &= self._withheld(form, self.row_as_read(pk_of(instance)))
        return {name: value for name, value in submitted.items() if name not in blank}

    def _validated(self, form: Any, instance: Any, rows: Data, submitted: Collection[str]) -> Data:
        """Save a form and its formsets if all of them are valid."""
        given = settle(self.get_create_values()) if instance is None and isinstance(form, BaseModelForm) else {}
        _give(form, given)  # before it is validated: the model's rules are asked about them too
        key = None if instance is None else instance.pk
        form.full_clean()  # with its relations as they are now: it may have looked at its errors as it began
        are_valid = [form.is_valid()]
        _give(form, given)  # whatever has been submitted
        if isinstance(form, BaseModelForm):
            self._check_key(form, key)
            are_valid.append(not form.errors)
        form.formsets = self.get_formsets(getattr(form, "instance", instance), rows)
        for formset in form.formsets.values():
            new = self._values_of_new_rows(formset)
            for each, values in new:
                _give(each, values)
            for each in (*formset.forms, formset):
                each.full_clean()
            are_valid.append(formset.is_valid())
            for each, values in new:
                _give(each, values)
        if not all(are_valid):
            return self._form_answer(form, instance, form.formsets, submitted)
        for formset in form.formsets.values():
            self.check_formset(formset)
        saved = settle(self.perform_form(form))
        for formset in form.formsets.values():
            formset_tools.save(formset, saved)
        if isinstance(form, BaseModelForm) and isinstance(saved, self.get_model()):
            every_row: QuerySet[Any] = QuerySet(type(saved), using=self.write_alias())
            saved = every_row.filter(pk=saved.pk).first() or saved
            form = self.get_form(instance=saved)  # as it would be asked for now
        return self._form_answer(form, saved, self.get_formsets(saved), success=True)

    def _check_key(self, form: Any, before: Any) -> None:
        """What is saved is the row that the form is of, or a new one: Django would write over a row that has the key, which
        validation has not seen if a manager hides it, or if the form does not show it."""
        row = form.instance
        key = row._meta.pk
        if before is not None:
            error, row.pk = KEY_STAYS if row.pk != before else None, before
        else:
            is_made = row.pk is None or key.has_default() or key.has_db_default()  # then Django inserts
            rows: QuerySet[Any] = QuerySet(type(row), using=self.write_alias())
            error = (
                None
                if is_made or not rows.filter(pk=row.pk).exists()
                else row.unique_error_message(type(row), (key.name,))
            )
        if error is not None:
            form.add_error(key.name if key.name in form.fields else None, error)

    def get_formsets(self, instance: Any, rows: Data | None = None) -> dict[str, Any]:
        """The formsets beside the form of a row: as they are, or with what was submitted to them."""
        found = {}
        for name, cls in self.formsets.items():
            queryset = self.rows_of_formset(cls)
            if rows is None:
                found[name] = formset_tools.unbound(cls, name, instance, queryset)
            else:
                given = rows.get(name, [])
                found[name] = formset_tools.bound(cls, name, instance, queryset, given, is_json=self._is_json)
            self.scope_formset(found[name])
        return found

    def _values_of_new_rows(self, formset: Any) -> list[tuple[Any, Mapping[str, Any]]]:
        """Each form of a new row, and what ``get_create_values()`` of the stream that serves such rows gives it."""
        other: Any = self.neighbour(getattr(formset, "model", None))
        new = [] if other is None else formset.extra_forms
        values = settle(other.get_create_values()) if new else {}
        return [(form, values) for form in new]

    def check_formset(self, formset: Any) -> None:
        """Whether the caller may write each row that a formset is about to: the stream of those rows is asked.

        Raises:
            Unauthenticated, Forbidden: The caller may not.
        """
        other = self.neighbour(getattr(formset, "model", None))
        if other is None:
            return
        for method, row in formset_tools.changes(formset):
            # the row as it is stored: the form has laid its values over the one it holds
            other.check_method(method, None if row is None else other.get_object(row.pk))

    def perform_form(self, form: Any) -> Any:
        """Save a valid form; what it returns is shown as ``object``."""
        return form.save() if hasattr(form, "save") else None

    def check_form_permission(self, instance: Any) -> None:
        """A form is for those who may write, on a stream that offers it."""
        self.get_action("create" if instance is None else "update")
        submitted = self.call.data.get("submit")
        written = submitted if isinstance(submitted, Mapping) else None
        self.check_method("POST" if instance is None else "PATCH", instance, written)

    def _form_answer(
        self,
        form: Any,
        instance: Any,
        formsets: Mapping[str, Any],
        submitted: Collection[str] = (),
        *,
        success: bool = False,
    ) -> Data:
        is_row = isinstance(instance, self.get_model()) and instance.pk is not None
        shown = self.row_as_read(pk_of(instance)) if is_row else None
        withheld = set() if shown is None else self._withheld(form, shown)
        answer: Data = {
            "fields": describe_form(form, self.stream_of, withheld, submitted),
            "object": shown,
            "errors": form_errors(form),
            "success": success,
        }
        if formsets:
            wrong = {name: formset_tools.errors(formset) for name, formset in formsets.items() if formset.is_bound}
            answer["errors"] |= {name: found for name, found in wrong.items() if found}
            answer["formsets"] = [formset_tools.describe(*item, self.stream_of) for item in formsets.items()]
        return answer


_BLANK: Sequence[Any] = (None, "", [])


def _give(form: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(form.instance, name, value)

"""get_serializer() and get_form(): how rows are shown and written, and the labels of related rows."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from django.core.exceptions import DisallowedHost
from django.db import models
from django.forms.models import BaseModelForm

from channels_binding.bindings import relations
from channels_binding.bindings.expansions import (
    Paths,
    are_by_plan,
    asked_paths,
    declared_paths,
    every,
    expanded,
    expansions_of,
    read_paths,
)
from channels_binding.bindings.reader import Reader
from channels_binding.bindings.relations import KnownRows
from channels_binding.bindings.rows import RowSource
from channels_binding.calls.call import Call, Row
from channels_binding.compiled.compiler import names_of, plan_of
from channels_binding.compiled.plan import Plan
from channels_binding.exceptions import BindingError
from channels_binding.forms import uploads
from channels_binding.forms.form import model_form
from channels_binding.protocol import codecs
from channels_binding.querysets.links import Link, link_of
from channels_binding.serializers.default import check_class, default_class, implicit_fields, implicit_read_only, narrow
from channels_binding.serializers.keys import pk_of
from channels_binding.serializers.relations import child, shows_keys
from channels_binding.serializers.validators import complete
from channels_binding.threads import settle
from channels_binding.types import Pk


class Neighbours(Protocol):
    """What a binding knows of the others."""

    def for_model(self, model: type[models.Model]) -> "type[Representation] | None":
        """The binding that serves a model."""


class Representation(RowSource):
    """The serializer, the form and the labels of a binding."""

    _neighbours: ClassVar["Neighbours"]
    """The registry, seen from below: which binding serves a model."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._known: dict[type[models.Model], KnownRows | None] = {}
        self._asked: dict[type[models.Model], Representation | None] = {}

    def get_serializer_class(self) -> Any:
        """``serializer_class``, or one made from ``fields``. Override to choose by ``self.action`` or ``self.user``."""
        if self.serializer_class is not None:
            return check_class(self.serializer_class, type(self))
        return self.default_serializer_class()

    @classmethod
    def default_serializer_class(cls) -> Any:
        """The ModelSerializer made from ``fields``, ``exclude``, ``read_only_fields`` and ``extra_kwargs``; one a class."""
        if "_default_serializer" not in vars(cls):
            cls._default_serializer = cls._make_serializer_class()
        return cls._default_serializer

    @classmethod
    def _make_serializer_class(cls) -> Any:
        model = cls.get_model()
        names, read_only = cls.fields, tuple(cls.read_only_fields)
        if names is None:
            names, read_only = implicit_fields(model), read_only + implicit_read_only(model)
        shown = tuple(name for name in names if name not in cls.exclude)
        return default_class(model, shown, read_only, cls.extra_kwargs)

    def get_serializer_context(self) -> dict[str, Any]:
        """As DRF's: ``request``, ``view``, ``format``, and the ``call``."""
        return {"request": self.request_if_asked(), "view": self, "format": None, "call": self.call}

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """An instance of the serializer class, with its context.

        One that gets ``data`` finds only related rows that the caller may know of.
        """
        kwargs.setdefault("context", self.get_serializer_context())
        serializer = settle(self.get_serializer_class())(*args, **kwargs)
        return self.scope_relations(serializer) if "data" in kwargs else serializer

    def get_writer(self, *args: Any, **kwargs: Any) -> Any:
        """The serializer of a write, also where ``get_serializer`` is the project's own."""
        serializer = complete(self.get_serializer(*args, **kwargs))
        return serializer if self._serializes_as_usual() else self.scope_relations(serializer)

    def scope_relations(self, serializer: Any) -> Any:
        """Have a serializer find only related rows that the caller may know of, and those that its row leads to already."""
        instance = getattr(serializer, "instance", None)
        for field, name in relations.written(serializer):
            relations.narrow_field(field, functools.partial(self._narrowed_to_known, instance=instance, name=name))
        return serializer

    def _narrowed_to_known(self, queryset: models.QuerySet[Any], *, instance: Any, name: str) -> models.QuerySet[Any]:
        known = self.known_rows(queryset.model)
        return queryset if known is None else known.narrow(queryset, relations.stored(instance, name))

    def make_reader(self, data: Mapping[str, Any]) -> Reader:
        """How the rows of a read are read, narrowed to the ``fields`` that the caller wants.

        Raises:
            Invalid: A name that the serializer does not show.
        """
        names = data.get("fields")
        plan = self._plan()
        own = None if plan is None else plan.only(names)
        declared = self.get_expandable()
        expansions = expansions_of(self, read_paths(data, declared), declared)
        if not expansions:
            reader = Reader(lambda: self._narrowed(names), own, trace=self.trace)
        else:
            complete = functools.partial(expanded, model=self.get_model(), expansions=expansions)
            by_plan = are_by_plan(expansions)
            reader = Reader(lambda: self._narrowed(names), own, complete, self.trace, is_completed_by_plan=by_plan)
        if self.trace is not None:
            self.trace.expansions = every(expansions)
        if plan is None and names is not None:
            _ = reader.serializer  # made now, so that a wrong name is refused before any SQL
        return reader

    def get_expandable(self) -> Paths:
        """``expandable`` by path, with the paths that they lead along."""
        return declared_paths(self.expandable)

    def shown_rows(self, model: type[models.Model]) -> "tuple[KnownRows, Representation | None] | None":
        """Rows of another model that the caller may know of, and the binding that shows them; None where no stream serves it.

        The binding is None where it refuses the caller.
        """
        known = self.known_rows(model)
        return None if known is None else (known, self._asked[model])

    def expanded_links(self) -> dict[str, Link]:
        """The relations that this read expands, by path: those that are declared, and are any."""
        found: dict[str, Link] = {}
        for path in asked_paths(self.call.data, self.get_expandable()):
            above, _, name = path.rpartition(".")
            model = found[above].target if above in found else self.get_model()
            link = None if above and above not in found else link_of(model, name)
            if link is not None:
                found[path] = link
        return found

    def expanded_streams(self) -> "list[Representation]":
        """The bindings that show what this read expands, asked by the same caller."""
        others = dict.fromkeys(self.stream_over(link.target) for link in self.expanded_links().values())
        return [other(self._neighbour_call(other)) for other in others if other is not None]

    def _plan(self) -> Plan | None:
        if not self._serializes_as_usual():
            return None
        return plan_of(settle(self.get_serializer_class()), self.get_model())

    def host_shown(self) -> str | None:
        """``"https://example.com/"`` where answers may hold URLs with the host that was asked; None where they do not.

        Live reads that were asked for at several hosts share an answer only where it is None.
        """
        if not any(each.shows_host() for each in (self, *self.expanded_streams())):
            return None
        try:
            return str(self.request.build_absolute_uri("/"))
        except DisallowedHost:
            return ""

    def shows_host(self) -> bool:
        """Whether its rows may hold URLs with the host that was asked."""
        plan = self._plan()
        return plan is None or plan.shows_host

    def serializer_names(self) -> Iterable[str] | None:
        """Names of all fields of the serializer, those that are only written included; None if it has none."""
        names = names_of(settle(self.get_serializer_class())) if self._serializes_as_usual() else None
        return getattr(self.get_serializer(), "fields", None) if names is None else names

    def _serializes_as_usual(self) -> bool:
        return type(self).get_serializer is Representation.get_serializer

    def writes_by_default(self) -> bool:
        """Whether its serializer is the one made from ``fields``, and made as usual."""
        return self._serializes_as_usual() and settle(self.get_serializer_class()) is self.default_serializer_class()

    def _narrowed(self, names: Any) -> Any:
        serializer = self.get_serializer()
        narrow(serializer, names)
        return serializer

    def get_form_class(self) -> Any:
        """``form_class``, or a ModelForm of the fields that the serializer lets the caller write."""
        if self.form_class is not None:
            return self.form_class
        serializer = child(self.get_serializer())
        writable = [name for name, field in serializer.fields.items() if not field.read_only]
        return _model_form(self.get_model(), tuple(writable))

    def get_form(self, *, instance: Any = None, **kwargs: Any) -> Any:
        """The form, on a row where it takes one."""
        form_class = settle(self.get_form_class())
        if issubclass(form_class, BaseModelForm):
            kwargs["instance"] = instance
        form = form_class(**kwargs)
        self.scope_form(form)
        return form

    def scope_form(self, form: Any, *, but: str | None = None) -> None:
        """Have the relations of a form take only rows that the caller may know of, and those that are stored already.

        Args:
            but: Name of a field that is left as it is.
        """
        for name, field in form.fields.items():
            if name != but:
                self.scope_choices(field, relations.stored(getattr(form, "instance", None), name))

    def scope_choices(self, field: Any, stored: models.Q | None = None) -> None:
        """Have a form's relation offer only rows that the caller may know of; those ``stored`` are taken, and not shown."""
        queryset: Any = getattr(field, "queryset", None)
        known = None if queryset is None else self.known_rows(queryset.model)
        if known is not None and not known.is_every_row:
            field.queryset = known.narrow(queryset, stored)
            field.offered = known.narrow(queryset)

    def scope_formset(self, formset: Any) -> None:
        """As in the form itself, whether its forms are there (a class may look at them as it begins) or made when asked for."""
        add_fields, key = formset.add_fields, getattr(formset, "_pk_field", None)
        but = None if key is None else key.name  # which row it is: Django's own hidden field

        def add_scoped_fields(form: Any, index: int | None) -> None:
            add_fields(form, index)
            self.scope_form(form, but=but)

        formset.add_fields = add_scoped_fields
        for form in vars(formset).get("forms", ()):
            self.scope_form(form, but=but)

    def rows_of_formset(self, cls: Any) -> Any:
        """Rows that a formset may show: those that the caller may know of, where a stream serves them."""
        model: Any = getattr(cls, "model", None)
        known = None if model is None else self.known_rows(model)
        if known is None:
            return None
        return known.seen() if known.rows.model is model else known.narrow(model._default_manager.all())

    def known_rows(self, model: type[models.Model]) -> KnownRows | None:
        """Rows of another model that the caller may know of, as its stream says; None where no stream serves the model.

        Every place that takes the key of a related row, or shows its text, goes by this.
        """
        if model not in self._known:
            other = self.stream_over(model)
            self._known[model] = None if other is None else self._known_of(other, model)
        return self._known[model]

    def _known_of(self, other: type["Representation"], model: type[models.Model]) -> KnownRows:
        listing, reader = other(self._neighbour_call(other)), other(self._neighbour_call(other, "retrieve"))
        asked = next((each for each in (listing, reader) if each.admits_caller()), None)
        self._asked[model] = asked
        if asked is None:
            return KnownRows(other.get_model()._default_manager.none())
        return KnownRows(asked.reading_queryset(), None if reader.sees_every_row() else asked.may_retrieve)

    def admits_caller(self) -> bool:
        """Whether the permissions let the caller do this at all."""
        try:
            self.check_permissions()
        except BindingError:
            return False
        return True

    @classmethod
    def stream_over(cls, model: type[models.Model]) -> "type[Representation] | None":
        """The binding that decides who may know of a model's rows: its own, or that of the model whose rows they are too."""
        kin = (each for each in model.__mro__ if issubclass(each, models.Model) and hasattr(each, "_meta"))
        return next((other for each in kin if (other := cls._neighbours.for_model(each)) is not None), None)

    def labelled_models(self) -> list[type[models.Model]]:
        """Models whose texts stand in the ``labels`` of a read."""
        fields = getattr(child(self.get_serializer()), "fields", {})
        return [model for field in fields.values() if (model := self._labelled_by(field)) is not None]

    def _labelled_by(self, field: Any) -> type[models.Model] | None:
        """The model whose texts stand in ``labels`` for a field: of relations that show keys, where a stream serves them."""
        model = self.related_model(field.source) if shows_keys(field) and not field.write_only else None
        return None if model is None or self._neighbours.for_model(model) is None else model

    def neighbour(self, model: Any) -> "Representation | None":
        """The binding that serves another model, asked by the same caller."""
        other = None if model is None else self._neighbours.for_model(model)
        return None if other is None else other(self._neighbour_call(other))

    def with_files(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """``{"$file": "token"}`` stands for a file that the caller has uploaded."""
        return uploads.resolved(self.user, data)

    def _neighbour_call(self, other: type["Representation"], action: str = "search") -> Call:
        return self.call.derived(action, {}, other.get_stream())

    def labels_of(self, rows: Sequence[Row], serializer: Any) -> dict[str, dict[str, str]]:
        """Texts of the related rows that a page shows the keys of: ``{"assignee": {"7": "Ann"}}``.

        Only of rows that a stream serves and the caller may know of.
        """
        shown = [self.decoded(row) for row in rows]
        labels: dict[str, dict[str, str]] = {}
        for name, field in getattr(child(serializer), "fields", {}).items():
            model = self._labelled_by(field)
            known = None if model is None else self.known_rows(model)
            if known is not None:
                labels[name] = self._texts(known, name, _keys_shown(row.get(name) for row in shown))
        return labels

    def _texts(self, known: KnownRows, name: str, keys: set[Pk]) -> dict[str, str]:
        last: Mapping[str, str] = {}
        if self.trace is not None:
            self.trace.note(known.rows)
            self.trace.is_read_by_plan = False  # permissions of the other stream may read whatever they like
            # what was read last may be hidden by now, unless nothing is
            last = self.trace.labels.get(name, {}) if known.is_every_row else {}
        kept = {key: text for key in keys if (text := last.get(str(key))) is not None}
        lacking = keys - kept.keys()
        read = {pk_of(row): str(row) for row in known.seen().filter(pk__in=lacking)} if lacking else {}
        return {str(key): text for key, text in sorted({**kept, **read}.items(), key=lambda item: str(item[0]))}

    @classmethod
    def related_model(cls, source: str) -> type[models.Model] | None:
        """The model whose rows an attribute of a row leads to by their keys, forward (``teacher``) or back (``lesson_set``)."""
        link = link_of(cls.get_model(), source)
        return None if link is None else link.target

    @classmethod
    def stream_of(cls, model: type[models.Model]) -> str | None:
        """The stream that serves a model, if one does."""
        other = cls._neighbours.for_model(model)
        return other.get_stream() if other else None

    @staticmethod
    def decoded(row: Row) -> dict[str, Any]:
        """A row as it stands in a larger answer."""
        value: dict[str, Any] = codecs.parse(row.body)
        return value


def _keys_shown(values: Iterable[Any]) -> set[Pk]:
    """Keys in the cells of a relation's column: one, several or none a row."""
    cells = (value if isinstance(value, list) else [value] for value in values)
    return {key for cell in cells for key in cell if isinstance(key, (int, str))}


_model_form = functools.lru_cache(maxsize=256)(model_form)

"""Compiled reading: rows of a stock serializer straight from the database to bytes, as REST framework would show them.

Where every field of a serializer is one of DRF's own over a column, a relation's key, or a serializer of the same kind, and
neither it nor the model overrides how instances are read, no instance is needed: one ``values_list`` for the page, one
more for each to-many relation. What it cannot promise to show byte for byte as DRF does, it leaves to DRF
(docs/decisions has the rules, tests/compiled/test_plan.py the proof).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django.core.exceptions import FieldDoesNotExist
from django.db import connections, models
from django.db.models.signals import post_init, pre_init
from rest_framework import serializers as drf

from channels_binding.calls.call import Row
from channels_binding.classes import is_written_in
from channels_binding.compiled.columns import Bind, Request, bind_of
from channels_binding.compiled.select import Selection, Values, converted, selection_of
from channels_binding.protocol import codecs
from channels_binding.querysets.inspection import is_stock_queryset
from channels_binding.serializers.default import BindingSerializer, wanted_names
from channels_binding.serializers.fields import RangeField
from channels_binding.serializers.keys import as_pk
from channels_binding.serializers.relations import child, own_columns, query_name, related_models, walk

GetRequest: TypeAlias = Callable[[], Request]

_READING = (
    "__new__", "__init__", "fields", "_readable_fields", "get_fields", "to_representation", "get_attribute", "bind",
    "get_field_names", "get_default_field_names", "get_extra_kwargs", "include_extra_kwargs", "get_uniqueness_extra_kwargs",
    "build_field", "build_standard_field", "build_relational_field", "build_nested_field", "build_property_field", "many_init",
)  # fmt: skip
"""What a serializer class may not override: with it, two instances could show the same row differently."""
MOST_NARROWED = 64
"""So many choices of ``fields`` are kept of one plan."""
_LOADING = ("__init__", "__new__", "__getattribute__", "from_db", "serializable_value")
"""What a model may not override: with it, an instance could bear other values than its columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field that shows one column: ``Column("customer", "customer_id", …)``."""

    name: str
    path: str
    """As ``values_list`` takes it, from the model of the plan."""
    bind: Bind


@dataclass(frozen=True, slots=True)
class Nest:
    """A field that shows a single related row by a serializer of its own."""

    name: str
    path: str
    plan: "Plan"


@dataclass(frozen=True, slots=True)
class Branch:
    """A field that shows several related rows: by their keys, or each by a serializer."""

    name: str
    model: type[models.Model]
    query_name: str
    """From the related model back to the row: ``Label`` is filtered by ``note__in``."""
    plan: "Plan | None"
    """None shows keys."""

    def read(self, keys: Sequence[Any], using: str, get_request: GetRequest) -> dict[Any, list[Any]]:
        """Key of a row → what the field shows of it, in one statement for all."""
        queryset = self.model._default_manager.using(using).filter(**{f"{self.query_name}__in": keys})
        if not queryset.ordered:
            queryset = queryset.order_by("pk")  # any order is right; a stable one spares needless pushes
        found: dict[Any, list[Any]] = defaultdict(list)
        if self.plan is None:
            for key, shown in queryset.values_list(self.query_name, "pk"):
                found[key].append(shown)
        else:
            (owners, keys_found), columns = self.plan.fetch(queryset, [self.query_name, "pk"], get_request)
            for owner, row in zip(owners, self.plan.dicts(columns, len(keys_found)), strict=True):
                found[owner].append(row)
        return found


@dataclass(frozen=True)
class Plan:
    """How the rows of one serializer class over one model are read."""

    model: type[models.Model]
    members: tuple[Column | Nest | Branch, ...]
    """In the order in which the serializer shows them."""
    related: frozenset[type[models.Model]]
    """Models whose rows it shows parts of."""
    sortable: tuple[str, ...]
    """Names of fields that are columns of the model and nothing else."""
    _narrower: dict[frozenset[str], "Plan"] = field(default_factory=dict)
    """Plans for some of its fields, by their names."""

    @cached_property
    def names(self) -> list[str]:
        return [member.name for member in self.members]

    @cached_property
    def shows_host(self) -> bool:
        """Whether it shows URLs of files, which begin with the host that was asked."""
        return any(
            _is_file(self.model, member.path)
            if isinstance(member, Column)
            else member.plan is not None and member.plan.shows_host
            for member in self.members
        )

    def only(self, names: Any) -> "Plan":
        """The plan narrowed to the ``fields`` of a call, and the key.

        Raises:
            Invalid: A name that the serializer does not show.
        """
        wanted = wanted_names(names, self.names)
        return self if wanted is None else self._narrowed(frozenset(wanted))

    def _narrowed(self, wanted: frozenset[str]) -> "Plan":
        if wanted not in self._narrower:
            if len(self._narrower) >= MOST_NARROWED:
                self._narrower.clear()
            kept = tuple(member for member in self.members if member.name in wanted)
            self._narrower[wanted] = replace(self, members=kept, _narrower={})
        return self._narrower[wanted]

    def rows(self, queryset: models.QuerySet[Any], get_request: GetRequest) -> tuple[Row, ...]:
        """A queryset → its rows as sent: each begins with its key as ``id``, whatever the serializer calls so."""
        beside, selection = self._beside_id, self._selection
        if selection is None or not selection.takes(queryset):
            (keys,), columns = beside.fetch(queryset, ["pk"], get_request)
            return beside._rows(keys, columns)
        return self._selected(selection.fetch(queryset), queryset.db, get_request)

    def row(self, queryset: models.QuerySet[Any], key: Any, get_request: GetRequest) -> tuple[Row, ...]:
        """As ``rows``, of the row with a key: one or none."""
        selection = self._selection
        if selection is None or not selection.takes(queryset):
            return self.rows(queryset.filter(pk=key), get_request)
        return self._selected(selection.fetch_by_key(queryset, key), queryset.db, get_request)

    @cached_property
    def _beside_id(self) -> "Plan":
        """What a row shows beside its key."""
        return replace(self, members=tuple(member for member in self.members if member.name != "id"), _narrower={})

    @cached_property
    def _selection(self) -> Selection | None:
        """What it selects, if that is of the model's own table alone."""
        if any(isinstance(member, Nest) for member in self._beside_id.members):
            return None
        return selection_of(self.model, [*self._beside_id.paths()])

    def _selected(self, fetched: Sequence[Any], using: str, get_request: GetRequest) -> tuple[Row, ...]:
        """Rows of the selection as the database gives them → as sent."""
        selection = self._selection
        if not fetched or selection is None:
            return ()
        connection = connections[using]
        values, sources = zip(*fetched, strict=True), iter(selection.sources)
        keys = next(sources).given(next(values), connection)
        columns: list[Values] = []
        for member in self._beside_id.members:
            if isinstance(member, Column):
                columns.append(next(sources).shown(next(values), connection, member.bind(get_request)))
            else:
                columns.append(self._branched(member, keys, using, get_request))
        return self._beside_id._rows(keys, columns)

    def _rows(self, keys: Values, columns: Sequence[Values]) -> tuple[Row, ...]:
        names = ("id", *self.names)
        pks = [as_pk(key) for key in keys]
        bodies = codecs.encode_each([dict(zip(names, cells, strict=True)) for cells in zip(pks, *columns, strict=True)])
        return tuple(map(Row, pks, bodies))

    def fetch(
        self, queryset: models.QuerySet[Any], leads: Sequence[str], get_request: GetRequest
    ) -> tuple[list[Values], list[Values]]:
        """Read a queryset in one statement, and one more for each branch.

        Returns:
            The columns of ``leads`` as they are (the last one is ``pk``), and one column for each member as it is shown.
        """
        fetched = [*queryset.prefetch_related(None).values_list(*leads, *self.paths())]
        if not fetched:
            return [()] * len(leads), [()] * len(self.members)
        columns = iter(zip(*fetched, strict=True))
        led: list[Values] = [next(columns) for _ in leads]
        return led, self._shown(columns, led[-1], queryset.db, get_request)

    def paths(self, prefix: str = "") -> Iterator[str]:
        """What to select: columns, and of a nested row its key first, which is NULL where there is none."""
        for member in self.members:
            if isinstance(member, Column):
                yield prefix + member.path
            elif isinstance(member, Nest):
                yield f"{prefix}{member.path}__pk"
                yield from member.plan.paths(f"{prefix}{member.path}__")

    def _shown(self, columns: Iterator[Values], keys: Values, using: str, get_request: GetRequest) -> list[Values]:
        """Selected columns, in the order of ``paths`` → what each member shows, row by row."""
        shown: list[Values] = []
        for member in self.members:
            if isinstance(member, Column):
                shown.append(converted(next(columns), member.bind(get_request)))
            elif isinstance(member, Nest):
                there = next(columns)
                rows = member.plan.dicts(member.plan._shown(columns, there, using, get_request), len(there))
                shown.append([None if key is None else row for key, row in zip(there, rows, strict=True)])
            else:
                shown.append(self._branched(member, keys, using, get_request))
        return shown

    def _branched(self, member: Any, keys: Values, using: str, get_request: GetRequest) -> Values:
        found = member.read(keys, using, get_request)
        return [found.get(key, []) for key in keys]

    def dicts(self, columns: Sequence[Values], count: int) -> list[dict[str, Any]]:
        """Columns of the members → one representation a row."""
        names = self.names
        return (
            [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
            if columns
            else [{} for _ in range(count)]
        )


def _is_file(model: type[models.Model], path: str) -> bool:
    try:
        return isinstance(model._meta.get_field(path), models.FileField)
    except FieldDoesNotExist:  # a path through a parent link
        return False


# Compiling

_plans: "WeakKeyDictionary[type, dict[type[models.Model], Plan | None]]" = WeakKeyDictionary()


def plan_of(serializer_class: Any, model: type[models.Model]) -> Plan | None:
    """The plan of a serializer class over a model, compiled once; None if DRF is to show its rows."""
    by_model = _plans.setdefault(serializer_class, {})
    if model not in by_model:
        is_stock = isinstance(serializer_class, type) and is_stock_class(serializer_class) and is_stock_model(model)
        by_model[model] = _compile(serializer_class(), model) if is_stock else None
    return by_model[model]


def is_stock_class(serializer_class: type) -> bool:
    """Whether all instances of a serializer class show rows alike, as DRF's own code shows them."""
    if not issubclass(serializer_class, drf.Serializer):
        return False
    return all(_is_stock(_definer(serializer_class, name)) for name in _READING)


def _is_stock(cls: type) -> bool:
    return cls is BindingSerializer or is_written_in(cls, "rest_framework")


_names: "WeakKeyDictionary[type, frozenset[str] | None]" = WeakKeyDictionary()


def names_of(serializer_class: Any) -> frozenset[str] | None:
    """The names of all fields of a stock serializer class, looked up once; None if instances may differ."""
    if serializer_class not in _names:
        is_stock = isinstance(serializer_class, type) and is_stock_class(serializer_class)
        _names[serializer_class] = frozenset(serializer_class().fields) if is_stock else None
    return _names[serializer_class]


def is_stock_model(model: type[models.Model]) -> bool:
    """Whether an instance bears what its columns hold, and nothing listens to its loading."""
    if pre_init.has_listeners(model) or post_init.has_listeners(model):
        return False
    return all(_definer(model, name) in (models.Model, object) for name in _LOADING)


def _definer(cls: type, name: str) -> type:
    """The class in whose body a name was defined last; ``object`` where none did."""
    return next((base for base in cls.__mro__ if name in vars(base)), object if cls else cls)


def _compile(serializer: Any, model: type[models.Model]) -> Plan | None:
    members = []
    for each in serializer.fields.values():
        if each.write_only:
            continue
        member = _member(each, model)
        if member is None:
            return None
        members.append(member)
    related = frozenset(related_models(serializer, model))
    return Plan(model, tuple(members), related, tuple(own_columns(serializer, model)))


def _member(field: Any, model: type[models.Model]) -> Column | Nest | Branch | None:
    if type(field) in (drf.ModelField, RangeField):
        return _column(field, model, field.model_field)
    if not field.source_attrs or len(field.source_attrs) != 1:
        return _dotted(field, model) if field.source_attrs else None
    try:
        source: Any = model._meta.get_field(query_name(model, field.source))
    except FieldDoesNotExist:
        return None
    if source.is_relation and type(field) is not drf.ReadOnlyField:
        return _relation(field, model, source)
    return _column(field, model, source)


def _column(field: Any, model: type[models.Model], source: Any) -> Column | None:
    if not source.concrete or source.is_relation or isinstance(source, models.CompositePrimaryKey):
        return None
    bind = bind_of(field, model, source)
    return None if bind is None else Column(field.field_name, source.attname, bind)


def _dotted(field: Any, model: type[models.Model]) -> Column | None:
    """``source="customer.city.name"``, over foreign keys.

    Where one of them is NULL, DRF shows ``null`` if the field allows it, and else leaves the field out.
    """
    *names, last = field.source_attrs
    steps = walk(model, names)
    if len(steps) < len(names) or not all(is_stock_model(each.related_model) for each in steps):
        return None
    may_lack = any(each.null for each in steps)
    if may_lack and not (field.allow_null and field.default is drf.empty):
        return None
    owner = steps[-1].related_model
    try:
        source: Any = owner._meta.get_field(last)
    except FieldDoesNotExist:
        return None
    column = None if isinstance(source, models.FileField) else _column(field, owner, source)
    return column and replace(column, path="__".join((*names, column.path)))


def _relation(field: Any, model: type[models.Model], source: Any) -> Column | Nest | Branch | None:
    related = source.related_model
    if not isinstance(related, type) or not is_stock_model(related):
        return None
    if source.many_to_many or source.one_to_many:
        return _branch(field, model, source, related)
    return _single(field, model, source, related) if source.concrete else None


def _single(field: Any, model: type[models.Model], source: Any, related: type[models.Model]) -> Column | Nest | None:
    if type(field) is drf.PrimaryKeyRelatedField and field.pk_field is None:
        bind = bind_of(drf.ReadOnlyField(), model, source)
        return None if bind is None else Column(str(field.field_name), source.attname, bind)
    if type(field) is drf.SlugRelatedField:
        return _slug(field, source, related)
    if not isinstance(field, drf.Serializer) or not is_stock_class(type(field)):
        return None
    plan = _compile(field, related)
    if plan is None or any(isinstance(member, Branch) for member in _all_members(plan)):
        return None
    return Nest(str(field.field_name), source.name, plan)


def _slug(field: Any, source: Any, related: type[models.Model]) -> Column | None:
    try:
        column: Any = related._meta.get_field(field.slug_field)
    except FieldDoesNotExist:
        return None
    if not column.concrete or column.is_relation or isinstance(column, models.CompositePrimaryKey):
        return None
    bind = bind_of(drf.ReadOnlyField(), related, column)
    return None if bind is None else Column(str(field.field_name), f"{source.name}__{column.attname}", bind)


def _all_members(plan: Plan) -> Iterator[Column | Nest | Branch]:
    for member in plan.members:
        yield member
        if isinstance(member, Nest):
            yield from _all_members(member.plan)


def _branch(field: Any, model: type[models.Model], source: Any, related: type[models.Model]) -> Branch | None:
    name = _way_back(source)
    if name is None or not is_stock_queryset(related._default_manager.all()):
        return None
    if type(field) is drf.ManyRelatedField:
        key = field.child_relation
        shows_keys = type(key) is drf.PrimaryKeyRelatedField and key.pk_field is None
        is_simple = not isinstance(related._meta.pk, models.CompositePrimaryKey)
        return Branch(str(field.field_name), related, name, None) if shows_keys and is_simple else None
    row = child(field)
    if type(field) is not drf.ListSerializer or not is_stock_class(type(row)):
        return None
    plan = _compile(row, related)
    return None if plan is None else Branch(str(field.field_name), related, name, plan)


def _way_back(source: Any) -> str | None:
    """How the related model is filtered by the rows that point to it, if they are known to it by their primary keys."""
    if source.one_to_many:
        foreign_key = getattr(source, "field", None)
        is_keyed = isinstance(foreign_key, models.ForeignKey) and foreign_key.target_field.primary_key
        return str(foreign_key.name) if foreign_key is not None and is_keyed else None
    if source.auto_created:  # the other side of a many-to-many
        field, target = source.field, source.field.m2m_reverse_target_field_name()
        return str(field.name) if source.model._meta.get_field(target).primary_key else None
    target = source.m2m_target_field_name()
    return str(source.related_query_name()) if source.model._meta.get_field(target).primary_key else None

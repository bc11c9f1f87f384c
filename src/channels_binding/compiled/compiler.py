"""A serializer class over a model → the plan by which its rows are read, or None if REST framework is to show them.

Where every field of a serializer is one of DRF's own over a column, a relation's key, or a serializer of the same kind, and
neither it nor the model overrides how instances are read, no instance is needed. What cannot be promised to be shown byte for
byte as DRF does is left to DRF (docs/decisions has the rules, tests/compiled/test_plan.py the proof).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.signals import post_init, pre_init
from rest_framework import serializers as drf

from channels_binding.classes import is_written_in
from channels_binding.compiled.columns import bind_of
from channels_binding.compiled.plan import Column, NestedRow, Plan, RelatedRows
from channels_binding.querysets.inspection import is_stock_queryset
from channels_binding.serializers.default import BindingSerializer
from channels_binding.serializers.fields import RangeField
from channels_binding.serializers.relations import child, own_columns, query_name, related_models, walk

_READING = (
    "__new__", "__init__", "fields", "_readable_fields", "get_fields", "to_representation", "get_attribute", "bind",
    "get_field_names", "get_default_field_names", "get_extra_kwargs", "include_extra_kwargs", "get_uniqueness_extra_kwargs",
    "build_field", "build_standard_field", "build_relational_field", "build_nested_field", "build_property_field", "many_init",
)  # fmt: skip
"""What a serializer class may not override: with it, two instances could show the same row differently."""
_LOADING = ("__init__", "__new__", "__getattribute__", "from_db", "serializable_value")
"""What a model may not override: with it, an instance could bear other values than its columns."""

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


def _member(field: Any, model: type[models.Model]) -> Column | NestedRow | RelatedRows | None:
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


def _relation(field: Any, model: type[models.Model], source: Any) -> Column | NestedRow | RelatedRows | None:
    related = source.related_model
    if not isinstance(related, type) or not is_stock_model(related):
        return None
    if source.many_to_many or source.one_to_many:
        return _branch(field, model, source, related)
    return _single(field, model, source, related) if source.concrete else None


def _single(
    field: Any, model: type[models.Model], source: Any, related: type[models.Model]
) -> Column | NestedRow | None:
    if type(field) is drf.PrimaryKeyRelatedField and field.pk_field is None:
        bind = bind_of(drf.ReadOnlyField(), model, source)
        return None if bind is None else Column(str(field.field_name), source.attname, bind)
    if type(field) is drf.SlugRelatedField:
        return _slug(field, source, related)
    if not isinstance(field, drf.Serializer) or not is_stock_class(type(field)):
        return None
    plan = _compile(field, related)
    if plan is None or any(isinstance(member, RelatedRows) for member in _all_members(plan)):
        return None
    return NestedRow(str(field.field_name), source.name, plan)


def _slug(field: Any, source: Any, related: type[models.Model]) -> Column | None:
    try:
        column: Any = related._meta.get_field(field.slug_field)
    except FieldDoesNotExist:
        return None
    if not column.concrete or column.is_relation or isinstance(column, models.CompositePrimaryKey):
        return None
    bind = bind_of(drf.ReadOnlyField(), related, column)
    return None if bind is None else Column(str(field.field_name), f"{source.name}__{column.attname}", bind)


def _all_members(plan: Plan) -> Iterator[Column | NestedRow | RelatedRows]:
    for member in plan.members:
        yield member
        if isinstance(member, NestedRow):
            yield from _all_members(member.plan)


def _branch(field: Any, model: type[models.Model], source: Any, related: type[models.Model]) -> RelatedRows | None:
    name = _way_back(source)
    if name is None or not is_stock_queryset(related._default_manager.all()):
        return None
    if type(field) is drf.ManyRelatedField:
        key = field.child_relation
        shows_keys = type(key) is drf.PrimaryKeyRelatedField and key.pk_field is None
        is_simple = not isinstance(related._meta.pk, models.CompositePrimaryKey)
        return RelatedRows(str(field.field_name), related, name, None) if shows_keys and is_simple else None
    row = child(field)
    if type(field) is not drf.ListSerializer or not is_stock_class(type(row)):
        return None
    plan = _compile(row, related)
    return None if plan is None else RelatedRows(str(field.field_name), related, name, plan)


def _way_back(source: Any) -> str | None:
    """How the related model is filtered by the rows that point to it, if they are known to it by their primary keys."""
    if source.one_to_many:
        foreign_key = getattr(source, "field", None)
        is_keyed = isinstance(foreign_key, models.ForeignKey) and foreign_key.target_field.primary_key
        return str(foreign_key.name) if foreign_key is not None and is_keyed else None
    if source.auto_created:  # the other side of a many-to-many
        field, target = source.field, source.field.m2m_reverse_target_field_name()
        return str(field.name) if _is_key(source.model, target) else None
    target = source.m2m_target_field_name()
    return str(source.related_query_name()) if _is_key(source.model, target) else None


def _is_key(model: type[models.Model], name: str | None) -> bool:
    """Whether a relation to a column of this name leads to the key; a ForeignObject leads to several, and has no name."""
    return name is not None and bool(getattr(model._meta.get_field(name), "primary_key", False))

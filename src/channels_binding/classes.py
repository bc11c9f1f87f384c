"""Which package a class was written in: of its own code is known what it does, of a project's it is not."""

import sys
from collections.abc import Iterator
from functools import lru_cache, partial, reduce
from typing import Any

from django.utils.functional import LazyObject


def is_written_in(cls: type, *packages: str) -> bool:
    """Whether a class stands in the source of one of these packages: ``is_written_in(CharField, "rest_framework")``.

    ``__module__`` alone does not say so: of a class that is made by calling a metaclass, such as
    ``type("Own", (ModelSerializer,), {…})``, it names where the metaclass stands.
    """
    return _is_written_in(cls, packages)


@lru_cache(maxsize=4096)
def _is_written_in(cls: Any, packages: tuple[str, ...]) -> bool:
    module = cls.__module__
    if not any(module == package or module.startswith(f"{package}.") for package in packages):
        return False
    if "<locals>" in cls.__qualname__:  # written in a function: a metaclass is given no such name
        return all(map(partial(_may_be_base, packages=packages), cls.__bases__))
    found: Any = sys.modules.get(module)
    return reduce(lambda outer, name: getattr(outer, name, None), cls.__qualname__.split("."), found) is cls


def _may_be_base(base: type, packages: tuple[str, ...]) -> bool:
    """Of a class that a function makes: one that the function was given may be anybody's."""
    return base.__module__.partition(".")[0] in sys.stdlib_module_names or _is_written_in(base, packages)


def attributes(of: Any) -> dict[str, Any]:
    """``vars()`` of a class, field or filter that all threads share, to iterate over: another one may add to it meanwhile.

    ``cached_property`` does so, on the first read of a field's ``cached_col`` for example.
    """
    copied: dict[str, Any] = vars(of).copy()  # at once, unlike an iteration
    return copied


def unwrapped(value: Any) -> Any:
    """The object behind one of Django's lazy ones (``SimpleLazyObject``), once that was made; any other value as it is."""
    return getattr(value, "_wrapped", value)


def evaluated(value: Any) -> Any:
    """As ``unwrapped``, made now if it was not yet: on a thread, since it may ask the database."""
    if isinstance(value, LazyObject):
        bool(value)
    return unwrapped(value)


# What a project's class says otherwise

_INERT = frozenset(
    {
        *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__parameters__"),
        *("__orig_bases__", "__firstlineno__", "__static_attributes__", "__annotate_func__", "__annotations_cache__"),
        *("__abstractmethods__", "_abc_impl", "__init_subclass__", "__class_getitem__"),
        *("__slotnames__", "__repr__", "__str__"),
    }
)
"""What every class body has, what Python leaves there, and what is only shown to developers."""


def overrides(cls: type, owners: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """What the bodies of a class and its bases say otherwise than those that were written by ``owners``.

    Names of its own are left out: nothing of theirs calls them. Attributes that take what is set on an instance are not: theirs
    may set, and read, any.
    """
    known = _known_to(cls, owners)
    for base in cls.__mro__:
        if base is not object and not is_written_in(base, *owners):
            yield from (
                (name, value)
                for name, value in attributes(base).items()
                if name not in _INERT and (name in known or name.startswith("__") or _takes_what_is_set(value))
            )


def _takes_what_is_set(value: Any) -> bool:
    return value.fset is not None if isinstance(value, property) else hasattr(type(value), "__set__")


@lru_cache(maxsize=1024)
def _known_to(cls: Any, owners: tuple[str, ...]) -> frozenset[str]:
    """Names that the owners' classes among its bases have."""
    bases = (base for base in cls.__mro__ if base is object or is_written_in(base, *owners))
    return frozenset(name for base in bases for name in attributes(base))

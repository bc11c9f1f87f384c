"""Which package a class was written in: of its own code is known what it does, of a project's it is not."""

import sys
from functools import lru_cache, reduce
from typing import Any


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
        return True
    found: Any = sys.modules.get(module)
    return reduce(lambda outer, name: getattr(outer, name, None), cls.__qualname__.split("."), found) is cls

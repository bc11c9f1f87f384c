"""Stream name → binding class. Bindings are found like models: in ``<app>/bindings.py`` or ``<app>/bindings/*.py``."""

import importlib
import pkgutil
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.util import find_spec
from threading import Lock

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils.module_loading import module_has_submodule

from channels_binding.bindings import base
from channels_binding.bindings.base import BaseBinding
from channels_binding.exceptions import NotFound

OF_EXTRA = dict.fromkeys(("schema", "asyncapi", "docs"), "drf_spectacular")
"""Addresses below the API that an extra serves, with the package it brings: who asks without it is told of it."""


class Registry:
    """Every binding of this process, by stream.

    Of two classes with one stream the more derived one serves it; two that are no kin are a conflict, which the
    system check ``channels_binding.E001`` reports.
    """

    def __init__(self) -> None:
        self._by_stream: dict[str, type[BaseBinding]] = {}
        self._read = 0
        self._reading = Lock()
        self.conflicts: list[tuple[type[BaseBinding], type[BaseBinding]]] = []

    def get(self, stream: str) -> type[BaseBinding]:
        """The binding of a stream.

        Raises:
            NotFound: There is none.
        """
        self._catch_up()
        try:
            return self._by_stream[stream]
        except KeyError:
            raise NotFound(self._missing(stream)) from None

    def _missing(self, stream: str) -> str:
        """While one develops it says what there is; a stranger is told nothing of it."""
        if not settings.DEBUG:
            return "There is no such stream."
        names = sorted(self._by_stream)
        of_app = [name for name in names if name.startswith(f"{stream}.")]
        if of_app:
            return f"There is no stream {stream[:100]!r}. A message names a stream and an action: '{of_app[0]}.search'."
        if stream in OF_EXTRA and find_spec(OF_EXTRA[stream]) is None:
            return f'There is no stream {stream!r}. It describes the API: pip install "channels-binding[openapi]".'
        meant = get_close_matches(stream, names, n=1)
        known = f"Did you mean {meant[0]!r}?" if meant else f"There are: {', '.join(names[:20]) or 'none'}."
        return f"There is no stream {stream[:100]!r}. {known} Bindings are found in bindings.py of the apps in INSTALLED_APPS."

    def __iter__(self) -> Iterator[type[BaseBinding]]:
        self._catch_up()
        return iter([*self._by_stream.values()])

    def for_model(self, model: type[models.Model]) -> type[BaseBinding] | None:
        """The binding that serves a model: of several the one whose stream is the model's own name."""
        self._catch_up()
        named = self._by_stream.get(f"{model._meta.app_label}.{model._meta.object_name}")
        if named is not None and named.find_model() is model:
            return named
        return next((cls for cls in [*self._by_stream.values()] if cls.find_model() is model), None)

    def stream_of(self, model: type[models.Model]) -> str | None:
        """The stream that serves a model."""
        cls = self.for_model(model)
        return cls.get_stream() if cls else None

    def _catch_up(self) -> None:
        """Take in classes defined since the last look."""
        if self._read == len(base.defined):
            return
        with self._reading:  # or two threads would take the same class, and leave out the next
            while self._read < len(base.defined):
                try:
                    self._register(base.defined[self._read])
                finally:
                    self._read += 1

    def _register(self, cls: type[BaseBinding]) -> None:
        present = self._by_stream.get(cls.get_stream())
        if present is None or issubclass(cls, present):
            self._by_stream[cls.get_stream()] = cls
        elif not issubclass(present, cls):
            self.conflicts.append((present, cls))

    def autodiscover(self) -> None:
        """Import the bindings of every installed app."""
        for config in apps.get_app_configs():
            if config.module is not None and module_has_submodule(config.module, "bindings"):
                self._import(f"{config.name}.bindings")

    def _import(self, name: str) -> None:
        module = importlib.import_module(name)
        for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
            self._import(f"{name}.{found.name}")


registry = Registry()
BaseBinding._neighbours = registry

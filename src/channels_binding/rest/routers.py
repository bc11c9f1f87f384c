"""A DRF router that takes bindings beside viewsets.

router = BindingRouter()
router.register("orders", OrderBinding)      # /orders/, /orders/7/, /orders/form/, /orders/close/ …
router.register("invoices", InvoiceViewSet)  # as ever
urlpatterns = router.urls
"""

from typing import Any

from django.urls import URLPattern
from rest_framework.routers import DefaultRouter

from channels_binding.bindings.base import BaseBinding
from channels_binding.protocol.names import AGGREGATE
from channels_binding.rest.converters import may_hold_slash, routes, slashed_routes
from channels_binding.rest.views import AggregateView, FormView, RowView, StreamView


class BindingRouter(DefaultRouter):
    """DRF's DefaultRouter; what is registered may be a binding."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bindings: list[tuple[str, type[BaseBinding], str]] = []

    def register(self, prefix: str, viewset: Any, basename: str | None = None) -> None:
        """Serve a binding (or a viewset) under ``prefix``; its routes are named ``<basename>-list``, ``-detail``, ``-form``."""
        if not (isinstance(viewset, type) and issubclass(viewset, BaseBinding)):
            super().register(prefix, viewset, basename)
            return
        self.bindings.append((prefix, viewset, basename or prefix.replace("/", "-")))
        if hasattr(self, "_urls"):
            del self._urls

    def get_urls(self) -> list[Any]:
        found = [url for entry in self.bindings for url in _urls_of(*entry)]
        slashed = [url for entry in self.bindings for url in _slashed_urls_of(*entry)]
        return [*found, *super().get_urls(), *slashed]

    def get_api_root_view(self, api_urls: Any = None) -> Any:
        """The root lists the bindings as well."""
        viewsets = {prefix: self.routes[0].name.format(basename=basename) for prefix, _, basename in self.registry}
        bindings = {prefix: f"{basename}-list" for prefix, _, basename in self.bindings}
        return self.APIRootView.as_view(api_root_dict={**viewsets, **bindings})


def _urls_of(prefix: str, binding: type[BaseBinding], basename: str) -> list[URLPattern]:
    stream = {"stream": binding.get_stream()}
    offers_aggregate = binding.find_action(AGGREGATE) is not None
    aggregate = routes(f"{prefix}/{AGGREGATE}/", AggregateView.as_view(), f"{basename}-{AGGREGATE}", stream)
    return [
        *routes(f"{prefix}/", StreamView.as_view(), f"{basename}-list", stream),
        *routes(f"{prefix}/form/", FormView.as_view(), f"{basename}-form", stream),
        *(aggregate if offers_aggregate else ()),
        *routes(f"{prefix}/<str:name>/", RowView.as_view(), f"{basename}-detail", stream),
        *routes(f"{prefix}/<str:name>/form/", FormView.as_view(), f"{basename}-detail-form", stream),
    ]


def _slashed_urls_of(prefix: str, binding: type[BaseBinding], basename: str) -> list[URLPattern]:
    if not may_hold_slash(binding):
        return []
    names = (f"{basename}-detail", f"{basename}-detail-form")
    views = (RowView.as_view(), FormView.as_view())
    return slashed_routes(f"{prefix}/", *views, *names, stream=binding.get_stream())

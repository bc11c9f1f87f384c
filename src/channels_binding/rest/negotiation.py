"""Which renderer answers: as REST framework decides, which is asked once for each ``Accept`` and not for each request."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

MOST_CHARACTERS = 200
"""Of an ``Accept`` that is remembered. Browsers' have about 80."""
MOST_REMEMBERED = 256


class RememberingNegotiation(DefaultContentNegotiation):
    """DRF's own, whose choice follows from ``Accept`` and the renderers alone where no ``?format=`` is given."""

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """
        Raises:
            NotAcceptable: None of them.
        """
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        is_named = format_suffix or self.settings.URL_FORMAT_OVERRIDE in request.query_params
        if is_named or len(accept) > MOST_CHARACTERS:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
            return chosen
        place, media_type = _chosen(accept, tuple(map(type, renderers)))
        renderer: BaseRenderer = renderers[place]
        return renderer, media_type


@lru_cache(maxsize=MOST_REMEMBERED)
def _chosen(accept: str, kinds: tuple[type[BaseRenderer], ...]) -> tuple[int, str]:
    request = HttpRequest()
    request.META["HTTP_ACCEPT"] = accept
    renderers = [kind() for kind in kinds]
    chosen, media_type = DefaultContentNegotiation().select_renderer(Request(request), renderers)
    return renderers.index(chosen), media_type

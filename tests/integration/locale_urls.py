"""Where one is, asked of a Django view and of handlers of both kinds."""

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, JsonResponse
from django.urls import get_script_prefix, include, path
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import get_language, gettext, gettext_lazy

from channels_binding.consumers import AsyncBinding, bind


def found() -> dict[str, Any]:
    return {
        "language": get_language(),
        "timezone": timezone.get_current_timezone_name(),
        "prefix": get_script_prefix(),
        "text": gettext("This field is required."),
    }


LAZY = gettext_lazy("This field is required.")


class Where(AsyncBinding):
    stream = "test.where"

    @bind
    def plain(self, data: Any) -> Any:
        return {**found(), "lazy": LAZY}

    @bind
    async def coroutine(self, data: Any) -> Any:
        return {**found(), "lazy": LAZY}


@sync_and_async_middleware
def in_tokyo(get_response: Any) -> Any:
    async def ahead(request: HttpRequest) -> Any:
        with timezone.override("Asia/Tokyo"):
            return await get_response(request)

    def before(request: HttpRequest) -> Any:
        with timezone.override("Asia/Tokyo"):
            return get_response(request)

    return ahead if iscoroutinefunction(get_response) else before


def view(request: HttpRequest) -> JsonResponse:
    return JsonResponse({**found(), "lazy": str(LAZY)})


urlpatterns = [path("view/", view), path("api/", include("channels_binding.urls"))]

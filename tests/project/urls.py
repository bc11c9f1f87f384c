import gc
import tracemalloc

from django.http import HttpRequest, JsonResponse
from django.urls import include, path


def memory(request: HttpRequest) -> JsonResponse:
    """Bytes of all that Python holds in this process, where it was started to count them (``PYTHONTRACEMALLOC=1``)."""
    gc.collect()
    return JsonResponse({"bytes": tracemalloc.get_traced_memory()[0]})


urlpatterns = [path("api/", include("channels_binding.urls")), path("memory/", memory)]
urlpatterns += [path("mcp/", include("channels_binding.contrib.mcp.urls"))]

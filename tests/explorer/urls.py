"""The API under a prefix of its own, beside an admin that has a login page, as a project has them."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


admin = [path("login/", nothing, name="login"), path("", nothing, name="index")]
urlpatterns = [
    path("v1/live/", include("channels_binding.urls")),
    path("admin/", include((admin, "admin"))),
    path("door/", nothing, name="door"),
]

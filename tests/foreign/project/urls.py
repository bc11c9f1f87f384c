from django.urls import include, path
from rest_framework.routers import SimpleRouter

from tests.foreign.project.views import viewsets

router = SimpleRouter()
for name, viewset in viewsets():
    router.register(name, viewset)

urlpatterns = [path("api/", include("channels_binding.urls")), path("drf/", include(router.urls))]

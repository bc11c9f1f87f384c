from django.urls import path

from channels_binding.contrib.mcp.views import endpoint

urlpatterns = [path("", endpoint, name="channels_binding_mcp")]

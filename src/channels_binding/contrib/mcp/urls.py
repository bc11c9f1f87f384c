from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured
from django.urls import path

from channels_binding.contrib.mcp.views import endpoint

if find_spec("mcp") is None:
    raise ImproperlyConfigured('The endpoint needs the SDK: pip install "channels-binding[mcp]"')

urlpatterns = [path("", endpoint, name="channels_binding_mcp")]

import subprocess
import sys
from importlib import reload
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from channels_binding.contrib.mcp import urls


def test_the_endpoint_has_a_name_wherever_it_is_included() -> None:
    assert reverse("channels_binding_mcp") == "/mcp/"


def test_the_sdk_is_imported_where_somebody_asks_and_not_before() -> None:
    """It takes a second of processor time and 30 MB, which each process with this URLconf would pay."""
    code = (
        "import sys, django; from django.conf import settings; settings.configure(SECRET_KEY='x', INSTALLED_APPS="
        "['django.contrib.contenttypes', 'django.contrib.auth', 'rest_framework', 'channels_binding']); django.setup();"
        "import channels_binding.contrib.mcp.urls; print('mcp' in sys.modules);"
        "from channels_binding.contrib.mcp.views import _answer_of_the_sdk; _answer_of_the_sdk(); print('mcp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_without_the_sdk_the_urlconf_says_what_to_install() -> None:
    with (
        mock.patch("importlib.util.find_spec", return_value=None),
        pytest.raises(ImproperlyConfigured, match=r"channels-binding\[mcp\]"),
    ):
        reload(urls)
    reload(urls)

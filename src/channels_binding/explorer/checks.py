"""System check of the setting that opens the explorer."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from channels_binding.conf import get_settings
from channels_binding.documentation import page
from channels_binding.explorer.access import opened_by


@register("channels_binding")
def check_explorer(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """E035: ``EXPLORER`` is none of the things that it can be."""
    try:
        get_settings()
    except ImproperlyConfigured:
        return []  # E002 says so
    try:
        opened_by()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=f"See {page('howto/explorer.md')}.", id="channels_binding.E035")]
    return []

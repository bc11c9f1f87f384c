"""The test project where people of several languages and time zones come."""

from typing import Any

from tests.project.settings import *  # noqa: F403

MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", "tests.integration.locale_urls.in_tokyo"]
ROOT_URLCONF = "tests.integration.locale_urls"
REST_FRAMEWORK: dict[str, Any] = {"DEFAULT_AUTHENTICATION_CLASSES": []}
CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}

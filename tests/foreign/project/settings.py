"""A project of Django's own models and of packages that bring fields, managers and base classes of theirs."""

import os
from typing import Any

from tests.project.settings import *  # noqa: F403
from tests.project.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [
    *(app for app in INSTALLED_APPS if not app.startswith("tests.")),
    "django.contrib.admin",
    "django.contrib.sites",
    "django.contrib.redirects",
    "django.contrib.flatpages",
    "taggit",
    "mptt",
    "polymorphic",
    "djmoney",
    "simple_history",
    "model_utils",
    "django_countries",
    "timezone_field",
    "drf_spectacular",
    "tests.foreign.project.shop",
    "tests.foreign.project.recipes",
]
ROOT_URLCONF = "tests.foreign.project.urls"
SITE_ID = 1
DATABASES = {"default": {**DATABASES["default"], "TEST": {**DATABASES["default"].get("TEST", {})}}}
DATABASE_ROUTERS = []
if "sqlite" not in DATABASES["default"]["ENGINE"]:
    INSTALLED_APPS += ["pgtrigger", "pghistory"]
    PGTRIGGER_INSTALL_ON_MIGRATE = True
    # The tests that start this one have a database too, and two of these may run at once.
    DATABASES["default"]["TEST"]["NAME"] = f"test_foreign_{os.getpid()}"
REST_FRAMEWORK: dict[str, Any] = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}

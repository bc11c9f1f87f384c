"""The Django app: when it is ready, changes are captured and bindings are found."""

from django.apps import AppConfig


class ChannelsBindingConfig(AppConfig):
    """``"channels_binding"`` in ``INSTALLED_APPS``."""

    name = "channels_binding"
    verbose_name = "Channels Binding"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from channels_binding import _django_setup
        from channels_binding.checks import (  # noqa: F401  (they register the checks)
            application,
            bindings,
            contract,
            declarations,
            machines,
            project,
        )
        from channels_binding.explorer import checks as explorer_checks  # noqa: F401
        from channels_binding.live import hub
        from channels_binding.live.capture import signals
        from channels_binding.registry import registry

        signals.install()
        hub.install()
        _django_setup.when_complete(registry.autodiscover)

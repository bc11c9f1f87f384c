"""W028."""

from typing import Any

from django.core.asgi import get_asgi_application

from channels_binding.checks.application import check_application

application = get_asgi_application()


def test_django_s_own_handler_is_told_to_answer_no_sockets(settings: Any) -> None:
    settings.DEBUG = True
    settings.ASGI_APPLICATION = f"{__name__}.application"
    (warning,) = check_application()
    assert warning.id == "channels_binding.W028"
    assert "websocket_urlpatterns" in str(warning.hint)
    settings.DEBUG = False
    assert check_application() == []


def test_an_application_with_sockets_and_none_at_all_and_one_that_is_broken_need_no_word(settings: Any) -> None:
    settings.DEBUG = True
    for path in ("tests.project.asgi.application", "nowhere.application", None):
        settings.ASGI_APPLICATION = path
        assert check_application() == []

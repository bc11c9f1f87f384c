"""When the app is ready: bindings are registered, changes are captured, and signing out ends connections."""

from django.apps import apps
from django.contrib.auth.signals import user_logged_out
from django.db import connection
from django.db.models.signals import m2m_changed, post_save

from channels_binding.live import hub
from channels_binding.live.capture import recorder, signals
from channels_binding.registry import registry


def test_bindings_of_a_package_are_found_file_by_file() -> None:
    streams = {cls.get_stream() for cls in registry}
    assert {"zoo.Note", "auth.User", "custom_stream"} <= streams


def test_changes_are_captured_and_published_to_the_hubs() -> None:
    signals.connect()
    uids = {key[0] for signal in (post_save, m2m_changed) for key, *_ in signal.receivers}
    assert {"channels_binding.post_save", "channels_binding.m2m_changed"} <= uids
    assert hub.publish_changes in recorder._publishers
    assert connection.execute_wrappers.count(signals._capture) <= 1


def test_signing_out_is_heard_of() -> None:
    assert "channels_binding.signed_out" in {key[0] for key, *_ in user_logged_out.receivers}


def test_getting_ready_twice_changes_nothing() -> None:
    before = (len(post_save.receivers), len(recorder._publishers))
    apps.get_app_config("channels_binding").ready()
    assert (len(post_save.receivers), len(recorder._publishers)) == before

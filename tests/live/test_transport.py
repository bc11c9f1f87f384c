"""The way between processes is a setting, and a wrong one is refused with its way out."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from channels_binding.contrib.redis_streams import RedisStreams
from channels_binding.live import transport as module
from channels_binding.live.broker.channel_layer import LayerTransport
from channels_binding.live.transport import make_transport


def test_without_a_setting_it_is_the_channel_layer() -> None:
    assert isinstance(make_transport(), LayerTransport)


@pytest.mark.parametrize("name", ["redis_streams", "channels_binding.contrib.redis_streams.RedisStreams"])
def test_an_alias_or_a_dotted_path_names_another(name: str) -> None:
    options = {"url": "redis://127.0.0.1:1/0", "max_messages": 7}
    with override_settings(CHANNELS_BINDING={"BROKER": name, "BROKER_OPTIONS": options}):
        transport = make_transport()
    assert isinstance(transport, RedisStreams)
    assert (transport.url, transport.max_messages) == ("redis://127.0.0.1:1/0", 7)
    assert transport.reaches_others()


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("redis_stream", None, "doesn't look like a module path"),
        ("no.such.module", None, "No module named"),
        ("redis_streams", None, "missing 1 required positional argument: 'url'"),
        ("redis_streams", {"url": "redis://x", "maxlen": 7}, "unexpected keyword argument 'maxlen'"),
        ("builtins.dict", None, "is no Transport"),
    ],
)
def test_what_is_none_is_refused(name: str, options: dict[str, object] | None, said: str) -> None:
    with (
        override_settings(CHANNELS_BINDING={"BROKER": name, "BROKER_OPTIONS": options}),
        pytest.raises(ImproperlyConfigured, match=said),
    ):
        make_transport()


@pytest.mark.parametrize(("package", "extra"), [("redis", "redis"), ("psycopg", "postgres")])
def test_a_package_that_is_missing_is_named_with_the_extra_that_brings_it(
    package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(path: str) -> None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    monkeypatch.setattr(module, "import_string", missing)
    with pytest.raises(ImproperlyConfigured, match=rf'pip install "channels-binding\[{extra}\]"'):
        make_transport()

"""``manage.py check --deploy``: can every stream be described?"""

from importlib.util import find_spec
from typing import Any

from django.core.checks import CheckMessage, Warning, register

from channels_binding.checks.guarded import guarded


@register("channels_binding", deploy=True)
def check_contract(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """W018: streams, fields, filters and events that documents and types leave out. Only on request: it makes all of them."""
    return guarded(_omissions) if find_spec("drf_spectacular") else []


def _omissions() -> list[CheckMessage]:
    from channels_binding.contract import typescript

    _, omissions = typescript.written()
    hint = "It is left out of documents and types. Of a field, drf-spectacular's extend_schema_field says what it is."
    return [
        Warning(f"{name} cannot be described: {error!r}", hint=hint, id="channels_binding.W018")
        for name, error in omissions.found.items()
    ]

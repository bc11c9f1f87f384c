"""A wheel or sdist has the explorer's script, or is not made: whoever installs it has no Node.

``make explorer`` builds it. An editable install needs none: without it, the explorer's page says how it is built.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DIST = "src/channels_binding/explorer/dist"


class ExplorerBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        if not Path(self.root, DIST, "manifest.json").is_file():
            raise RuntimeError(
                f"{DIST} is missing, and the explorer would be without its script. Build it first: make explorer "
                "(or, with Node.js, npm ci && npm run build && npm run build:explorer)."
            )

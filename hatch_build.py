"""A wheel or sdist has the explorer's script, or is not made; and a README of which the links lead somewhere from PyPI.

Whoever installs it has no Node. ``make explorer`` builds the script. An editable install needs none: without it, the explorer's
page says how it is built.
"""

import os
import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

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


class LinksMetadataHook(MetadataHookInterface):
    """``REPO_URL=https://…``, where the repository is, names it and makes README's links absolute. Without, they are text."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        if "readme" in metadata:  # an sdist brings its own
            return
        repository = os.environ.get("REPO_URL", "").rstrip("/")
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        links = runpy.run_path(str(Path(self.root, "tools", "links.py")))
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": links["absolute"](text, repository) if repository else links["plain"](text),
        }
        metadata["urls"] = links["addresses"](repository) if repository else {}

"""Where the pages of the documentation stand, which come with the package: so that a message can name one that is there."""

from pathlib import Path

_PLACES = (Path(__file__).parent / "docs", Path(__file__).parents[2] / "docs")
"""In a wheel, in a checkout."""


def page(name: str) -> str:
    """``"howto/broker.md"`` → ``"/…/site-packages/channels_binding/docs/howto/broker.md"``."""
    return str(next((place / name for place in _PLACES if place.is_dir()), Path("docs", name)))

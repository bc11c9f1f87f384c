"""The files of the page: which there are, how large they are, and what is said where there are none."""

import gzip
from pathlib import Path

import pytest

from channels_binding.explorer import build

MOST_BYTES = 400_000
"""Of all scripts together, as they travel (gzip)."""


def test_the_manifest_says_what_the_page_begins_with(built: Path) -> None:
    found = build.current()
    assert (found.entry, found.preloaded) == ("main-a1.js", ("part-b2.js",))
    assert found.names == {"main-a1.js", "part-b2.js"}


def test_another_build_is_noticed(built: Path) -> None:
    assert "new-c3.js" not in build.current().names
    (built / "assets" / "new-c3.js").write_text("")
    manifest = built / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    assert build.current().names >= {"main-a1.js"}


def test_files_are_compressed_once_and_alike(built: Path) -> None:
    plain, packed = (build.content("part-b2.js", compressed=each) for each in (False, True))
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 10


@pytest.mark.parametrize("manifest", [None, "", "{}", '{"src/main.tsx": {}}'])
def test_a_checkout_without_a_build_says_how_it_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str | None
) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    with pytest.raises(build.NotBuilt, match="make explorer"):
        build.current()


def test_the_build_that_is_released_is_small_and_asks_no_other_host() -> None:
    assets = [path.read_bytes() for path in (build.FOLDER / "assets").glob("*.js")]
    assert assets, f"The explorer is not built: {build.COMMAND}"
    assert sum(len(gzip.compress(each)) for each in assets) <= MOST_BYTES
    for host in (b"fonts.googleapis", b"unpkg.com", b"cdn.jsdelivr", b"googletagmanager"):
        assert not any(host in each for each in assets)
    assert {path.suffix for path in (build.FOLDER / "assets").iterdir()} <= set(build.TYPES)

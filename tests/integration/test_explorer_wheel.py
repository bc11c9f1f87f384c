"""The explorer's script comes with the package, in the wheel and the sdist, or neither is made; links of the README lead on."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tools import bare

from channels_binding.explorer import build

ROOT = Path(__file__).parents[2]
NEEDED = ("pyproject.toml", "hatch_build.py", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")


def wheel_of(source: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "REPO_URL"}
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return {name.partition("explorer/dist/")[2] for name in opened.namelist() if "explorer/dist/" in name}


def metadata_of(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        return opened.read(name).decode()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small copy of the checkout, with what is built of the explorer."""
    copy = tmp_path / "source"
    copy.mkdir()
    for name in NEEDED:
        shutil.copy(ROOT / name, copy)
    (copy / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "links.py", copy / "tools")
    (copy / "example" / "src").mkdir(parents=True)
    (copy / "example" / "src" / "App.tsx").write_text("")  # of the names alone, and not at their place
    (copy / "example" / "README.md").write_text("")
    for name in ("src", "docs", "spec"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_the_wheel_has_every_file_that_was_built(tmp_path: Path) -> None:
    built = {str(path.relative_to(build.FOLDER)) for path in build.FOLDER.rglob("*") if path.is_file()}
    assert build.current().entry in {name.removeprefix("assets/") for name in built}
    assert in_wheel(bare.build(tmp_path)) == built


def test_a_wheel_without_them_is_not_made_and_the_command_is_named(source: Path, tmp_path: Path) -> None:
    shutil.rmtree(source / "src" / "channels_binding" / "explorer" / "dist")
    done = wheel_of(source, tmp_path)
    assert done.returncode != 0
    assert "make explorer" in done.stdout + done.stderr
    assert not [*tmp_path.glob("*.whl")]


def sdist_of(source: Path, folder: Path, repository: str) -> Path:
    """The sdist, unpacked."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
    subprocess.run([*pip, str(folder / "tools"), "hatchling>=1.26"], check=True, capture_output=True)
    make = (
        "import sys; sys.path.insert(0, sys.argv[1]); from hatchling.build import build_sdist; build_sdist(sys.argv[2])"
    )
    command = [sys.executable, "-c", make, str(folder / "tools"), str(folder)]
    subprocess.run(command, cwd=source, env={**os.environ, "REPO_URL": repository}, check=True, capture_output=True)
    (made,) = folder.glob("*.tar.gz")
    with tarfile.open(made) as opened:
        opened.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return unpacked


RELATIVE = re.compile(r"\]\((?!https://|#).*?\)")


def test_without_an_address_the_metadata_has_no_link_that_leads_nowhere(source: Path, tmp_path: Path) -> None:
    unpacked = sdist_of(source, tmp_path, "")
    done = wheel_of(source, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    for metadata in ((unpacked / "PKG-INFO").read_text(), metadata_of(wheel)):
        assert RELATIVE.findall(metadata) == []
        assert "From here the tutorial goes on" in metadata
        assert "Project-URL" not in metadata


def test_every_page_that_llms_txt_of_the_wheel_names_is_in_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(bare.build(tmp_path)) as opened:
        files = {name.partition("channels_binding/docs/")[2] for name in opened.namelist()}
        text = opened.read("channels_binding/docs/llms.txt").decode()
    named = set(re.findall(r"\]\((.*?)\)", text))
    assert len(named) > 60
    assert named - files == set()


def test_an_sdist_has_them_too_and_a_wheel_is_made_of_it_with_the_same_metadata(source: Path, tmp_path: Path) -> None:
    unpacked = sdist_of(source, tmp_path, "https://example.com/repo")
    belongs = {"src", "docs", "spec", "PKG-INFO", *NEEDED}
    assert {path.name for path in unpacked.iterdir()} - {".gitignore"} == belongs
    done = wheel_of(unpacked, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert f"assets/{build.current().entry}" in in_wheel(wheel)
    metadata = metadata_of(wheel)
    assert metadata == (unpacked / "PKG-INFO").read_text()
    assert "](https://example.com/repo/blob/main/docs/tutorial/index.md)" in metadata
    assert "](https://example.com/repo/raw/main/docs/demo.png)" in metadata
    assert RELATIVE.findall(metadata) == []
    assert "\nProject-URL: Source, https://example.com/repo\n" in metadata

"""What npm gives: one version with the Python package, complete tarballs, and entries that a server component may import."""

import io
import json
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tools import links

ROOT = Path(__file__).parents[2]
NAMES = ("core", "mui")


def manifest(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "packages" / name / "package.json").read_text())
    return found


def as_npm(version: str) -> str:
    """``2.0.0a1`` (PEP 440) → ``2.0.0-alpha.1`` (semantic versioning)."""
    kinds = {"a": "alpha", "b": "beta", "rc": "rc"}
    return re.sub(r"(?<=\d)(a|b|rc)(\d+)$", lambda found: f"-{kinds[found[1]]}.{found[2]}", version)


@pytest.mark.parametrize(
    ("version", "npm"),
    [("2.0.0a1", "2.0.0-alpha.1"), ("2.0.0b12", "2.0.0-beta.12"), ("2.1.0rc1", "2.1.0-rc.1"), ("2.1.0", "2.1.0")],
)
def test_a_version_has_one_name_for_pip_and_one_for_npm(version: str, npm: str) -> None:
    assert as_npm(version) == npm


def test_every_package_has_the_version_of_the_python_package() -> None:
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    example = json.loads((ROOT / "example" / "frontend" / "package.json").read_text())["dependencies"]
    assert {manifest(name)["version"] for name in NAMES} == {as_npm(python)}
    assert {locked[f"packages/{name}"]["version"] for name in NAMES} == {as_npm(python)}
    needed = [manifest("mui")["peerDependencies"]["@channels-binding/core"]]
    needed += [example[f"@channels-binding/{name}"] for name in NAMES]
    assert {*needed} == {f"^{as_npm(python)}"}
    assert f"\n## {python} (" in (ROOT / "CHANGELOG.md").read_text()
    assert f"Version {python} " in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_package_is_built_when_it_is_packed_and_brings_its_licence_and_readme(name: str, tmp_path: Path) -> None:
    """In a copy without ``dist``, as a fresh checkout has it."""
    for each in NAMES:
        shutil.copytree(
            ROOT / "packages" / each, tmp_path / "packages" / each, ignore=shutil.ignore_patterns("dist", "tests")
        )
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copytree(ROOT / "docs" / "skill", tmp_path / "docs" / "skill")
    shutil.copy(ROOT / "tsconfig.base.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    stale = tmp_path / "packages" / name / "dist" / "stale.js"
    stale.parent.mkdir()
    stale.write_text("")
    done = subprocess.run(
        ["npm", "pack", "--pack-destination", str(tmp_path)],
        cwd=tmp_path / "packages" / name,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (tarball,) = tmp_path.glob("*.tgz")
    with tarfile.open(tarball) as packed:
        files = {member.name.removeprefix("package/") for member in packed.getmembers()}
        licence = packed.extractfile("package/LICENSE")
        assert licence is not None
        assert licence.read() == (ROOT / "LICENSE").read_bytes()
    entries = [each for each in manifest(name)["exports"].values() if isinstance(each, dict)]
    assert {"README.md", "SKILL.md", "src/index.ts"} | {path[2:] for each in entries for path in each.values()} <= files
    tests = {path for path in files if ".test." in path or path.startswith("tests/")}
    assert not tests | (files & {"dist/stale.js"})


def test_a_release_names_its_repository_and_links_of_the_readme_lead_there(tmp_path: Path) -> None:
    tarball, repository = tmp_path / "mui.tgz", "https://example.com/repo"
    files = {
        "package.json": json.dumps(manifest("mui")),
        "README.md": (ROOT / "packages/mui/README.md").read_text(),
        "x": "",
    }
    with tarfile.open(tarball, "w:gz") as packed:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text.encode())
            packed.addfile(member, io.BytesIO(text.encode()))
    links.link(tarball, repository)
    with tarfile.open(tarball) as packed:
        made = {member.name: packed.extractfile(member).read().decode() for member in packed.getmembers()}  # type: ignore[union-attr]
    assert [*made] == [f"package/{name}" for name in files]
    said = json.loads(made["package/package.json"])
    assert said["repository"] == {"type": "git", "url": f"git+{repository}.git", "directory": "packages/mui"}
    assert {**manifest("mui"), **said} == said
    assert f"]({repository}/blob/main/docs/reference/components.md)" in made["package/README.md"]
    assert re.findall(r"\]\((?!https://|#).*?\)", made["package/README.md"]) == []


def reached(module: Path, seen: set[Path]) -> set[Path]:
    """The module, and those of the package that it imports at run time."""
    if module not in seen:
        seen.add(module)
        for target in re.findall(
            r"^(?:import|export)(?! type)[^'\"]*? from '(\.[^']+)\.js'", module.read_text(), re.M | re.S
        ):
            path = (module.parent / target).resolve()
            reached(next(found for end in (".ts", ".tsx") if (found := path.with_name(path.name + end)).exists()), seen)
    return seen


_CLIENT = re.compile(r"from '(?:react|@mui/|@channels-binding/core/react)")


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_that_needs_react_s_client_says_so_and_names_what_it_exports(name: str) -> None:
    """Next makes a reference of each name that ``'use client'`` exports, and refuses ``export *`` beside it."""
    package = ROOT / "packages" / name
    for entry, target in manifest(name)["exports"].items():
        if not isinstance(target, dict):
            continue
        module = package / target["default"].replace("dist/", "src/").replace(".js", ".ts")
        needs_client = any(_CLIENT.search(path.read_text()) for path in reached(module, set()))
        text = module.read_text()
        assert text.startswith("'use client'\n") is needs_client, entry
        assert "export *" not in text, entry

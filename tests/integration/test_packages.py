"""What npm gives: one version with the Python package, complete tarballs, and entries that a server component may import."""

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
    shutil.copy(ROOT / "docs" / "llms.txt", tmp_path / "docs")
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
    assert {"README.md", "SKILL.md", "llms.txt", "src/index.ts"} | {
        path[2:] for each in entries for path in each.values()
    } <= files
    tests = {path for path in files if ".test." in path or path.startswith("tests/")}
    assert not tests | (files & {"dist/stale.js"})


def released(name: str, folder: Path, repository: str) -> dict[str, str]:
    """What a tarball holds after ``tools.links``: its texts by their names."""
    tarball, package = folder / f"{name}.tgz", ROOT / "packages" / name
    files = {
        "package.json": package / "package.json",
        "README.md": package / "README.md",
        "SKILL.md": ROOT / "docs" / "skill" / "SKILL.md",
        "llms.txt": ROOT / "docs" / "llms.txt",
        "src/index.ts": package / "src" / "index.ts",
    }
    with tarfile.open(tarball, "w:gz") as packed:
        for each, path in files.items():
            packed.add(path, f"package/{each}")
    links.main([str(tarball)], repository)
    with tarfile.open(tarball) as packed:
        made = {member.name: packed.extractfile(member).read().decode() for member in packed.getmembers()}  # type: ignore[union-attr]
    assert [*made] == [f"package/{each}" for each in files]
    assert made["package/src/index.ts"] == files["src/index.ts"].read_text()
    return made


RELATIVE = re.compile(r"\]\((?!https://|#)[^)]*\)")


@pytest.mark.parametrize("name", NAMES)
def test_a_release_names_its_repository_and_links_of_its_texts_lead_there(name: str, tmp_path: Path) -> None:
    repository = "https://example.com/repo"
    made = released(name, tmp_path, repository)
    said = json.loads(made["package/package.json"])
    assert said["repository"] == {"type": "git", "url": f"git+{repository}.git", "directory": f"packages/{name}"}
    assert {**manifest(name), **said} == said
    assert f"]({repository}/blob/main/docs/reference/" in made["package/README.md"]
    assert f"]({repository}/blob/main/docs/howto/admin.md)" in made["package/llms.txt"]
    for file in links.TEXTS:
        assert RELATIVE.findall(made[f"package/{file}"]) == [], file


@pytest.mark.parametrize("name", NAMES)
def test_a_release_without_an_address_has_no_link_that_leads_nowhere(name: str, tmp_path: Path) -> None:
    made = released(name, tmp_path, "")
    assert json.loads(made["package/package.json"]) == manifest(name)
    assert "- Decide who may (howto/decide-who-may.md): " in made["package/llms.txt"]
    for file in links.TEXTS:
        assert RELATIVE.findall(made[f"package/{file}"]) == [], file


@pytest.mark.parametrize("path", ["README.md", "packages/core/README.md", "packages/mui/README.md"])
def test_code_of_a_readme_is_as_it_stands_there_whatever_becomes_of_its_links(path: str) -> None:
    text = (ROOT / path).read_text()
    code = re.findall(r"^```.*?^```$", text, re.M | re.S)
    for made in (links.plain(text), links.absolute(text, "https://example.com/repo")):
        assert re.findall(r"^```.*?^```$", made, re.M | re.S) == code


def test_text_without_its_links_says_the_same() -> None:
    text = "See [the guide](docs/a.md#b), [`x`](y), [at PyPI](https://pypi.org/) and [below](#below).\n\n![A](a.png)\n\nThen."
    plain = "See the guide, `x`, [at PyPI](https://pypi.org/) and [below](#below).\n\nThen."
    assert links.plain(text) == plain
    assert links.plain("[a/b.md](a/b.md), [guide](docs/a.md#b)", named=True) == "a/b.md, guide (docs/a.md)"


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

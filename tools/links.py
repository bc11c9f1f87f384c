"""Links that lead somewhere from PyPI (``hatch_build.py``) and from npm, or are none.

    REPO_URL=https://… python -m tools.links artifacts/release/*.tgz

The repository has its address in no file: who builds a release says it. Who says none releases texts without links to it.
"""

import io
import json
import os
import posixpath
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

TEXTS = {"README.md": "packages/{name}", "llms.txt": "docs", "SKILL.md": "docs/skill"}
"""What an npm package has with links in it, and where that stands in the repository."""
PICTURE = re.compile(r"!\[[^\[\]]*\]\((?!\w+:)[^)\s]+\)\n*")
LINK = re.compile(r"(!?)(\[[^\[\]]*\]\()(?!\w+:|#)([^)\s]+)(?=\))")


def absolute(text: str, repository: str, folder: str = ".") -> str:
    """``[guide](docs/a.md#b)`` → ``[guide](https://…/blob/main/docs/a.md#b)``, a picture as its file.

    Args:
        folder: Where the text stands in the repository.
    """

    def led(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match[3]))
        return f"{match[1]}{match[2]}{repository}/{'raw' if match[1] else 'blob'}/main/{path}"

    return LINK.sub(led, text)


def plain(text: str, *, named: bool = False) -> str:
    """``the [guide](docs/a.md#b)`` → ``the guide``; no picture.

    Args:
        named: Say where the page is: ``the guide (docs/a.md)``.
    """

    def said(match: re.Match[str]) -> str:
        return match[1] + (f" ({match[2]})" if named and match[1] != match[2] else "")

    return re.sub(r"\[([^\[\]]*)\]\((?!\w+:|#)([^)\s#]+)[^)\s]*\)", said, PICTURE.sub("", text))


def addresses(repository: str) -> dict[str, str]:
    """What PyPI lists beside a package."""
    pages = f"{repository}/blob/main"
    return {
        "Source": repository,
        "Documentation": f"{pages}/docs/index.md",
        "Changelog": f"{pages}/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


def main(tarballs: list[str], repository: str) -> None:
    for tarball in map(Path, tarballs):
        link(tarball, repository)


def link(tarball: Path, repository: str) -> None:
    """The texts and package.json of one tarball, with the address of the repository, if it has one."""
    with tarfile.open(tarball) as packed:
        members = [
            (member, read.read() if (read := packed.extractfile(member)) else b"") for member in packed.getmembers()
        ]
    contents = {member.name: content for member, content in members}
    manifest: dict[str, Any] = json.loads(contents["package/package.json"])
    name = manifest["name"].rpartition("/")[2]
    if repository:
        manifest |= {
            "repository": {"type": "git", "url": f"git+{repository}.git", "directory": f"packages/{name}"},
            "homepage": f"{repository}/blob/main/packages/{name}/README.md",
            "bugs": f"{repository}/issues",
        }
        contents["package/package.json"] = json.dumps(manifest, indent=2, ensure_ascii=False).encode()
    for file, folder in TEXTS.items():
        text = contents[f"package/{file}"].decode()
        led = (
            absolute(text, repository, folder.format(name=name))
            if repository
            else plain(text, named=file != "README.md")
        )
        contents[f"package/{file}"] = led.encode()
    with tarfile.open(tarball, "w:gz") as packed:
        for member, _ in members:
            member.size = len(contents[member.name])
            packed.addfile(member, io.BytesIO(contents[member.name]))


if __name__ == "__main__":
    main(sys.argv[1:], os.environ.get("REPO_URL", "").rstrip("/"))

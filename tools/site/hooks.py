"""What mkdocs is told beside mkdocs.yml: pages that stand outside of docs/, and where links out of docs/ lead.

A page of docs/ reads well on GitHub, where ``../../spec/protocol.md`` leads to the contract and ``../../packages/core`` to a
folder. On the site the first is a page, and the second a link only if REPO_URL says to where.
"""

import html
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
BESIDE = (
    "spec/protocol.md",
    "spec/profile.md",
    "spec/messages.schema.json",
    "spec/errors.json",
    "CHANGELOG.md",
    "SECURITY.md",
    "benchmarks/README.md",
    "benchmarks/results/results.md",
)
"""Files outside of docs/ that the site has, at their own paths."""
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s#]+)((?:#[^)\s]*)?)(?=\))")
WHOLE_LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\(\ue000([^)]*)\)")
BACKSLASHED = "\\|"
CELL_CODE = re.compile(r"(?<=[| ])(`{1,2})([^\n]*?)\1(?!`)(?=[^\n]*\|$)", re.M)


def on_files(files: Files, config: Any) -> Files:
    """The pages beside docs/, and what they show."""
    for name in BESIDE:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    for picture in sorted((ROOT / "benchmarks" / "results").glob("*.svg")):
        name = picture.relative_to(ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Links that leave docs/ lead to the page of the site, else to the repository, else nowhere."""
    here = page.file.src_uri
    is_beside = here in BESIDE
    folder = posixpath.dirname(here if is_beside else f"docs/{here}")

    def led(match: re.Match[str]) -> str:
        target, anchor = match[1], match[2]
        path = posixpath.normpath(posixpath.join(folder, target))
        in_site = path.removeprefix("docs/") if path.startswith("docs/") else path if path in BESIDE else None
        if in_site is not None:
            if not is_beside and path.startswith("docs/"):
                return match[0]
            return posixpath.relpath(in_site, posixpath.dirname(here) or ".") + anchor
        if not (ROOT / path).exists():
            return match[0]  # broken: mkdocs says so
        return f"{config.repo_url.rstrip('/')}/blob/main/{path}{anchor}" if config.repo_url else f"\ue000{path}"

    return CELL_CODE.sub(_as_html, WHOLE_LINK.sub(r"\1", LINK.sub(led, markdown)))


def _as_html(match: re.Match[str]) -> str:
    """Code of a table's cell with a pipe in it, which GitHub wants to be written ``\\|`` and Python-Markdown would show so."""
    if BACKSLASHED not in match[2]:
        return match[0]
    return f"<code>{html.escape(match[2].strip()).replace(BACKSLASHED, '&#124;')}</code>"

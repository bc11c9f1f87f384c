"""``docs/llms.txt``: every page of the documentation with its first sentence, for programs that read (llmstxt.org).

python -m tools.llms            writes it
python -m tools.llms --check    tells whether it is as the pages are
"""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
TARGET = DOCS / "llms.txt"
HEAD = """# Channels Binding

> Bind a Django model in three lines: a JSON API over WebSocket and HTTP, with lists that are live in every browser.

The quick start is in README.md, the wire in spec/protocol.md; [skill/SKILL.md](skill/SKILL.md) is for assistants. The pages
stand in `docs/` of the repository, and in `channels_binding/docs/` of the installed Python package.
"""
SECTIONS = {
    "tutorial": "Tutorial",
    "howto": "How-to",
    "reference": "Reference",
    "topics": "Topics",
    "decisions": "Optional",
}


def made() -> str:
    """The text as it should be."""
    parts = [HEAD]
    for folder, title in SECTIONS.items():
        pages = sorted(page for page in (DOCS / folder).glob("*.md") if page.name != "README.md")
        parts.append(f"\n## {title}\n\n" + "\n".join(_line(page) for page in pages) + "\n")
    return "".join(parts)


def _line(page: Path) -> str:
    text = page.read_text()
    title = next(line[2:] for line in text.splitlines() if line.startswith("# "))
    about = _first_sentence(text)
    return f"- [{title}]({page.relative_to(DOCS)})" + (f": {about}" if about else "")


def _first_sentence(text: str) -> str:
    """Of the first paragraph of words, without marks and links; empty where a page begins with something else."""
    paragraphs = [each.strip() for each in re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S).split("\n\n")]
    words = next((each for each in paragraphs if each and each[0] not in "#|-<"), "")
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(words.split())).replace("**", "").removeprefix("Context. ")
    return re.split(r"(?<=[.!?])\s|:$", plain)[0]


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if TARGET.read_text() == made() else "docs/llms.txt is not as the pages are: python -m tools.llms")
    TARGET.write_text(made())

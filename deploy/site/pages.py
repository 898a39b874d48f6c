"""Gathers the pages of the documentation site into a folder: those of docs/, and the reference, made from the code.

`python deploy/site/pages.py FOLDER`, in the project's own environment. Links that lead out of docs/ lead to a
copy of the page under `repository/`, or are left out where what they lead to is no page.
"""

from __future__ import annotations

import re
import shutil
import sys
from os.path import relpath
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(Path(__file__).parent))

import reference  # noqa: E402  beside this file

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
KEPT = {".png", ".svg", ".json", ".toml", ".ipynb"}


def main(folder: Path) -> None:
    """Write every page, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    waiting = [path for path in sorted(DOCS.rglob("*")) if path.is_file() and path.suffix in {".md", *KEPT}]
    done: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in done:
            continue
        done.add(path)
        target = folder / placed(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            text, more = linked(path.read_text("utf-8"), path)
            target.write_text(text, "utf-8")
            waiting += more
        else:
            shutil.copy(path, target)
    for name, text in reference.pages().items():
        (folder / "reference").mkdir(exist_ok=True)
        (folder / "reference" / name).write_text(text, "utf-8")


def placed(path: Path) -> Path:
    """Where a file of the repository stands among the pages; a README is an index; who has a French twin is English."""
    inside = path.is_relative_to(DOCS)
    found = path.relative_to(DOCS) if inside else Path("repository") / path.relative_to(ROOT)
    if found.name.startswith("README"):
        found = found.with_name(found.name.replace("README", "index"))
    has_twin = path.suffixes == [".md"] and path.with_suffix(".fr.md").is_file()
    return found.with_suffix(".en.md") if has_twin else found


def linked(text: str, source: Path) -> tuple[str, list[Path]]:
    """A page's text with links that hold among the pages, and the files outside docs/ that it needs for them."""
    needed: list[Path] = []

    def moved(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        file, hash_, anchor = target.partition("#")
        if not file or re.match(r"[a-z]+:", target) or file.startswith("/"):
            return match[0]
        path = (source.parent / file).resolve()
        if path.is_dir() and (path / "README.md").is_file():
            path /= "README.md"
        if not path.is_file() or path.suffix not in {".md", *KEPT} or not path.is_relative_to(ROOT):
            return words
        needed.append(path)
        there = Path(relpath(placed(path), placed(source).parent)).as_posix()
        return f"{mark}[{words}]({re.sub(r'[.](fr|en)[.]md$', '.md', there)}{hash_}{anchor})"

    parts = re.split(r"(^```.*?^```)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in parts), needed


if __name__ == "__main__":
    main(Path(sys.argv[1]))

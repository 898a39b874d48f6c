"""The commands that pages show, in their boxes."""

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"
BOX = re.compile(r"^```(sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = sorted([*DOCS.glob("tutorial.*.md"), *DOCS.glob("how-to/*.md")])


class Shown(NamedTuple):
    """A line of a box: its page, the box's kind (`sh` is run by a test, `console` read), the line."""

    page: str
    kind: str
    line: str


def commands(path: Path) -> list[Shown]:
    """Every line of `entsurge` that this page shows, without what is a remark."""
    text = path.read_text("utf-8").replace("\\\n", " ")
    lines = [(kind, line.removeprefix("$ ").strip()) for kind, box in BOX.findall(text) for line in box.splitlines()]
    page = str(path.relative_to(DOCS))
    return [Shown(page, kind, line.partition(" #")[0].strip()) for kind, line in lines if line.startswith("entsurge ")]

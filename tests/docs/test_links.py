"""Links between the pages, as a checkout has them: whoever reads on a forge or in an editor has no built site."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])
BOX = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
SCHEME = re.compile(r"[a-z]+:")


def dead(text: str, folder: Path) -> list[str]:
    """The relative links of a page in this folder that lead to nothing; boxes are not looked at."""
    links = [link for link in LINK.findall(BOX.sub("", text)) if not SCHEME.match(link)]
    return [link for link in links if not (folder / link).exists()]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_what_is_there(path: Path) -> None:
    """Every relative link of the page names a file or a folder of the checkout."""
    assert dead(path.read_text("utf-8"), path.parent) == []


def test_a_link_that_only_the_site_could_resolve_is_found() -> None:
    """A page that has twins has no file without a language in its name; other hosts and anchors are passed over."""
    text = "[a](tutorial.md) [b](tutorial.en.md#x) [c](#here) [d](https://example.org/x)\n```\n[e](none.md)\n```\n"
    assert dead(text, ROOT / "docs") == ["tutorial.md"]

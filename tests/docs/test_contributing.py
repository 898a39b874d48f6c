"""CONTRIBUTING's table of where things go, and the README: what they name is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = (
    "persona", "scenario", "profile", "driver", "sign-on method", "fault", "measure", "log format", "objective",
    "chart", "phrase for readers", "metric", "message between processes", "command",
)  # fmt: skip


def rows() -> dict[str, list[str]]:
    """The table's first part: file, test and page by the kind of change."""
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Where things go")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in table.strip().splitlines()[2:]]
    return {row[0].strip("| "): row[1:] for row in cells}


def test_each_kind_of_change_has_file_test_and_page() -> None:
    """All that the table names is there: of rooms' files without `src/entsurge/` too."""
    found = rows()
    assert [kind for kind in KINDS if len(found.get(kind, [])) != 3] == []
    for kind, cells in found.items():
        named = re.findall(
            r"`((?:src|tests|profiles|scenarios|chaos|reports|deploy|drivers|signon)/[^`]*)`", " ".join(cells)
        )
        named += re.findall(r"docs/[a-z-]+\.md", " ".join(cells))
        assert named, kind
        for name in named:
            assert (ROOT / name).exists() or (ROOT / "src" / "entsurge" / name).exists(), f"{kind}: {name}"


def test_the_readme_is_read_in_a_minute_in_both_languages() -> None:
    """Half of what it was; the same sections, pictures and commands in its French twin."""
    texts = [(ROOT / name).read_text("utf-8") for name in ("README.md", "README.fr.md")]
    assert max(len(text.split()) for text in texts) < 720
    assert len({len(re.findall("^## ", text, re.MULTILINE)) for text in texts}) == 1
    boxes = ["\n".join(re.findall("^```.*?^```", text, re.MULTILINE | re.DOTALL)) for text in texts]
    shown = [re.findall(r"^entsurge [^#\n]*[^#\s]", box, re.MULTILINE) for box in boxes]
    assert shown[0] == shown[1] != []

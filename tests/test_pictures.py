"""The pictures of docs/pictures: all there, small, each in its form; the documents show those that are there."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    """The script that draws."""
    spec = importlib.util.spec_from_file_location("draw_pictures", PICTURES / "draw.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["draw_pictures"] = module
    spec.loader.exec_module(module)
    return module


def test_every_page_is_there_in_every_form(drawing: ModuleType) -> None:
    """Four pages, two languages, four forms; three megabytes at most with whatever else is there."""
    names = {
        drawing.file_name(*each)
        for each in drawing.names(list(drawing.PAGES), list(drawing.LANGUAGES), [form.name for form in drawing.FORMS])
    }
    assert names <= {path.name for path in PICTURES.glob("*.png")}
    assert sum(path.stat().st_size for path in PICTURES.iterdir() if path.is_file()) < MOST_BYTES


def test_documents_show_pictures_that_are_there() -> None:
    """README and docs: every picture named is a file."""
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / name).is_file(), f"{document.name}: {name}"


@pytest.mark.slow
@pytest.mark.needs("chromium", "chromedriver")
def test_the_short_form_draws_a_page_in_every_form(drawing: ModuleType, tmp_path: Path) -> None:
    """The brief in French: as wide as its screen, no more colours than are kept, and not one colour alone."""
    command = [sys.executable, str(PICTURES / "draw.py"), "--short", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    assert "4 pictures" in done.stdout
    for form in drawing.FORMS:
        picture = Image.open(tmp_path / drawing.file_name("brief", "fr", form))
        assert form.sheet or picture.size == (form.width * form.pixels, form.height * form.pixels)
        assert 8 < len(picture.getcolors()) <= drawing.COLOURS
    light, dark = (Image.open(tmp_path / f"brief.fr.{name}.png").convert("L") for name in ("desktop", "dark"))
    assert light.getpixel((4, 700)) > 200
    assert dark.getpixel((4, 700)) < 60

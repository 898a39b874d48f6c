"""Draws the pictures of this folder: four pages in both languages, on a desk, on a phone, in dark and on paper.

`make pictures` draws them all from runs.zip (three runs of one Monday) and from what it makes in virtual time: eight
synthetic runs to compare, and a capacity search. It takes Chromium, its chromedriver, and two minutes.
"""

from __future__ import annotations

import argparse
import base64
import io
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import pypdfium2
from capacity_truth import Case, Virtual
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from synthetic_run import Shape, write

from entsurge import cli
from entsurge.audience import profile as profiles
from entsurge.commands import capacity

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
LANGUAGES = ("fr", "en")
RUNS = ("ordinary-week", "lockdown-2020", "lockdown-2020-measures")
LOCKDOWN = "lockdown-2020"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--hide-scrollbars",
)  # fmt: skip
COLOURS = 96
SHEET_INCHES = (8.27, 11.69)
SHEET_SCALE = 1.1


@dataclass(frozen=True)
class Form:
    """How a page is looked at; `sheet`: the first sheet of what is printed."""

    name: str
    width: int = 1280
    height: int = 720
    pixels: float = 1.0
    scheme: str = "light"
    sheet: bool = False


FORMS = (
    Form("desktop"),
    Form("dark", scheme="dark"),
    Form("phone", width=360, height=740, pixels=1.5),
    Form("print", sheet=True),
)


def report(folder: Path) -> None:
    """The three runs side by side, as `entsurge demo` ends."""
    called("report", *(str(folder / "runs" / name) for name in RUNS), "--out", str(folder), "--format", "html")


def brief(folder: Path) -> None:
    """The day that was lost, and its report for the link."""
    run = folder / "runs" / LOCKDOWN
    called("report", str(run), "--format", "html")
    called("brief", str(run), "--out", str(folder), "--format", "html")


def comparison(folder: Path) -> None:
    """Four builds that became slower, beside four that had not."""
    runs = [
        str(write(folder / f"build-{number}", Shape(60_000, 30, pages=1, edge=2, slower=1, seed=number, served=0.99)))
        for number in range(1, 5)
    ]
    slower = [
        str(write(folder / f"build-{number}", Shape(60_000, 30, pages=1, edge=2, slower=6, seed=number, served=0.99)))
        for number in range(5, 9)
    ]
    called("compare", *runs, "--candidate", *slower, "--other-plan", "--out", str(folder), "--format", "html")


def capacity_note(folder: Path) -> None:
    """A search of the lockdown's mix in virtual time, on sixteen workers of 0.36 s a page."""
    replay = profiles.load(LOCKDOWN).file.replay
    search = capacity.plan_search(
        LOCKDOWN, "http://127.0.0.1:8080", budget=120, hold=30, warm_up=None, start=0.5, highest=4, tolerance=0.07,
        chaos=(), source=(), processes=1, scale=str(replay.scale), compression=str(replay.compression), seed=None,
        driver=None, scrape=(), resource=(),
    )  # fmt: skip
    queue = {"workers": 16, "default_seconds": 0.36, "queue_limit": 80, "compression": float(replay.compression)}
    progress = Virtual(search, Case("workers", "p95 < 1600ms", queue), draw=1).run()
    capacity.conclude(search, progress, folder, what_if=True, nodes=4, schools=None)


PAGES = {"report": report, "brief": brief, "comparison": comparison, "capacity": capacity_note}


def called(*words: str) -> None:
    """Have a command of entsurge done. Exits where it fails; verdicts are no failure."""
    try:
        cli.main(list(words))
    except SystemExit as ended:
        if ended.code not in (0, None, 3, 4):
            raise


def names(pages: list[str], languages: list[str], forms: list[str]) -> Iterator[tuple[str, str, Form]]:
    """Page, language and form of every picture that is asked for."""
    for page in pages:
        for language in languages:
            yield from ((page, language, form) for form in FORMS if form.name in forms)


def file_name(page: str, language: str, form: Form) -> str:
    """`report.fr.phone.png`."""
    return f"{page}.{language}.{form.name}.png"


def browser(profile: Path) -> webdriver.Chrome:
    """Debian's Chromium, driven by its own chromedriver; nothing is fetched."""
    options = Options()
    options.binary_location = shutil.which("chromium") or sys.exit("chromium is not installed")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def seen(driver: webdriver.Chrome, page: Path, form: Form) -> Image.Image:
    """A page as it is looked at."""
    screen = {"width": form.width, "height": form.height, "deviceScaleFactor": form.pixels, "mobile": form.width < 640}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    scheme = {"features": [{"name": "prefers-color-scheme", "value": form.scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    driver.get(page.as_uri())
    if form.sheet:
        width, height = SHEET_INCHES
        paper = {"paperWidth": width, "paperHeight": height, "printBackground": False, "preferCSSPageSize": True}
        printed = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", paper)["data"])
        return pypdfium2.PdfDocument(printed)[0].render(scale=SHEET_SCALE).to_pil()
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
    return Image.open(io.BytesIO(base64.b64decode(shot)))


def keep(picture: Image.Image, path: Path) -> None:
    """Write a picture in few colours: a page has no more."""
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def draw(pages: list[str], languages: list[str], forms: list[str], out: Path) -> list[Path]:
    """Make the pages and draw them; where the pictures are."""
    out.mkdir(parents=True, exist_ok=True)
    drawn = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        shutil.unpack_archive(HERE / "runs.zip", folder / "runs")
        for page in pages:
            print(f"{page} …", file=sys.stderr)
            PAGES[page](folder)
        driver = browser(folder / "chromium")
        try:
            for page, language, form in names(pages, languages, forms):
                drawn.append(out / file_name(page, language, form))
                keep(seen(driver, folder / f"{page}.{language}.html", form), drawn[-1])
        finally:
            driver.quit()
    return drawn


def main() -> None:
    """Draw what is asked for, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the pictures (this one)")
    parser.add_argument("--page", action="append", choices=PAGES, help="only this page; repeatable")
    parser.add_argument("--lang", action="append", choices=LANGUAGES, help="only this language")
    parser.add_argument("--form", action="append", choices=[form.name for form in FORMS], help="only this form")
    parser.add_argument("--short", action="store_true", help="the brief in French alone")
    given = parser.parse_args()
    pages, languages = (["brief"], ["fr"]) if given.short else (given.page or list(PAGES), given.lang or [*LANGUAGES])
    drawn = draw(pages, languages, given.form or [form.name for form in FORMS], given.out)
    size = sum(path.stat().st_size for path in drawn)
    print(f"{len(drawn)} pictures, {size / 1000:.0f} kB: {given.out}")


if __name__ == "__main__":
    main()

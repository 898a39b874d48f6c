"""A page as PDF: printed by the Chromium of this machine, off the network, and under its name once it is whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from entsurge.errors import CannotRecord, UsageError

PRINTERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
NAMED_BY = "ENTSURGE_CHROMIUM"
SECONDS = 180.0
FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
)  # fmt: skip


def printer() -> str:
    """The program that prints pages. Raises UsageError where there is none, with what to install."""
    named = os.environ.get(NAMED_BY)
    for name in (named,) if named else PRINTERS:
        if found := shutil.which(name):
            return found
    raise UsageError(
        f"pdf: {named}: no such program" if named else "pdf: no Chromium here, which prints the pages",
        hint=f"install chromium (Debian: apt-get install chromium), or name a program of its kind in {NAMED_BY}; "
        "--format html needs none",
    )


def write_pdf(page: str, path: Path) -> None:
    """Print a page that needs nothing beside it.

    Raises UsageError where nothing can print or it prints nothing, CannotRecord where the file cannot be written.
    """
    program = printer()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with tempfile.TemporaryDirectory(prefix="entsurge-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        source, made = folder / "page.html", folder / "page.pdf"
        source.write_text(page, encoding="utf-8")
        said = _print(program, folder, source, made)
        if not made.is_file() or not made.stat().st_size:
            raise UsageError(f"pdf: {program} printed nothing: {said or 'no reason given'}",
                             hint=f"name another program with {NAMED_BY}, or print the HTML page by hand")  # fmt: skip
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, part)
            part.replace(path)
        except OSError as error:
            raise CannotRecord(f"{path}: {error.strerror or error}") from None
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _print(program: str, folder: Path, source: Path, made: Path) -> str:
    """Have the page printed; the last thing that the program said. It and its children are gone afterwards."""
    alone = [] if os.geteuid() else ["--no-sandbox"]  # Chromium's own sandbox refuses root
    command = [program, *FLAGS, *alone, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={made}"]
    process = subprocess.Popen(  # noqa: S603  a browser of this machine, on a page of ours
        [*command, source.as_uri()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        _, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        said = f"it took more than {SECONDS:.0f} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return said.strip().rpartition("\n")[2][:200]

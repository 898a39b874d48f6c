"""A finished run as one file: what analysis reads of it, named by when it began and what it is.

The same run gives the same name wherever it is pushed from, so that a second push of it adds nothing, and two pushes of
two runs write two files: nobody rewrites a list that both would need.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path

from entsurge.errors import CannotRecord, UsageError
from entsurge.record.layout import (
    CLEANED,
    CREATED,
    EVENTS,
    FAILURES,
    FINISH,
    GAUGES,
    KEYS,
    MANIFEST,
    RETRIES_FILE,
    SERIES_FILE,
    TARGET,
    VERDICT,
    VISITS_FILE,
    is_run,
)
from entsurge.said import said

KEPT = (
    MANIFEST, FINISH, KEYS, VERDICT, SERIES_FILE, VISITS_FILE, RETRIES_FILE, GAUGES, EVENTS, FAILURES, TARGET, CREATED,
    CLEANED,
)  # fmt: skip
ENDING = ".run.tar.gz"
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[A-Za-z0-9._-]{1,100}-[0-9a-f]{16}\.run\.tar\.gz")


def is_ours(name: str) -> bool:
    """Whether a file of this name is a packed run."""
    return NAME.fullmatch(name) is not None


def name_of(run: Path) -> str:
    """What a finished run is called once packed. Raises UsageError for what is none, or has not ended in order."""
    if not is_run(run):
        raise UsageError(said("{path}: no run directory", path=run), hint="name the folders of finished runs")
    if _end(run) != "completed":
        raise UsageError(
            said("{path}: did not run to its end, and is no baseline", path=run), hint="push runs that were completed"
        )
    whole = (run / MANIFEST).read_bytes() + (run / FINISH).read_bytes()
    try:
        manifest = json.loads((run / MANIFEST).read_bytes())
        began = re.sub(r"[^0-9]", "", str(manifest["started_utc"])[:19])
        profile = re.sub(r"[^A-Za-z0-9._-]", "-", str(manifest["profile"]))[:100] or "run"
    except (ValueError, KeyError, TypeError):
        raise UsageError(said("{path}: cannot be read", path=run / MANIFEST)) from None
    name = f"{began[:8]}T{began[8:14]}Z-{profile}-{hashlib.sha256(whole).hexdigest()[:16]}{ENDING}"
    if not is_ours(name):
        raise UsageError(said("{path}: cannot be read", path=run / MANIFEST))
    return name


def pack(run: Path) -> bytes:
    """The run's files as a tar, compressed; the same bytes from the same run."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in KEPT:
            path = run / name
            if path.is_file():
                content = path.read_bytes()
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def unpack(name: str, packed: bytes, folder: Path) -> Path:
    """Put a packed run into a folder, whole or not at all; where it is.

    Raises UsageError for what is damaged, CannotRecord where the folder cannot be written.
    """
    run = folder / name.removesuffix(ENDING)
    if is_run(run):
        return run
    files = _files(name, packed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        try:
            _place(files, name, part, run)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise CannotRecord(
            said("{path}: {why}", path=folder, why=error.strerror or error),
            hint="free some disk, or name another folder",
        ) from None
    return run


def _files(name: str, packed: bytes) -> dict[str, bytes]:
    """Plain files with the names that a run has; anything else in the archive is left there. Raises UsageError."""
    found = {}
    try:
        plain = gzip.decompress(packed)  # whole, so that its checksum is compared
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() and member.name in KEPT else None
                if content is not None:
                    found[member.name] = content.read()
    except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError) as error:
        raise UsageError(said("{name}: damaged: {error}", name=name, error=error)) from None
    return found


def _place(files: dict[str, bytes], name: str, part: Path, run: Path) -> None:
    """Write the files into a part that becomes the run; another pull may have been there first. Raises OSError."""
    for each, content in files.items():
        (part / each).write_bytes(content)
    if name_of(part) != name:
        raise UsageError(said("{name}: holds another run than its name says", name=name))
    part.chmod(0o755)
    try:
        part.rename(run)
    except OSError:
        if not is_run(run):
            raise


def _end(run: Path) -> str:
    try:
        return str(json.loads((run / FINISH).read_bytes()).get("end", ""))
    except (OSError, ValueError, AttributeError):
        return ""

"""Old runs of a folder, to be removed: known by their manifest, which goes last; never a link, never one under way.

Other programs write a manifest.json too: a run's has a format and a start, or lies beside a run's own files. A run that
holds what no run writes stays: somebody has put it there.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge.record.layout import FINISH, KEYS, MANIFEST, SERIES_FILE, VISITS_FILE
from entsurge.record.reading.documents import document, under_way

if TYPE_CHECKING:
    from collections.abc import Iterator

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)  # no run is older: such a date is damage
LATEST_SECONDS = 4e9  # of a file's time: any later is damage
STILL = timedelta(days=1)  # a run that has no end may be written from another machine
PARTS = frozenset({SERIES_FILE, VISITS_FILE, KEYS})
WRITTEN = frozenset(
    {".json", ".jsonl", ".arrows", ".html", ".md", ".xml", ".pid", ".log", ".toml", ".svg",
     ".parquet", ".csv", ".hlog", ""}
)  # fmt: skip
"""How the names of files end that runs, reports, briefs and exports write."""
NAMED = re.compile(r"(report|brief)\.[a-z]{2}\.(pdf|txt)")
"""Of these kinds only what reports and briefs are called: others are likely to be somebody's own."""
_DATES = ((FINISH, "ended_utc"), (MANIFEST, "started_utc"))


@dataclass(frozen=True)
class OldRun:
    """A run, the day it ended (where that cannot be read: began, else the time of its newest file), its size in bytes.

    `stays` says why it is not to be removed although it is old; empty for what may go.
    """

    path: Path
    ended: datetime
    size: int
    stays: str = ""


@dataclass
class Found:
    """What a folder holds: old runs, how many younger ones, and what was left alone, a sentence each."""

    old: list[OldRun] = field(default_factory=list)
    younger: int = 0
    left_alone: list[str] = field(default_factory=list)


def find(folder: Path, before: datetime, now: datetime) -> Found:
    """The runs anywhere in this folder that ended before an instant, the oldest first. Links are never followed."""
    found = Found()
    paths = set(_runs(folder, found))
    kept: list[Path] = []
    for path in sorted(paths, key=lambda each: -len(each.parts)):  # what stays keeps whatever it lies in
        newest, size = _contents(path, paths)
        ended = _ended(path, now) or newest
        stays = _why_it_stays(path, newest, now, kept) or _holds(_foreign(path, paths))
        if ended >= before:
            found.younger += 1
        else:
            found.old.append(OldRun(path, ended, size, stays))
        if ended >= before or stays:
            kept.append(path)
    found.old.sort(key=lambda each: (each.ended, each.path))
    return found


def remove(run: OldRun, folder: Path) -> None:
    """Remove a run that `find` found in this folder, its manifest last: a run that is half removed is found again.

    Raises OSError, for what is no longer what was found too.
    """
    inside = run.path.resolve().is_relative_to(folder.resolve())
    if not inside or run.path.is_symlink() or not _is_manifest(run.path) or under_way(run.path):
        raise OSError(f"{run.path}: is not what it was when it was listed")
    for each in list(run.path.iterdir()):
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        elif each.name != MANIFEST:
            each.unlink()
    (run.path / MANIFEST).unlink()
    run.path.rmdir()


def _runs(folder: Path, found: Found) -> Iterator[Path]:
    """Every run below the folder; links to runs, parts of runs and what cannot be read are told of."""

    def unreadable(error: OSError) -> None:
        found.left_alone.append(f"{error.filename}: {error.strerror}")

    for place, folders, files in os.walk(folder, onerror=unreadable):
        path = Path(place)
        linked = [path / name for name in folders if (path / name).is_symlink()]
        found.left_alone += [f"{each}: a link to a run" for each in linked if (each / MANIFEST).is_file()]
        if path != folder and _is_manifest(path):
            if _is_a_runs(path, files):
                yield path
            else:
                found.left_alone.append(f"{path}: its {MANIFEST} is not a run's")
        elif path != folder and {SERIES_FILE, VISITS_FILE} & set(files):
            found.left_alone.append(f"{path}: parts of a run, but no {MANIFEST}")


def _is_manifest(path: Path) -> bool:
    """Whether the manifest is there, as a file of the folder's own."""
    try:
        return stat.S_ISREG((path / MANIFEST).lstat().st_mode)
    except OSError:
        return False


def _is_a_runs(path: Path, files: list[str]) -> bool:
    """Whether the manifest is one of ours, or, where it is damaged, lies beside files that only runs have."""
    told = document(path / MANIFEST, dict, []) or {}
    ours = isinstance(told.get("format"), int) and {"started_utc", "phases"} & told.keys()
    return bool(ours) or bool(PARTS & set(files))


def _foreign(path: Path, runs: set[Path]) -> list[str]:
    """Files of a run that no run writes, by their path in it."""
    found = []
    for place, folders, files in os.walk(path):
        folders[:] = [name for name in folders if Path(place, name) not in runs]
        found += [str(Path(place, name).relative_to(path)) for name in files if not _is_written(name)]
    return sorted(found)


def _is_written(name: str) -> bool:
    return Path(name).suffix.lower() in WRITTEN or NAMED.fullmatch(name) is not None


def _contents(path: Path, runs: set[Path]) -> tuple[datetime, int]:
    """When the newest file of a run was written, and the bytes of all of them; runs that lie in it are none of it."""
    newest, size = 0.0, 0
    for place, folders, files in os.walk(path):
        folders[:] = [name for name in folders if Path(place, name) not in runs]
        for name in files:
            try:
                about = Path(place, name).lstat()
            except OSError:
                continue
            newest, size = max(newest, about.st_mtime), size + about.st_size
    return datetime.fromtimestamp(min(newest, LATEST_SECONDS), UTC), size


def _ended(path: Path, now: datetime) -> datetime | None:
    """When a run ended, else when it began, as its own files say; None where they say nothing that can be."""
    for name, key in _DATES:
        said: Any = (document(path / name, dict, []) or {}).get(key)
        try:
            moment = datetime.fromisoformat(said)
        except (TypeError, ValueError):
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if EARLIEST <= moment <= now + STILL:
            return moment
    return None


def _why_it_stays(path: Path, newest: datetime, now: datetime, kept: list[Path]) -> str:
    if under_way(path):
        return "is running"
    if not (path / FINISH).is_file() and newest > now - STILL:
        return "may be running elsewhere: it has no end, and a file of the last day"
    within = [each for each in kept if path in each.parents]
    return f"holds a run that stays, {within[0].name}" if within else ""


def _holds(foreign: list[str]) -> str:
    more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
    return f"holds {foreign[0]}{more}, which no run writes: take it out first" if foreign else ""

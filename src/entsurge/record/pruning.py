"""What lies in a folder of runs, to be kept or removed: runs, whole searches, what a removal that was cut short left.

Other programs write a manifest.json too: a run's has a format and a start, or lies beside a run's own files. A run that
holds what no run writes stays: somebody has put it there. Links are never followed, and what is under way stays.

What goes is first renamed into a folder of its own beside it, and then removed: however a removal ends, what it leaves
looks like no run, and the next one finds it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from entsurge.record.layout import FINISH, JOURNALS, KEYS, MANIFEST, SERIES_FILE, VERDICT, VISITS_FILE
from entsurge.record.reading.documents import document, under_way

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
REMOVING = re.compile(r"\.entsurge-removing-[0-9a-f]{16}")
"""A folder in which something lies that is on its way out."""
TRIES = 5  # to remove what is listed and cannot be found, while nothing gets less
DAY = re.compile(r"day-[0-9]{2,}")
"""What the runs of a profile of several days are called."""
CAMPAIGNS = frozenset({"search", "trial"})  # what the first line of their journals says


class Plan(NamedTuple):
    """What runs must have in common to be held against each other; empty texts where a manifest does not say."""

    profile: str = ""
    scale: str = ""
    compression: str = ""


UNTOLD = Plan()


class LeftBehindError(OSError):
    """What was to go has been moved aside, and could not be removed from there: it, or some of it, is in `leftover`."""

    def __init__(self, leftover: Path, why: OSError) -> None:
        super().__init__(why.errno, why.strerror or str(why), str(leftover))
        self.leftover = leftover


@dataclass(frozen=True)
class Stored:
    """A run, or a search with all of its runs: when it ended and its size in bytes.

    Where its end cannot be read, its begin counts, else the time of its newest file. `stays` says why it is not to be
    removed whatever a rule says; empty for what may go. `sound`: it ran to its end, and no verdict says INVALID.
    `judged`: it has a verdict. `started`: as its manifest says, else when it ended.
    """

    path: Path
    ended: datetime
    size: int
    stays: str = ""
    plan: Plan = UNTOLD
    sound: bool = False
    judged: bool = False
    started: datetime = EARLIEST
    search: bool = False


@dataclass
class Found:
    """What a folder holds, the oldest first: runs and searches, and what a removal that was cut short left, by size.

    `left_alone`: what is not ours to remove, a sentence each.
    """

    stored: list[Stored] = field(default_factory=list)
    leftovers: dict[Path, int] = field(default_factory=dict)
    left_alone: list[str] = field(default_factory=list)


def find(folder: Path, now: datetime) -> Found:
    """What lies in this folder, however deep. Links are never followed."""
    found = Found()
    searches, runs = _places(folder, found)
    places = {*searches, *runs}
    about = {path: _contents(path, places) for path in places}
    going_on = {path: why for path in runs if (why := _why_it_stays(path, about[path][1], now))}
    days = {path.parent for path in going_on if DAY.fullmatch(path.name)}
    for path, (size, newest) in about.items():
        stays = _why_a_search_stays(path, newest, now) if path in searches else going_on.get(path, "")
        if path.parent in days and DAY.fullmatch(path.name):
            stays = stays or "is one of several days that are being run"
        stays = stays or _holds(_foreign(path, places))
        if path in searches:
            found.stored.append(Stored(path, newest, size, stays, search=True))
        else:
            told = document(path / MANIFEST, dict, []) or {}
            plan = Plan(*(str(told.get(name, "")) for name in Plan._fields))
            started = _moment(path / MANIFEST, "started_utc", now)
            ended = _moment(path / FINISH, "ended_utc", now) or started or newest
            found.stored.append(Stored(path, ended, size, stays, plan, *_judged(path), started or ended))
    found.stored.sort(key=lambda each: (each.ended, each.path))
    return found


def campaign_of(folder: Path) -> Path | None:
    """The search, or the trial of measures, that this folder is or lies in; None of any other."""
    here = folder.resolve()
    return next((path for path in (here, *here.parents) if _is_campaign(path)), None)


def remove(stored: Stored, folder: Path) -> None:
    """Remove what `find` found in this folder, and the folders that are empty then.

    Raises OSError, for what is no longer what was found too; LeftBehindError where it is in its place no more.
    """
    path = stored.path
    inside = path.resolve().is_relative_to(folder.resolve())
    is_there = _is_campaign(path) if stored.search else _is_manifest(path)
    if not inside or path.is_symlink() or not is_there or _stays_now(stored):
        raise OSError(f"{path}: is not what it was when it was listed")
    aside = path.with_name(f".entsurge-removing-{secrets.token_hex(8)}")
    aside.mkdir()
    try:
        path.rename(aside / path.name)
    except OSError:
        aside.rmdir()
        raise
    try:
        clear(aside)
    except OSError as error:
        raise LeftBehindError(aside, error) from error
    with contextlib.suppress(OSError):  # one that is not empty stays
        for above in path.parents[: path.parents.index(folder)]:
            above.rmdir()


def clear(leftover: Path) -> None:
    """Remove what is on its way out already. Raises OSError."""
    left, tries = _entries(leftover), TRIES
    while leftover.exists():
        try:
            shutil.rmtree(leftover)
        except FileNotFoundError:  # another removal is at it, and was there first
            before, left = left, _entries(leftover)
            tries = TRIES if left < before else tries - 1
            if not tries and leftover.exists():
                raise


def _entries(folder: Path) -> int:
    """How many files and folders are in it, however deep."""
    return sum(len(folders) + len(files) for _, folders, files in os.walk(folder))


def _stays_now(stored: Stored) -> str:
    """Why this is not to go, where it has come to that since it was listed; runs within a run are under way too."""
    path, now = stored.path, datetime.now(UTC)
    _, newest = _contents(path, set())
    if _holds_one_under_way(path):
        return "is running"
    why = _why_a_search_stays if stored.search else _why_it_stays
    return why(path, newest, now) or _holds(_foreign(path, set()))


def _places(folder: Path, found: Found) -> tuple[set[Path], set[Path]]:
    """Searches, and runs that are no part of one; links to runs, parts of runs and what cannot be read are told of."""
    searches, runs = set[Path](), set[Path]()

    def unreadable(error: OSError) -> None:
        found.left_alone.append(f"{error.filename}: {error.strerror}")

    for place, folders, files in os.walk(folder, onerror=unreadable):
        path = Path(place)
        linked = [path / name for name in folders if (path / name).is_symlink()]
        found.left_alone += [f"{each}: a link to a run" for each in linked if (each / MANIFEST).is_file()]
        for name in [name for name in folders if REMOVING.fullmatch(name)]:
            folders.remove(name)
            if not (path / name).is_symlink():
                found.leftovers[path / name] = _contents(path / name, set())[0]
        if path == folder:
            continue
        if _is_manifest(path):
            if _is_a_runs(path, files):
                runs.add(path)
            else:
                found.left_alone.append(f"{path}: its {MANIFEST} is not a run's")
        elif _is_campaign(path):
            searches.add(path)
            folders.clear()
        elif {SERIES_FILE, VISITS_FILE} & set(files):
            found.left_alone.append(f"{path}: parts of a run, but no {MANIFEST}")
    return searches, runs


def _is_campaign(path: Path) -> bool:
    """Whether a search or a trial of measures was made in this folder: its runs mean nothing without each other."""
    for name in JOURNALS:
        try:
            with (path / name).open("rb") as journal:
                told = json.loads(journal.readline(1 << 20))
        except (OSError, ValueError, RecursionError):
            continue
        known = isinstance(told, dict) and str(told.get("kind")) in CAMPAIGNS
        if known and not (path / name).is_symlink():
            return True
    return False


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


def _contents(path: Path, apart: set[Path]) -> tuple[int, datetime]:
    """The bytes of all files, and when the newest was written; what of `apart` lies in it is none of it."""
    newest, size = 0.0, 0
    for place, folders, files in os.walk(path):
        folders[:] = [name for name in folders if Path(place, name) not in apart]
        for name in files:
            try:
                about = Path(place, name).lstat()
            except OSError:
                continue
            newest, size = max(newest, about.st_mtime), size + about.st_size
    return size, datetime.fromtimestamp(min(newest, LATEST_SECONDS), UTC)


def _moment(path: Path, key: str, now: datetime) -> datetime | None:
    """A date that a run's own file has; None where it says nothing that can be."""
    said: Any = (document(path, dict, []) or {}).get(key)
    try:
        moment = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if EARLIEST <= moment <= now + STILL else None


def _judged(path: Path) -> tuple[bool, bool]:
    """Whether a run is sound: it ran to its end, and its verdict is not INVALID; and whether it has a verdict."""
    end = (document(path / FINISH, dict, []) or {}).get("end")
    verdict = (document(path / VERDICT, dict, []) or {}).get("verdict")
    return end == "completed" and verdict != "INVALID", bool(verdict)


def _why_it_stays(path: Path, newest: datetime, now: datetime) -> str:
    if under_way(path):
        return "is running"
    if not (path / FINISH).is_file() and newest > now - STILL:
        return "may be running elsewhere: it has no end, and a file of the last day"
    return ""


def _why_a_search_stays(path: Path, newest: datetime, now: datetime) -> str:
    if _holds_one_under_way(path):
        return "is running"
    return "may go on: a search with a file of the last day" if newest > now - STILL else ""


def _holds_one_under_way(path: Path) -> bool:
    return any(under_way(manifest.parent) for manifest in path.rglob(MANIFEST))


def _holds(foreign: list[str]) -> str:
    more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
    return f"holds {foreign[0]}{more}, which no run writes: take it out first" if foreign else ""

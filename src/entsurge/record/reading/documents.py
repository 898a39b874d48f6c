"""The JSON files of a run directory, read: one that is damaged as far as it goes (shapes.py: what they hold)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from entsurge.errors import UsageError
from entsurge.record.layout import CLEANED, CREATED, FINISH, FORMAT, MANIFEST, PROCESS, REPORT, TARGET, is_run
from entsurge.record.reading.shapes import CreatedRow, Event, Failure, Finish, Gauge, Manifest, TargetReading, Whose
from entsurge.said import said

_Row = TypeVar("_Row")


_MANIFEST, _FINISH = TypeAdapter(Manifest), TypeAdapter(Finish)
GAUGE, EVENT, FAILURE = TypeAdapter(Gauge), TypeAdapter(Event), TypeAdapter(Failure)
_WHOSE = TypeAdapter(Whose)
_READING, _CREATED = TypeAdapter(TargetReading), TypeAdapter(CreatedRow)


def read_manifest(path: Path) -> Manifest:
    """What a run was to be, without reading what came of it. Raises UsageError with every fault in one sentence."""
    file = path / MANIFEST
    if not is_run(path):
        raise UsageError(
            said("{path}: no run directory", path=path), hint=said("a run directory holds a {name}", name=MANIFEST)
        )
    try:
        found = _parsed(file)
    except (ValueError, OSError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        known = found.get("format") if isinstance(found, dict) else None
        newer = isinstance(known, int) and known > FORMAT
        raise UsageError(
            f"{path}: run directory of format {known!r}; this version reads format {FORMAT}",
            hint="it was written by a newer entsurge: use that one, or a newer one" if newer else "",
        )
    try:
        manifest = _MANIFEST.validate_python(found)
    except ValidationError as error:
        raise UsageError(f"{file}: {'; '.join(_faults(error))}") from None
    if any(phase["end_s"] < phase["start_s"] for phase in manifest["phases"]):
        raise UsageError(f"{file}: phases: one ends before it begins")
    if all(phase["name"] in ("warm-up", "drain") for phase in manifest["phases"]):
        raise UsageError(f"{file}: phases: no window between warm-up and drain")
    return manifest


def read_whose(path: Path) -> Whose:
    """Whose pages a run wrote. Raises UsageError."""
    if not is_run(path):
        raise UsageError(
            said("{path}: no run directory", path=path), hint=said("a run directory holds a {name}", name=MANIFEST)
        )
    try:
        return _WHOSE.validate_python(_parsed(path / MANIFEST))
    except (ValueError, OSError):
        raise UsageError(f"{path / MANIFEST}: cannot be read, or names no target") from None


def under_way(path: Path) -> bool:
    """Whether the process that writes this run is there, on this machine."""
    return engine_of(path) is not None


def engine_of(path: Path) -> int | None:
    """The number of the process that writes this run, on this machine; None where there is none any more."""
    number = document(path / PROCESS, int, [])
    if number is None or (path / FINISH).is_file():
        return None
    process = Path("/proc") / str(number)
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        told = next(json.loads(word) for word in words if word.startswith(b"{"))
        ours = b"entsurge.engine" in words and (process / "cwd" / told["out"]).resolve() == path.resolve()
    except (OSError, ValueError, StopIteration, KeyError, TypeError):
        return None
    return int(number) if ours else None


def read_report(path: Path, language: str) -> bytes | None:
    """The report that was written beside a run, as a page; None where there is none."""
    try:
        return (path / REPORT.format(language=language)).read_bytes()
    except OSError:
        return None


def read_finish(path: Path, notes: list[str]) -> Finish | None:
    """How the run ended, None of a run that has not written it; what of it means nothing is left out and noted."""
    found = document(path / FINISH, dict, notes)
    if found is None:
        if not (path / FINISH).is_file():
            going = under_way(path)
            notes.append(f"{FINISH} is missing: {'the run is in progress' if going else 'the run was broken off'}")
        return None
    try:
        return _FINISH.validate_python(found)
    except ValidationError as error:
        damaged = sorted({str(each["loc"][0]) for each in error.errors()})
        notes.append(f"{FINISH}: {', '.join(damaged)}: cannot be read and left out")
        return _FINISH.validate_python({name: value for name, value in found.items() if name not in damaged})


def read_target(path: Path, notes: list[str]) -> list[TargetReading]:
    """What the target's own metrics were while the run lasted."""
    return lines(path / TARGET, _READING, notes)


def read_created(path: Path) -> list[CreatedRow]:
    """What the run wrote on the target, as far as it can be read."""
    return lines(path / CREATED, _CREATED, [])


def read_cleaned(path: Path) -> set[str]:
    """The URLs of what has been removed again."""
    return {each for each in document(path / CLEANED, list, []) or () if isinstance(each, str)}


def document(path: Path, kind: type, notes: list[str]) -> Any:
    """A whole JSON file of a list or dict; None, and a note, of one that cannot be read; None of one that is absent."""
    if not path.is_file():
        return None
    try:
        found = _parsed(path)
    except (ValueError, OSError) as error:
        notes.append(f"{path.name}: cannot be read: {error}")
        return None
    if not isinstance(found, kind):
        notes.append(f"{path.name}: holds no {kind.__name__} and was skipped")
        return None
    return found


def lines(path: Path, row: TypeAdapter[_Row], notes: list[str]) -> list[_Row]:
    """The lines of a `.jsonl` file that mean something; how many do not is noted."""
    if not path.is_file():
        return []
    rows, broken = [], []
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(row.validate_python(json.loads(line)))
        except (ValueError, RecursionError):
            broken.append(number)
    if len(broken) == 1:
        notes.append(f"{path.name}: line {broken[0]} is truncated and was skipped")
    elif broken:
        notes.append(f"{path.name}: {len(broken)} lines cannot be read and were skipped, the first is line {broken[0]}")
    return rows


def _parsed(path: Path) -> Any:
    """Raises ValueError and OSError."""
    try:
        return json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _faults(error: ValidationError) -> list[str]:
    """What is missing, and the first few of what is not as it should be: `scale: Input should be a valid string`."""
    faults = [(".".join(map(str, each["loc"])), each) for each in error.errors()]
    missing = [name for name, each in faults if each["type"] == "missing"]
    wrong = [f"{name}: {each['msg']}" for name, each in faults if each["type"] != "missing"]
    said = [f"{', '.join(missing)}: missing"] if missing else []
    return said + wrong[:3] + ([f"and {len(wrong) - 3} more"] if len(wrong) > 3 else [])

"""What is in force, on disk before it is applied; and the audit: append-only, chained, one line an event."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import hashlib
import json
import os
import socket
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge.chaos.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE, TARGET, PROJECT = "ENTSURGE_STATE", "ENTSURGE_TARGET", "ENTSURGE_PROJECT"
FIRST = "0" * 64


def folder() -> Path:
    """Where it is kept: $ENTSURGE_STATE, else entsurge/ in the user's state folder; made readable to its owner only."""
    given = os.environ.get(STATE)
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = Path(given) if given else base / "entsurge"
    (path / "in-force").mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def project() -> str:
    """Whose a run is: $ENTSURGE_PROJECT, else the checkout around the working folder, else that folder."""
    given = os.environ.get(PROJECT)
    if given:
        return given
    here = Path.cwd()
    return str(next((each for each in (here, *here.parents) if (each / ".git").exists()), here))


@dataclass(frozen=True)
class Record:
    """One perturbation in force: what it is, what puts it back, which processes hold it.

    `target` and `project` say where it is and whose; empty where nobody has said.
    """

    experiment: str
    kind: str
    settings: dict[str, Any]
    lease: str
    lease_seconds: float
    before: dict[str, Any]
    holder: Process
    controller: Process | None
    run: str
    target: str = field(default_factory=lambda: os.environ.get(TARGET, ""))
    project: str = field(default_factory=project)
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    @property
    def path(self) -> Path:
        """Its file."""
        return folder() / "in-force" / f"{self.id}.json"

    def write(self) -> None:
        """Put it on disk; returns when the disk has it."""
        fresh = self.path.with_suffix(".new")
        with open(fresh, "w", encoding="utf-8", opener=_private) as stream:
            json.dump(asdict(self), stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self.path)
        _sync(self.path.parent)

    @contextlib.contextmanager
    def ending(self) -> Iterator[bool]:
        """Whoever ends it holds this; false when somebody else has ended it. Its file goes when the block succeeds."""
        try:
            stream = self.path.open("r+", encoding="utf-8")
        except FileNotFoundError:
            yield False
            return
        with stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            there = self.path.exists()
            yield there
            if there:
                self.path.unlink(missing_ok=True)
                _sync(self.path.parent)


def in_force() -> list[Record]:
    """Every perturbation that is in force or that somebody left."""
    found = []
    for path in sorted((folder() / "in-force").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            found.append(_record(json.loads(path.read_text(encoding="utf-8"))))
    return found


def _record(of: dict[str, Any]) -> Record:
    controller = Process(**of["controller"]) if of["controller"] else None
    return Record(**{"target": "", "project": "", **of, "holder": Process(**of["holder"]), "controller": controller})


def audit(record: Record, state: str, how: str = "", **more: Any) -> None:
    """Append one line to audit.jsonl: who did what, when, and how it ended; it names the line before by digest."""
    path, controller = folder() / "audit.jsonl", record.controller
    with open(path, "a+", encoding="utf-8", opener=_private) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        row = {
            "when_utc": datetime.now(UTC).isoformat(timespec="milliseconds"), "who": getpass.getuser(),
            "machine": socket.gethostname(), "pid": os.getpid(), "run": record.run, "id": record.id,
            "experiment": record.experiment, "fault": record.kind, "settings": record.settings, "state": state,
            "how": how, "controller": controller and [controller.pid, controller.started],
            "target": record.target, "project": record.project, **more,
            "before_sha256": _last_digest(path),
        }  # fmt: skip
        stream.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def audited() -> tuple[list[dict[str, Any]], list[int]]:
    """The audit's lines, and the numbers of those whose predecessor is not the line before: touched or cut."""
    path = folder() / "audit.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    rows, broken, before = [], [], FIRST
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = {}
        if row.get("before_sha256") != before:
            broken.append(number)
        rows.append(row)
        before = hashlib.sha256(line).hexdigest()
    return rows, broken


def _last_digest(path: Path) -> str:
    lines = path.read_bytes().splitlines()
    return hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

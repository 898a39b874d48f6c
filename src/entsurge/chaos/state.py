"""What is in force, on disk before it is applied; and the audit: append-only, chained, one line an event."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import socket
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge.chaos.process import Process
from entsurge.chaos.seal import FIRST, Seal, digest, private

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STATE, TARGET, PROJECT = "ENTSURGE_STATE", "ENTSURGE_TARGET", "ENTSURGE_PROJECT"


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
        with open(fresh, "w", encoding="utf-8", opener=private) as stream:
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
    """Append one line to audit.jsonl: who did what, when, and how it ended.

    It names the line before by digest, and is numbered; how many there are is sealed beside them.
    """
    path, controller = folder() / "audit.jsonl", record.controller
    with open(path, "a+", encoding="utf-8", opener=private) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        whole = path.read_bytes()
        before = _before(whole.splitlines(), Seal.read(path))
        row = {
            "line": before.lines + 1,
            "when_utc": datetime.now(UTC).isoformat(timespec="milliseconds"), "who": getpass.getuser(),
            "machine": socket.gethostname(), "pid": os.getpid(), "run": record.run, "id": record.id,
            "experiment": record.experiment, "fault": record.kind, "settings": record.settings, "state": state,
            "how": how, "controller": controller and [controller.pid, controller.started],
            "target": record.target, "project": record.project, **more,
            "before_sha256": before.sha256,
        }  # fmt: skip
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        stream.write(("" if whole.endswith(b"\n") or not whole else "\n") + line + "\n")
        stream.flush()
        os.fsync(stream.fileno())
        Seal(before.lines + 1, digest(line.encode())).write(path)


def _before(lines: Sequence[bytes], sealed: Seal | None) -> Seal:
    """What the next line follows: the lines as they are, or, where these were touched, as they were sealed."""
    if sealed is None or sealed.holds(lines):
        return Seal.of(lines)
    return Seal(max(sealed.lines, len(lines)), sealed.sha256)


def audited() -> tuple[list[dict[str, Any]], list[str]]:
    """The audit's lines, and what shows that it was touched or cut, one sentence each; none of an audit as written."""
    path = folder() / "audit.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    rows, wrong, before = [], [], FIRST
    for number, line in enumerate(lines, 1):
        row = _row(line)
        if row.get("before_sha256") != before:
            wrong.append(f"line {number} does not follow the line before it: the audit was touched or cut")
        rows.append(row)
        before = digest(line)
    return rows, wrong + _by_the_seal(lines, rows, Seal.read(path))


def _row(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _by_the_seal(lines: Sequence[bytes], rows: Sequence[dict[str, Any]], sealed: Seal | None) -> list[str]:
    """What the seal says is wrong. An audit of before there were seals has no numbered lines, and none."""
    if sealed is None:
        return (
            ["its seal is missing: lines may have been cut off its end"] if any("line" in row for row in rows) else []
        )
    if sealed.holds(lines):
        return []
    if len(lines) < sealed.lines:
        return [f"{sealed.lines - len(lines)} of {sealed.lines} lines are missing"]
    return [f"line {sealed.lines} is not the one that was sealed"]


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

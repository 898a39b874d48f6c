"""Readers of what entsurge itself has written, and others may have damaged: run directories, journals, findings."""

from __future__ import annotations

import json
import shutil
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge.errors import EntsurgeError
from fuzzing.reader import REPOSITORY, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuzzing.reader import Read

RUNS = REPOSITORY / "tests" / "golden" / "runs.zip"
RUN = "surge"
REFUSED = (EntsurgeError,)
STEP: dict[str, Any] = {
    "kind": "step",
    "number": 1,
    "rate": 0.2,
    "path": "steps/01-raise-0.200",
    "state": "known",
    "end": 0,
}
TRIED: dict[str, Any] = {
    "kind": "run",
    "number": 1,
    "stage": "alone",
    "block": 1,
    "arm": ["a"],
    "path": "runs/001-a",
    "state": "known",
    "at_rest": True,
}


def extracted(folder: Path) -> Path:
    """The golden runs in a folder; one of them."""
    with zipfile.ZipFile(RUNS) as archive:
        archive.extractall(folder)
    return folder / RUN


def files() -> Iterator[bytes]:
    """Each file of a run, and those that were damaged before: its name in the first line."""
    with zipfile.ZipFile(RUNS) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(f"{RUN}/") and not name.endswith("/"):
                yield name.removeprefix(f"{RUN}/").encode() + b"\n" + archive.read(name)
    for path in sorted((REPOSITORY / "tests/record/cases").iterdir()):
        yield path.name.rpartition("-")[2].encode() + b"\n" + path.read_bytes()


def reported(folder: Path) -> Read:
    """A run's report, with one of its files exchanged."""
    from entsurge.analysis import report

    run = extracted(folder)

    def read(data: bytes) -> None:
        name, _, content = data.partition(b"\n")
        path = run / name.decode()
        whole = path.read_bytes() if path.exists() else None
        path.write_bytes(content)
        try:
            report([run])
        finally:
            if whole is None:
                path.unlink()
            else:
                path.write_bytes(whole)

    return read


def _lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def searches() -> Iterator[bytes]:
    """A search of one step: the header is the reader's own."""
    yield _lines({**STEP, "state": "begun"}, STEP, {**STEP, "kind": "back", "number": 2})
    yield _lines(STEP, {**STEP, "number": 2, "path": "steps/02-longer-0.200"})


def trials() -> Iterator[bytes]:
    """A trial of one run."""
    yield _lines({"kind": "rest", "seconds": 0.1}, {**TRIED, "state": "begun"}, TRIED)


def searched(folder: Path) -> Read:
    """A search taken up again."""
    from entsurge.commands import searching
    from entsurge.findings.search import Search, Settings

    run = extracted(folder)
    for name in ("01-raise-0.200", "02-longer-0.200"):
        shutil.copytree(run, folder / "steps" / name)
    search = Search(
        profile="lockdown-2020",
        url="http://127.0.0.1:9",
        scale="1/172",
        compression="45",
        hold_seconds=10,
        warm_up_seconds=2,
        drain_seconds=3,
        budget_seconds=60,
        settings=Settings(),
    )
    searching.read_step = cache(searching.read_step)  # what runs hold is another reader's
    return _taken_up(
        folder / searching.JOURNAL, lambda: searching.Searching(search, folder, say=lambda _: None).begin()
    )


def measured(folder: Path) -> Read:
    """A trial of measures taken up again."""
    from entsurge.analysis.measures.served import read_outcome
    from entsurge.commands.measuring import JOURNAL, Measuring, Trial

    shutil.copytree(extracted(folder), folder / "runs" / "001-a")
    trial = Trial(
        profile="p",
        url="http://127.0.0.1:9",
        name="t",
        measures=("a", "b"),
        files=("a", "b"),
        pairs=None,
        blocks=6,
        seed=3,
    )
    nothing: Any = None
    read = cache(read_outcome)
    return _taken_up(
        folder / JOURNAL,
        lambda: Measuring(trial, folder, run=nothing, rest=nothing, say=lambda _: None, read=read).begin(["digest"]),
    )


def _taken_up(journal: Path, begin: Callable[[], object]) -> Read:
    begin()  # writes the header
    header = journal.read_bytes()

    def read(data: bytes) -> object:
        journal.write_bytes(data if data.startswith(b"?") else header + data)
        return begin()

    return read


def found(data: bytes) -> None:
    """A report sent from one process to another."""
    from entsurge.findings.report import Report
    from entsurge.findings.serial import as_line, from_line

    kept = from_line(Report, data)
    as_line(kept)


def messages(data: bytes) -> None:
    """What a worker may send: any message of the protocol."""
    from entsurge.engine import messages as known

    try:
        name, body = next(iter(json.loads(data).items()))
    except (ValueError, AttributeError, StopIteration, RecursionError):
        return
    kind = getattr(known, name, None)
    if isinstance(kind, type) and issubclass(kind, known.Message) and kind is not known.Message:
        known.from_wire(kind, body)


def _misshapen() -> tuple[type[Exception], ...]:
    from entsurge.engine.messages import Misshapen

    return (Misshapen,)


def vocabulary() -> Iterator[bytes]:
    """Each message, its fields by their names: most are refused for one of them."""
    import dataclasses

    from entsurge.engine import messages as known

    for kind in known.Message.__subclasses__():
        blank = {each.name: _blank(str(each.type)) for each in dataclasses.fields(kind)}
        yield json.dumps({kind.__name__: blank}).encode()


def _blank(kind: str) -> object:
    if kind.startswith(("list", "tuple", "Sequence")):
        return []
    if kind.startswith(("dict", "Mapping")):
        return {}
    return {"int": 1, "float": 1.0, "bool": True}.get(kind, "a")


def reports() -> Iterator[bytes]:
    """The report of the golden runs, as one process sends it to another."""
    import tempfile

    from entsurge.analysis import report
    from entsurge.findings.serial import as_line

    with tempfile.TemporaryDirectory(prefix="entsurge-fuzz-") as folder:
        yield as_line(report([extracted(Path(folder))]))


OPENINGS = (b"[", b'{"a":', b'"', b"1", b"\n", b"{}\n", b"\x00", b"\xff\xff\xff\xff", b"null\n")
RECORDS = (
    Reader("run directories", 250, "file", files, reported, REFUSED, OPENINGS),
    Reader("searches", 1000, "lines", searches, searched, REFUSED, OPENINGS),
    Reader("trials of measures", 1000, "lines", trials, measured, REFUSED, OPENINGS),
    Reader("findings", 500, "json", reports, lambda _: found, (ValueError,), OPENINGS),
    Reader("messages of workers", 4000, "json", vocabulary, lambda _: messages, _misshapen(), OPENINGS),
)

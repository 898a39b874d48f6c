"""Every fault and every way to end: how long until the target is itself again, and that nothing is left."""

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from chaos_cases import CASES
from chaos_endings import ALLOWED_SECONDS, ENDINGS, measure
from chaos_parts import Lacking
from chaos_subject import LEASE_SECONDS

from entsurge.chaos.faults import register_all
from entsurge.chaos.faults.fault import REGISTRY

TABLE = Path(__file__).parents[2] / "docs" / "chaos-endings.md"
HEAD = f"""# How every fault ends

Seconds from the ending until the target is itself again and nothing is left of the fault (rules, sessions, processes,
files), measured by `tests/chaos/test_endings.py` against real parts, with leases of {LEASE_SECONDS:g} s.
At most the lease plus 2 s is allowed ({ALLOWED_SECONDS:g} s). When all three are killed, a fault whose lease is kept by
the guardian stays until `entsurge chaos recover` (as every later `entsurge run` of its project does): its seconds are
then those of `recover`. Written anew by `ENTSURGE_WRITE_ENDINGS=1`; otherwise the tests take two endings of every
fault, in turn, that of all three killed among them.

An ending is one only when its undo has been done: where it cannot be, on any of these ways, the run says `undo failed`
or `left to its lease`; after the first the record stays with its undo and the reason, and the verdict is INVALID
([writing-experiments.md](writing-experiments.md), "When an undo fails"; `tests/chaos/test_undo_fails.py` for each way,
`tests/chaos/test_undo_of_each.py` for each fault).
"""
FULL, WRITE = int(os.environ.get("ENTSURGE_FULL") or 0), bool(os.environ.get("ENTSURGE_WRITE_ENDINGS"))
HARDEST = "SIGKILL all three"


def row(fault: str, endings: Sequence[str] = tuple(ENDINGS)) -> tuple[str, list[str], list[str]]:
    """One fault's line of the table, and what went wrong."""
    cells, wrong = [], []
    with tempfile.TemporaryDirectory(prefix="entsurge-chaos-") as name:
        folder = Path(name)
        try:
            with CASES[fault](folder, fault) as case:
                for number, ending in enumerate(endings):
                    try:
                        cells.append(f"{measure(case, ending, folder / str(number)):.1f}")
                    except AssertionError as error:
                        cells.append("**failed**")
                        wrong.append(f"{fault} / {ending}: {error}")
                return fault, [case.lease, *cells], wrong
        except Lacking as lacking:
            return fault, [REGISTRY[fault].lease, f"skipped: {lacking}"], []


def in_turn() -> dict[str, tuple[str, ...]]:
    """By fault, the endings that are tried: one in turn and the hardest, or all."""
    others = [each for each in ENDINGS if each != HARDEST]
    return {
        fault: tuple(ENDINGS) if WRITE or FULL > 1 else (others[number % len(others)], HARDEST)
        for number, fault in enumerate(CASES)
    }


def table(rows: list[tuple[str, list[str], list[str]]]) -> str:
    """The table as Markdown."""
    heads = ["fault", "lease", *ENDINGS]
    lines = [HEAD, f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for fault, cells, _ in rows:
        padded = cells + [""] * (len(heads) - 1 - len(cells))
        lines.append(f"| {fault} | {' | '.join(padded)} |")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("fault", "endings"),
    [
        ("command", ("normal end", "SIGTERM", "SIGKILL controller", "SIGKILL all three")),
        ("disk-full", ("SIGKILL all three",)),
        ("rollbacks", ("SIGKILL child", "SIGKILL guardian + controller")),
    ],
)
def test_it_ends_whoever_dies(fault: str, endings: tuple[str, ...]) -> None:
    """A guarded fault, one that the kernel ends, and one of anybody's providers."""
    if FULL:
        pytest.skip("the whole table is made")
    _, cells, wrong = row(fault, endings)
    if cells[-1].startswith("skipped"):
        pytest.skip(cells[-1])
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.needs("haproxy", "nft", "ip", "nginx", "openssl")
@pytest.mark.timeout(900)
def test_every_fault_ends_whoever_dies() -> None:
    """At most the lease plus two seconds each, and nothing left; ENTSURGE_FULL=2: every cell of the table."""
    register_all()
    tried = in_turn()
    assert {ending for endings in tried.values() for ending in endings} == set(ENDINGS)
    with ThreadPoolExecutor(2) as crew:
        rows = list(crew.map(row, tried, tried.values()))
    if WRITE:
        TABLE.write_text(table(rows), encoding="utf-8")
    wrong = [each for _, _, of in rows for each in of]
    assert not wrong, "\n".join(wrong)
    assert {fault for fault, *_ in rows} == set(REGISTRY) - {"namespace"}

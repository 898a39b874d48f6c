"""What a run says of its target, apart from whether this machine kept pace: a busy machine is nobody's fault."""

from pathlib import Path

from tests.typography import in_words

from entsurge.analysis import read_run
from entsurge.analysis.validity import broken
from entsurge.analysis.verdict import judge
from entsurge.errors import EXIT_CODES

PACE = frozenset({"cpu", "loop"})


def reasons(path: Path) -> list[str]:
    """Why this run's verdict is not PASS, in English; those that only this machine's haste gave are left out."""
    found = judge(read_run(path))
    haste = {in_words(light.said) for light in broken(found.lights) if light.name in PACE}
    return [in_words(reason) for reason in found.reasons if in_words(reason) not in haste]


def agrees(path: Path, code: int) -> bool:
    """Whether an exit code says what the run's figures say: 0 or 3, or 4 when this machine did not keep pace."""
    return code == EXIT_CODES[judge(read_run(path)).verdict]

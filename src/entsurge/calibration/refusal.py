"""What is said of a log that cannot be read, with what would help."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from entsurge.calibration.formats import KNOWN
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from entsurge.calibration.counts import Counts

MOST_UNKNOWN = 0.5
HINTS = {
    "binary": "a log is text in UTF-8 or UTF-16, plain or gzip",
    "json": "name the keys under [json_fields] in a file of rules: entsurge calibrate --rules ./ours-rules.toml",
    "format": f"known are {KNOWN}; keep the access log's lines alone, or let the server write combined lines",
}


def refuse_unknown(counts: Counts, file: Path) -> None:
    """Refuse a file most of whose lines so far are in no known format. Raises UsageError with the first of them."""
    name = str(file)
    unknown = {reason: counts.unparsed[name, reason] for reason in HINTS}
    lines = counts.of_file[name]
    if sum(unknown.values()) <= MOST_UNKNOWN * lines:
        return
    reason = max(unknown, key=unknown.__getitem__)
    example = counts.examples[name, reason]
    raise UsageError(
        f"{file}: line {example.number} is in no format that is known: {example.beginning}\n"
        f"{sum(unknown.values()):,} of {lines:,} lines are like it" + (_keys(example.line) if reason == "json" else ""),
        hint=HINTS[reason],
    )


def _keys(line: str) -> str:
    """The keys of a JSON line, to be named in the rules."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return f"; its keys are {', '.join(list(found)[:30])}" if isinstance(found, dict) else ""

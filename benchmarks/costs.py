"""Keeps what `entsurge plan --target` reckons with: costs.json beside the tables that it was measured in."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import machine
import options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

NAME = "costs.json"


def update(
    given: argparse.Namespace, protocols: Mapping[str, Mapping[str, float]], *, dated: bool = False, **whole: float
) -> None:
    """Write these figures of each protocol, and those of the whole; the others stay.

    `dated`: what they are told by, processor time, has been measured anew for all protocols: day and machine are now's.
    A short run without `--results` writes nothing.
    """
    folder = options.folder_of(given)
    if folder is None:
        return
    path = folder / NAME
    kept: dict[str, Any] = json.loads((path if path.exists() else options.RESULTS / NAME).read_text(encoding="utf-8"))
    kept |= whole
    if dated:
        kept |= {"date": datetime.now(UTC).date().isoformat(), "machine": machine.processor()}
    for protocol, figures in protocols.items():
        kept["protocols"][protocol] = {**kept["protocols"].get(protocol, {}), **figures}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path}", file=sys.stderr)

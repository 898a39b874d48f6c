"""The places that an edge keeps for faults: one control port, one resource each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

PERSONA_HEADER, COHORT_HEADER = "x-entsurge-persona", "x-entsurge-cohort"
LISTENER = "entsurge"


@dataclass(frozen=True)
class Slot:
    """Which port after the first, which resource, and whether that is a filter or a runtime layer."""

    offset: int
    resource: str
    is_filter: bool


SLOTS = {
    "delay": Slot(0, "entsurge-delay", is_filter=True),
    "abort": Slot(1, "entsurge-abort", is_filter=True),
    "connections": Slot(2, "entsurge-connections", is_filter=False),
}


def matched(routes: list[str], personas: list[str]) -> list[dict[str, Any]]:
    """Envoy's header matchers: paths that begin so, of these personas, and never of the control cohort."""
    found: list[dict[str, Any]] = [
        {
            "name": COHORT_HEADER,
            "string_match": {"exact": "control"},
            "invert_match": True,
            "treat_missing_header_as_empty": True,
        }
    ]
    if routes:
        found.append({"name": ":path", "string_match": _any_of(routes, whole=False)})
    if personas:
        found.append({"name": PERSONA_HEADER, "string_match": _any_of(personas, whole=True)})
    return found


def _any_of(words: list[str], *, whole: bool) -> dict[str, Any]:
    pattern = "|".join(re.escape(word).replace(r"\*", "[^/]*") for word in words)
    return {"safe_regex": {"regex": f"({pattern})" + ("" if whole else ".*")}}

"""The places that an edge keeps for faults: one control port, one resource each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

PERSONA_HEADER, COHORT_HEADER = "x-entsurge-persona", "x-entsurge-cohort"
LISTENER = "entsurge"
ADMIN = 3  # the admin port comes so many after the first control port


@dataclass(frozen=True)
class Slot:
    """Which port after the first, which resource, and whether that is a filter or a runtime layer.

    `counter` is Envoy's own count of what a fault in this place has touched.
    """

    offset: int
    resource: str
    is_filter: bool
    counter: str


SLOTS = {
    "delay": Slot(0, "entsurge-delay", is_filter=True, counter=f"http.{LISTENER}.fault.delays_injected"),
    "abort": Slot(1, "entsurge-abort", is_filter=True, counter=f"http.{LISTENER}.fault.aborts_injected"),
    "connections": Slot(
        2, "entsurge-connections", is_filter=False, counter=f"listener.{LISTENER}.downstream_cx_overflow"
    ),
}


def matched(routes: list[str], personas: list[str], hosts: list[str]) -> list[dict[str, Any]]:
    """Envoy's header matchers: paths that begin so, at these hosts, of these personas; never of the control cohort."""
    found: list[dict[str, Any]] = [
        {
            "name": COHORT_HEADER,
            "string_match": {"exact": "control"},
            "invert_match": True,
            "treat_missing_header_as_empty": True,
        }
    ]
    if routes:
        found.append({"name": ":path", "string_match": _any_of(routes, after=".*")})
    if hosts:
        found.append({"name": ":authority", "string_match": _any_of(hosts, before=r"\[?", after=r"\]?(:[0-9]+)?")})
    if personas:
        found.append({"name": PERSONA_HEADER, "string_match": _any_of(personas)})
    return found


def _any_of(words: list[str], *, before: str = "", after: str = "") -> dict[str, Any]:
    pattern = "|".join(re.escape(word).replace(r"\*", "[^/]*") for word in words)
    return {"safe_regex": {"regex": f"{before}({pattern}){after}"}}

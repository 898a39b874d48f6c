"""What is found, before it is said: a code, which is a key of reports/findings.*.po, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Title = dict[str, str]
"""What whoever wrote a profile, an experiment or a persona calls it in both languages: `fr` and `en`."""
MEASURED = "measured"
"""The code of an objective with what was measured of it: `must`, and `value` where there is one."""


@dataclass(frozen=True)
class Statement:
    """Something that readers are told: `code` says what, `of` has its figures and names, by the fields of the sentence.

    A field's name says how it is written: `n` is the count that the sentence agrees with, `_percent` is a percentage,
    `_s` seconds, `_ms` milliseconds, `service` and `phase` are said as people call them, `must` is an objective.
    """

    code: str
    of: Mapping[str, int | float | str | Title | Statement | Sequence[str] | Sequence[Title | Statement]] = field(
        default_factory=dict
    )


def together(found: Sequence[Statement]) -> Statement:
    """Several as one, set apart as sentences, in their order."""
    return found[0] if len(found) == 1 else Statement("together", {"each": [*found]})


def listed(found: Sequence[Statement]) -> Statement:
    """Several as the parts of one sentence, in their order."""
    return found[0] if len(found) == 1 else Statement("list", {"parts": [*found]})


def first(found: Statement) -> Statement:
    """Of several that were put together the first; what stands alone as it is."""
    each = found.of.get("each")
    inner = each[0] if isinstance(each, Sequence) and each else found
    return inner if isinstance(inner, Statement) else found

"""Where names stand over a chart so that none covers another: in rows, each as near to its begin as it can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LETTER = 6.6  # pixels of a bold letter of 11 px, on the safe side
GAP = 8  # pixels between two names of a row


@dataclass(frozen=True)
class Label:
    """A name with where it begins and ends, in pixels from the left, and its row from the top."""

    text: str
    left: float
    right: float
    row: int


def width_of(text: str) -> float:
    """Pixels that a name takes."""
    return LETTER * len(text)


def placed(spans: Iterable[tuple[float, float, str]], width: float) -> list[Label]:
    """The names of spans (begin, end, text; pixels) in rows within this width, in the order given.

    A name stands at its span's begin, or ends at the right edge where it would leave the picture; what is wider than
    the picture is cut. The place of a name is that of its span too, so that the spans of a row do not touch either.
    """
    found: list[Label] = []
    for begin, end, text in spans:
        cut = fitting(text, width)
        left = max(0.0, min(begin, width - width_of(cut)))
        right = left + width_of(cut)
        taken = min(left, begin), max(right, end)
        row = next(row for row in range(len(found) + 1) if _free(found, row, *taken))
        found.append(Label(cut, *taken, row))
    return found


def _free(found: Sequence[Label], row: int, left: float, right: float) -> bool:
    return all(each.row != row or right + GAP <= each.left or each.right + GAP <= left for each in found)


def fitting(text: str, width: float) -> str:
    """A text as long as so many pixels have room for, with an ellipsis where it was cut."""
    most = int(width // LETTER)
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "…" if most > 1 else ""

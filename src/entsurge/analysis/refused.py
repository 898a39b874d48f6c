"""What was refused, and to whom: the pages of the plan that visitors were turned away from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entsurge.record.reading.run import Run

SAID_OVER = 0.01


def refused(run: Run) -> dict[str, float]:
    """By persona: of the pages planned for the visits due in the window, the share that was refused.

    A page is refused when it was answered so, or never asked because its visit was turned away (at sign-on too).
    """
    visits = run.window_stays
    found = {}
    for persona in visits.count_by("persona"):
        mine = visits.only(visits.where(persona=persona))
        planned = int(mine["planned"].sum())
        away = mine.where(end="shed") | mine.where(sign_on="shed")
        found[persona] = (int(mine["shed"].sum()) + int(mine["unserved"][away].sum())) / planned if planned else 0.0
    return found


def notable(run: Run) -> dict[str, float]:
    """Those of whose pages more than one in a hundred was refused: a verdict's sentence names them."""
    return {persona: share for persona, share in refused(run).items() if share > SAID_OVER}

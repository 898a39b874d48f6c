"""Little's law as a check of the book-keeping: presence, integrated, against the time of the visits recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.record.schema import NEVER_STARTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from entsurge.engine.messages import PresenceTold
    from entsurge.visit.presence import Span


class Little:
    """Both sides over a run. Presence comes from counts that change, visits from rows: whatever is lost tells.

    Visits that are still open have no row: each process says, with its area, what of theirs lies in the area
    (`open_us`). So the sides meet through workers that die, whose last word counts, and those that come late.
    """

    def __init__(self, window: Span) -> None:
        self.window, self.rows_us = window, 0

    def visits(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in visits that have ended, retries among them."""
        for row in rows:
            if row["end"] not in NEVER_STARTED:
                self.rows_us += self.window.holds_us(row["start_us"], row["end_us"])

    def judge(self, last: Iterable[PresenceTold]) -> dict[str, Any]:
        """The `little` of finish.json, from each process's last word.

        Mean numbers of visitors, and how far they are apart relative to the greater; not judged where nobody came.
        """
        last = list(last)
        length_us = self.window.end_us - self.window.begin_us
        area_us = sum(each.area_us for each in last)
        visits_us = self.rows_us + sum(each.open_us for each in last)
        most_us = max(area_us, visits_us)
        return {
            "presence": area_us / length_us, "from_visits": visits_us / length_us,
            "residual": abs(area_us - visits_us) / most_us if most_us else 0.0, "judged": most_us > 0,
        }  # fmt: skip

"""The guard that a target may ask for: when the run has to end by itself, whatever the plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from entsurge.record.recorder import Fold


class Guard(BaseModel):
    """`[limits.guard]`: over the last `seconds`, at least `pages` of them: too many failed, or too slow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    failed_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    mean_seconds: Annotated[float, Field(gt=0)] | None = None
    seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    pages: Annotated[int, Field(ge=1)] = 50

    @model_validator(mode="after")
    def _guards_something(self) -> Guard:
        if self.failed_share is None and self.mean_seconds is None:
            raise ValueError("expected failed_share or mean_seconds")
        return self


class Watch:
    """Takes in the record second by second, in whatever order processes report it."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self._seconds: dict[int, tuple[int, int, float]] = {}  # pages, failed, their seconds added up

    def fold(self, fold: Fold) -> None:
        """The pages that ended in one second of one process; what the generator lost says nothing of the target."""
        for key, count in fold.counts.items():
            if key.kind != "page" or key.outcome == "lost":
                continue
            pages, failed, seconds = self._seconds.get(fold.second, (0, 0, 0.0))
            took = float(fold.times_us[key].sum()) / 1e6
            wrong = count if key.outcome == "failed" else 0
            self._seconds[fold.second] = (pages + count, failed + wrong, seconds + took)

    def trips(self, second: int) -> str:
        """Why the run must end after this second; empty while it may go on."""
        guard = self.guard
        for old in [each for each in self._seconds if each <= second - guard.seconds]:
            del self._seconds[old]
        pages, failed, took = (sum(of[part] for of in self._seconds.values()) for part in range(3))
        if pages < guard.pages:
            return ""
        if guard.failed_share is not None and failed / pages > guard.failed_share:
            share = f"{failed / pages:.0%} of {pages:.0f} pages failed in {guard.seconds} s"
            return f"{share}; the limit is {guard.failed_share:.0%}"
        if guard.mean_seconds is not None and took / pages > guard.mean_seconds:
            return f"{pages:.0f} pages took {took / pages:.2f} s in the mean; the limit is {guard.mean_seconds:g} s"
        return ""

"""What every part of a profile has in common: unknown keys are refused, nothing changes once read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Strict(BaseModel):
    """A part of a profile."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def minutes(clock: str) -> int:
    """Minutes since midnight of a time such as 09:30."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)

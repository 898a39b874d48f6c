"""The run's phases in run seconds: warm-up, the window, drain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile


def phases(profile: Profile) -> list[dict[str, Any]]:
    """As a manifest holds them: `name`, `start_s`, `end_s`."""
    replay = profile.file.replay
    begin = float(replay.warm_up_minutes * 60 / replay.compression)
    end = begin + float((profile.end_minute - profile.begin_minute) * 60 / replay.compression)
    return [
        {"name": "warm-up", "start_s": 0.0, "end_s": begin},
        {"name": replay.phase, "start_s": begin, "end_s": end},
        {"name": "drain", "start_s": end, "end_s": end + replay.drain_seconds},
    ]

"""A pause of one's own is not counted against others."""

import pytest

from entsurge.engine import awake
from entsurge.engine.awake import MOST_SECONDS, Awake


def test_the_clock_goes_on_while_it_is_read_and_stands_still_through_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten readings in 2.5 s are 2.5 s; a minute without a reading is half a second, however long it was."""
    now = [100.0]
    monkeypatch.setattr(awake.time, "monotonic", lambda: now[0])
    clock = Awake()
    for _ in range(10):
        now[0] += 0.25
        clock.seconds()
    assert clock.seconds() == 2.5
    now[0] += 60
    assert clock.seconds() == 2.5 + MOST_SECONDS
    assert clock.seconds() == 2.5 + MOST_SECONDS

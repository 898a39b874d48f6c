"""Is the generator itself well? Its processor, its loop's lateness, its descriptors."""

from __future__ import annotations

import gc
import resource
import time
from pathlib import Path

import gevent

from entsurge.engine.messages import Vitals

SAMPLE_SECONDS = 0.1
COLLECT_AFTER = (10_000, 20, 1000)


class Health:
    """Samples this process. `stalls_us` are the loop's latenesses since they were last taken, one per 100 ms."""

    def __init__(self) -> None:
        self.stalls_us: list[int] = []
        self._cpu, self._wall = time.process_time(), time.monotonic()
        self._sampling = gevent.spawn(self._sample)

    def end(self) -> None:
        """Stop sampling."""
        self._sampling.kill()

    def _sample(self) -> None:
        due = time.monotonic()
        while True:
            due += SAMPLE_SECONDS
            gevent.sleep(max(0.0, due - time.monotonic()))
            late = time.monotonic() - due
            self.stalls_us.append(max(0, int(late * 1e6)))
            due = max(due, time.monotonic() - SAMPLE_SECONDS)

    def take(self) -> Vitals:
        """What the time since it was last taken was like."""
        cpu, wall = time.process_time(), time.monotonic()
        share = (cpu - self._cpu) / (wall - self._wall) if wall > self._wall else 0.0
        self._cpu, self._wall = cpu, wall
        stalls, self.stalls_us = self.stalls_us, []
        return Vitals(round(share, 4), stalls, _descriptors(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def settle() -> None:
    """Take what is loaded out of the collector's sight, and let it look at old objects hardly ever.

    A full collection stalls every visit at once. Visits leave no circles behind, so there is little for it to find.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _descriptors() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return 0

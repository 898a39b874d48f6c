"""How many pages are worked on at once, and how many may wait: from runs in which pages wait for a worker.

While pages wait every worker is busy, so that worker's seconds that end in a second are as many as workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.simulation.fit.observed import OUTCOMES, SIGN_ON
from entsurge.simulation.fit.service_times import Estimate

if TYPE_CHECKING:
    from entsurge.simulation.fit.observed import Observed
    from entsurge.simulation.fit.service_times import ServiceTimes

AROUND_SECONDS = 5  # seconds that are looked at together, and blocks that are drawn again
WAITING = (2.5, 1.8)  # pages that take so many times what they cost: workers are busy; the first that is there enough
ENOUGH_SECONDS, ENOUGH_BLOCKS = 20, 4
REFUSED_WITHIN = 0.25  # of what a page costs: one that fails sooner was refused, not given up
SOME_FAILURES = 10
RESAMPLED = 400


@dataclass(frozen=True)
class Flow:
    """A run by second: pages' time against what they cost, worker's seconds that ended, refusals, waits."""

    ratio: Any
    work: Any
    refused: Any
    excess: Any


def flow(run: Observed, times: ServiceTimes) -> Flow:
    """The run by second, `ratio` and `excess` (of seconds waited, a second) over some seconds together."""
    pages, length = run.pages, run.seconds
    expected = np.array([times.expected(name) for name in pages.services])[pages.service]
    work = np.array([times.work(name) for name in pages.services])[pages.service]
    served = pages.outcome == OUTCOMES.index("ok")
    given_up = (pages.outcome == OUTCOMES.index("failed")) & (pages.seconds > expected)
    took = _by_second(pages, served, pages.seconds, length)
    cost = _by_second(pages, served, expected, length)
    together = np.ones(AROUND_SECONDS)
    took, cost = (np.convolve(each, together, "same") for each in (took, cost))
    ratio = np.divide(took, cost, out=np.zeros(length), where=cost > 0)
    return Flow(
        ratio,
        _by_second(pages, served | given_up, work, length),
        _by_second(pages, _refused(run, times), np.ones(len(pages)), length),
        (took - cost) / AROUND_SECONDS,
    )


def workers(runs: list[Observed], times: ServiceTimes) -> Estimate | None:
    """How many pages are worked on at once, by blocks of seconds drawn again; None where pages hardly ever wait."""
    flows = [flow(each, times) for each in runs]
    for level in WAITING:
        blocks = [block for each in flows for block in _blocks(each.work, each.ratio > level)]
        if len(blocks) >= ENOUGH_BLOCKS and sum(map(len, blocks)) >= ENOUGH_SECONDS:
            sums, lengths = np.array([block.sum() for block in blocks]), np.array([len(block) for block in blocks])
            random = np.random.default_rng(2)
            drawn = random.integers(0, len(blocks), (RESAMPLED, len(blocks)))
            means = sums[drawn].sum(axis=1) / lengths[drawn].sum(axis=1)
            low, high = (float(each) for each in np.quantile(means, [0.025, 0.975]))
            return Estimate(float(sums.sum() / lengths.sum()), low, high)
    return None


def busiest(runs: list[Observed], times: ServiceTimes) -> int:
    """The most pages that were worked on at once, by what ended in some seconds together; there are as many workers."""
    together = np.ones(AROUND_SECONDS) / AROUND_SECONDS
    most = max(float(np.convolve(flow(each, times).work, together, "same").max(initial=0.0)) for each in runs)
    return max(1, int(np.ceil(most - 0.1)))


def queue(runs: list[Observed], times: ServiceTimes, of_workers: int) -> tuple[Estimate | None, int]:
    """How many may wait, from what others wait while pages are refused; and the most that were seen to wait."""
    waits, most = [], 0.0
    each_s = _a_job(runs, times)
    for run in runs:
        found, pages = flow(run, times), run.pages
        most = max(most, float(found.excess.max(initial=0.0)))
        full = np.convolve(found.refused, np.ones(AROUND_SECONDS), "same") >= AROUND_SECONDS
        inside = pages.of(outcome="ok") & full[pages.second]
        expected = np.array([times.expected(name) for name in pages.services])[pages.service]
        waited = pages.seconds[inside] - expected[inside]
        waits.append(waited[waited > 0])
    long = np.concatenate(waits)
    if len(long) < SOME_FAILURES:
        return None, round(most)
    low, middle, high = np.quantile(long, [0.25, 0.5, 0.9]) * of_workers / each_s
    return Estimate(float(middle), float(low), float(high)), round(most)


def refusals(run: Observed, times: ServiceTimes) -> int:
    """How many pages and sign-ons failed at once: the queue was full."""
    return int(_refused(run, times).sum())


def _refused(run: Observed, times: ServiceTimes) -> Any:
    pages = run.pages
    expected = np.array([times.expected(name) for name in pages.services])[pages.service]
    at_once = pages.seconds < times.around.value + REFUSED_WITHIN * expected
    return (pages.outcome == OUTCOMES.index("failed")) & at_once


def _a_job(runs: list[Observed], times: ServiceTimes) -> float:
    """Worker's seconds of the mean page that needs a worker."""
    work = np.concatenate(
        [np.array([times.work(name) for name in run.pages.services])[run.pages.service[_served(run)]] for run in runs]
    )
    return float(work.mean()) if len(work) else times.seconds.value


def _served(run: Observed) -> Any:
    return (run.pages.outcome == OUTCOMES.index("ok")) & (run.pages.service != run.pages.services.index(SIGN_ON))


def _by_second(pages: Any, chosen: Any, weights: Any, length: int) -> Any:
    return np.bincount(pages.second[chosen], weights[chosen], minlength=length)


def _blocks(work: Any, busy: Any) -> list[Any]:
    """Some seconds in a row each in which workers are busy."""
    whole = [slice(at, at + AROUND_SECONDS) for at in range(0, len(work) - AROUND_SECONDS + 1, AROUND_SECONDS)]
    return [work[each] for each in whole if busy[each].all()]

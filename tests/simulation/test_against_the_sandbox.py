"""The same jobs through the embedded ENT's own workers, pool and queue in virtual time, and through those on paper."""

import asyncio
from typing import Any

import numpy as np
import pytest

from entsandbox.load.workers import QueueFull, Servers, sleep_until
from entsurge.simulation.clock import Clock
from entsurge.simulation.costs import factor
from entsurge.simulation.stations import Job, Node, Nodes, Pool

US = 1_000_000
LOADS = {"idle": 0.5, "half": 4.0, "full": 7.9, "over": 11.0, "collapse": 24.0}  # jobs a second; 8 is what is taken
WORKERS, POOL, QUEUE, SECONDS, SHARE, JOBS = 4, 3, 30, 0.5, 0.6, 1_500


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to what is due next: an hour of waiting takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.now, select = 0.0, self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None) -> Any:
            self.now += timeout or 0.0
            return select(0)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        """Virtual seconds."""
        return self.now


def drawn(rate: float, spread: str) -> tuple[list[int], list[int]]:
    """Poisson arrivals and times of work, in µs."""
    random = np.random.default_rng(11)
    due = np.cumsum(random.exponential(US / rate, JOBS)).astype(np.int64)
    work = np.maximum(2, np.rint(US * SECONDS * factor(spread, random.random(JOBS)))).astype(np.int64)
    return due.tolist(), work.tolist()


def in_the_sandbox(due: list[int], work: list[int], hurried: list[bool]) -> list[float | None]:
    """When each job's work was done, in seconds; None where it was refused."""
    ends: list[float | None] = [None] * len(due)
    loop = VirtualLoop()

    async def one(number: int, workers: Servers, pool: Servers) -> None:
        await sleep_until(due[number] / US)
        database = int(work[number] * SHARE) / US
        try:
            start = await workers.take(due[number] / US, hurried=hurried[number])
        except Exception:
            return
        ready = start + work[number] / US - database
        await sleep_until(ready)
        end = await pool.take(ready) + database
        await sleep_until(end)
        pool.release(end)
        workers.release(end)
        ends[number] = end

    async def everything() -> None:
        workers, pool = Servers(WORKERS, QUEUE), Servers(POOL)
        await asyncio.gather(*(one(number, workers, pool) for number in range(len(due))))

    loop.run_until_complete(everything())
    loop.close()
    assert issubclass(QueueFull, Exception)
    return ends


def on_paper(due: list[int], work: list[int], hurried: list[bool]) -> list[float | None]:
    """The same."""
    ends: list[float | None] = [None] * len(due)
    clock = Clock()

    def served(now_us: int, job: Job) -> None:
        ends[job.whose] = now_us / US

    nodes = Nodes(clock, [Node(WORKERS, QUEUE, Pool(POOL))], served)
    jobs = [
        Job(number, took - int(took * SHARE), int(took * SHARE), hurried=hurried[number])
        for number, took in enumerate(work)
    ]
    clock.run(iter(zip(due, jobs, strict=True)), lambda now_us, job: nodes.enter(now_us, job) and None, 2**62)
    return ends


@pytest.mark.parametrize("hurry", [0.0, 0.3])
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("spread", ["fixed", "gamma:2"])
def test_every_job_ends_when_the_sandboxs_does(load: str, spread: str, hurry: float) -> None:
    """From idle to collapse: the same are refused, and the others are done within a tenth of a millisecond."""
    due, work = drawn(LOADS[load], spread)
    hurried = (np.random.default_rng(3).random(JOBS) < hurry).tolist()
    theirs, ours = in_the_sandbox(due, work, hurried), on_paper(due, work, hurried)
    assert [end is None for end in ours] == [end is None for end in theirs]
    both = [(one, other) for one, other in zip(ours, theirs, strict=True) if one is not None and other is not None]
    assert max(abs(one - other) for one, other in both) < 1e-4
    refused = 1 - len(both) / JOBS
    assert refused == 0 if load in ("idle", "half") else load != "collapse" or refused > 0.5

"""Queues with known answers: mean waits within 2 % of Erlang C, Pollaczek and Khinchine; Little's law; conservation."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from entsurge.simulation.clock import Clock
from entsurge.simulation.costs import factor
from entsurge.simulation.stations import Job, Node, Nodes

JOBS, SECOND_US = 300_000, 1_000_000
NEAR = 0.02


def erlang_c(servers: int, offered: float) -> float:
    """The probability that a job of M/M/c has to wait; `offered` is λ/μ."""
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last)


def pollaczek_khinchine(rate: float, mean: float, variation: float) -> float:
    """Mean wait of M/G/1; `variation` is the squared coefficient of variation of service times."""
    busy = rate * mean
    return busy * mean * (1 + variation) / (2 * (1 - busy))


class Queue:
    """So many Poisson arrivals at one station, lived to their end."""

    def __init__(self, rate: float, mean: float, spread: str, servers: int, seed: int = 5, jobs: int = JOBS) -> None:
        random = np.random.default_rng(seed)
        self.arrived_us = np.cumsum(random.exponential(SECOND_US / rate, jobs)).astype(np.int64)
        service = np.maximum(1, np.rint(SECOND_US * mean * factor(spread, random.random(jobs)))).astype(np.int64)
        self.ended_us, self.waited_us = np.zeros(jobs, np.int64), np.zeros(jobs, np.int64)
        self.presence_us, self.inside, self.since_us = 0, 0, 0
        clock = Clock()
        self.nodes = Nodes(clock, [Node(servers, 2**40)], self._served)
        self.jobs = [Job(number, int(took)) for number, took in enumerate(service)]
        clock.run(self._arrivals(), self._arrive, 2**62)

    def _arrivals(self) -> Iterator[tuple[int, Job]]:
        return zip(self.arrived_us.tolist(), self.jobs, strict=True)

    def _arrive(self, now_us: int, job: Job) -> None:
        self._passed(now_us, 1)
        self.nodes.enter(now_us, job)

    def _served(self, now_us: int, job: Job) -> None:
        self._passed(now_us, -1)
        self.ended_us[job.whose] = now_us
        self.waited_us[job.whose] = job.begun_us - self.arrived_us[job.whose]

    def _passed(self, now_us: int, change: int) -> None:
        self.presence_us += self.inside * (now_us - self.since_us)
        self.since_us, self.inside = now_us, self.inside + change

    @property
    def mean_wait(self) -> float:
        """Seconds until a server was free, the first tenth left out."""
        return float(self.waited_us[JOBS // 10 :].mean()) / SECOND_US


@pytest.mark.parametrize(
    ("servers", "rate"),
    [
        (4, 2.6),
        pytest.param(1, 0.5, marks=pytest.mark.slow),
        pytest.param(12, 9.6, marks=pytest.mark.slow),
    ],
)
def test_many_servers_and_exponential_times(servers: int, rate: float) -> None:
    """M/M/c waits as Erlang's formula says."""
    known = erlang_c(servers, rate) / (servers - rate)
    assert Queue(rate, 1.0, "exponential", servers).mean_wait == pytest.approx(known, rel=NEAR)


@pytest.mark.parametrize(
    ("spread", "variation"),
    [
        ("fixed", 0.0),
        ("gamma:2", 0.5),
        pytest.param("gamma:4", 0.25, marks=pytest.mark.slow),
        pytest.param("lognormal:0.5", math.exp(0.25) - 1, marks=pytest.mark.slow),
    ],
)
def test_one_server_and_any_times(spread: str, variation: float) -> None:
    """M/D/1 and M/G/1 wait as Pollaczek and Khinchine say."""
    known = pollaczek_khinchine(0.6, 1.0, variation)
    assert Queue(0.6, 1.0, spread, 1).mean_wait == pytest.approx(known, rel=NEAR)


def test_presence_is_arrivals_times_time_spent() -> None:
    """Little's law to the µs: counted in and out against each job's own time; nobody is lost or made."""
    queue = Queue(3.4, 1.0, "gamma:2", 4, jobs=20_000)
    assert queue.presence_us == int((queue.ended_us - queue.arrived_us).sum())
    assert queue.inside == 0
    assert (queue.ended_us > queue.arrived_us).all()

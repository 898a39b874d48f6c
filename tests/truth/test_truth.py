"""Servers whose answer is known in closed form, end to end through real sockets, scheduler, client and histograms."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
QUIET_SECONDS = 0.0015  # the generator's start lag, p99, of a machine that does nothing else
PACE_SECONDS = 0.001  # by which the worker of a quiet machine is slower than the queue that it stands for


class Known:
    """The server of server.py in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, str(HERE / "server.py")], stdin=-1, stdout=-1)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def offer(
        self, paths: list[str], dues: list[float], *, deadline: float = 60, seconds: float = 60
    ) -> dict[str, Any]:
        """Offer one visit per path at these seconds; times in seconds by outcome."""
        told = {
            "url": self.url, "paths": paths, "dues_us": [int(due * 1e6) for due in dues], "deadline": deadline,
            "seconds": seconds,
        }  # fmt: skip
        command = [sys.executable, str(HERE / "offer.py"), json.dumps(told)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        for timing in ("corrected", "service"):
            times: dict[str, list[float]] = {}
            for outcome, microseconds in found[timing]:
                times.setdefault(outcome, []).append(microseconds / 1e6)
            found[timing] = {outcome: np.array(of) for outcome, of in times.items()}
        return found


@pytest.fixture
def known() -> Iterator[Known]:
    """A fresh server."""
    made = Known()
    yield made
    made.process.kill()
    made.process.wait()
    made.process.stdin.close()
    made.process.stdout.close()


def lindley(dues: list[float], services: list[float]) -> list[float]:
    """Time in the system of each arrival at one first-come-first-served worker: exact, whatever the arrivals."""
    free, result = 0.0, []
    for due, service in zip(dues, services, strict=True):
        free = max(free, due) + service
        result.append(free - due)
    return result


def held_against_the_queue(known: Known, dues: list[float], services: list[float]) -> None:
    """What was measured is what the worker did; that took as long as in the queue, and longer on a busy machine."""
    paths = [f"/serial?s={service:.6f}&n={number}" for number, service in enumerate(services)]
    found = known.offer(paths, dues)
    with urllib.request.urlopen(f"{known.url}/ended") as answer:
        ended = json.loads(answer.read())
    really = np.array([ended[str(number)] - found["zero"] - due for number, due in enumerate(dues)])
    queue = np.array(lindley(dues, services))
    assert really.mean() >= queue.mean() - 0.001
    times, late = found["corrected"]["ok"], np.quantile(found["lags_us"], 0.99) / 1e6
    kept_pace = really.mean() - queue.mean() < PACE_SECONDS  # the worker too may have been kept from its processor
    for share in (0.5, 0.9, 0.95, 0.99):
        assert np.quantile(times, share) == pytest.approx(np.quantile(really, share), abs=0.004 + late)
        if late < QUIET_SECONDS and kept_pace:
            assert np.quantile(times, share) == pytest.approx(np.quantile(queue, share), abs=0.004, rel=0.1)
    assert times.mean() == pytest.approx(really.mean(), abs=0.003 + late)


def poisson_arrivals(rate: float, count: int, seed: int) -> list[float]:
    source, now, dues = random.Random(seed), 0.0, []
    for _ in range(count):
        now += source.expovariate(rate)
        dues.append(now)
    return dues


def test_coordinated_omission(known: Known) -> None:
    """One worker, 0.1 s each, offered 50/s, 30 requests: corrected mean 1.26 s and maximum 2.42 s, none left out."""
    found = known.offer(["/serial?s=0.1"] * 30, [number / 50 for number in range(30)])
    times = found["corrected"]["ok"]
    assert len(times) == 30
    assert times.mean() == pytest.approx(1.26, rel=0.02)
    assert times.max() == pytest.approx(2.42, rel=0.02)


def test_a_frozen_server_shows(known: Known) -> None:
    """Frozen 3 s under 20 visits/s: every arrival of the freeze waits for its end, and p95 and p99 say so."""
    frozen = threading.Timer(3.0, lambda: os.kill(known.process.pid, signal.SIGSTOP))
    thawed = threading.Timer(6.0, lambda: os.kill(known.process.pid, signal.SIGCONT))
    frozen.start()
    thawed.start()
    try:
        found = known.offer(["/now"] * 140, [number / 20 for number in range(140)])
    finally:
        frozen.cancel()
        thawed.cancel()
    times = found["corrected"]["ok"]
    assert len(times) == 140
    # 60 arrivals fall into the freeze, 20 in each of its seconds; when it begins relative to them is not known
    for seconds in (0.5, 1.0, 2.0):
        assert (times > seconds).sum() == pytest.approx(20 * (3 - seconds), abs=3)
    assert times.max() == pytest.approx(3, abs=0.15)
    assert max(found["lags_us"]) < 500_000


def test_m_d_1(known: Known) -> None:
    """Poisson arrivals at 60 % of one worker's capacity: measured times are those of the queue."""
    dues = poisson_arrivals(60, 500, seed=3)
    held_against_the_queue(known, dues, [0.01] * len(dues))


def test_m_m_1(known: Known) -> None:
    """Exponential service times too, at 80 %: the quantiles are those of this very queue."""
    source = random.Random(5)
    services = [source.expovariate(100) for _ in range(600)]
    held_against_the_queue(known, poisson_arrivals(80, len(services), seed=6), services)


def test_the_queue_that_measures_are_held_against_is_the_textbook_s() -> None:
    """200,000 arrivals of that recurrence: M/M/1 quantiles -ln(1-q)/(mu-lambda), M/D/1 mean by Pollaczek-Khinchine."""
    source, count = random.Random(1), 200_000
    dues = poisson_arrivals(80, count, seed=2)
    times = np.array(lindley(dues, [source.expovariate(100) for _ in range(count)]))
    for share in (0.5, 0.9, 0.95):
        assert np.quantile(times, share) == pytest.approx(-np.log(1 - share) / 20, rel=0.08)
    times = np.array(lindley(dues, [0.01] * count))
    assert times.mean() == pytest.approx(0.01 + 0.8 * 0.01 / (2 * (1 - 0.8)), rel=0.03)


def test_a_dripping_server_ends_by_the_deadline(known: Known) -> None:
    """A byte every 50 ms: each page fails after its deadline of 0.5 s, not later."""
    found = known.offer(["/drip"] * 40, [number / 40 for number in range(40)], deadline=0.5)
    assert found["outcomes"] == {"failed": 40}
    assert found["left"] == 0
    assert found["service"]["failed"].min() >= 0.5
    assert np.quantile(found["service"]["failed"], 0.9) < 0.6


def test_fast_refusals_do_not_flatter(known: Known) -> None:
    """Half refused at once: the successes' p95 is that of the successes."""
    found = known.offer(["/busy?s=0.1"] * 200, [number / 50 for number in range(200)])
    assert found["outcomes"] == {"ok": 100, "failed": 100}
    late = np.quantile(found["lags_us"], 0.99) / 1e6
    assert np.quantile(found["corrected"]["ok"], 0.5) >= 0.1
    served = np.quantile(found["service"]["ok"], 0.95)
    assert np.quantile(found["corrected"]["ok"], 0.95) == pytest.approx(served, abs=0.004 + late)
    assert np.quantile(found["corrected"]["failed"], 0.5) < 0.03

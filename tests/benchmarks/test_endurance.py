"""The compressed day's instruments: slopes that tell growth from noise, processes seen from outside, what is judged."""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from entsurge.audience import profile as profiles

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import endurance
import outside
import seen
from outside import Seen
from slopes import Course


def course(of: Callable[[int], float]) -> Course:
    """A look a second for an hour."""
    return Course(range(3600), [of(second) for second in range(3600)], blocks=24)


def test_a_steady_value_has_no_slope_and_growth_has_its_own() -> None:
    """Constant: exactly none; a line: the line's, whatever a few looks say that are far off."""
    assert course(lambda _: 140.0).slope(1) == (0.0, 0.0, 0.0)
    line = course(lambda second: 140 + second / 3600 + (500 if second % 97 == 0 else 0))
    assert line.slope(0).times(3600).value == pytest.approx(1.0, abs=0.01)
    assert line.slope(1).times(3600).value == pytest.approx(1.0, abs=0.01)
    assert line.level(0) < line.level(1)


def test_noise_is_not_taken_for_growth_and_what_grew_once_is_told_by_its_half() -> None:
    """Intervals of noise alone hold zero, but for 5 in 100; a cache that fills in the first half leaves no slope."""
    drawn = random.Random(4)
    noise = [course(lambda _: 140 + drawn.gauss(0, 2)).slope(1) for _ in range(100)]
    assert 90 <= sum(each.low < 0 < each.high for each in noise) <= 99
    filled = course(lambda second: 140 + min(second, 1500) / 100)
    assert filled.slope(0).low > 0
    assert filled.slope(1) == (0.0, 0.0, 0.0)


def test_too_few_looks_have_no_slope() -> None:
    """Two blocks a half: not a number, and so no verdict either."""
    few = Course([0, 1, 2, 3], [1.0, 2.0, 3.0, 4.0], blocks=4)
    assert not few.slope(1).low > 0
    assert few.points == [(0.375, 1.0), (1.125, 2.0), (1.875, 3.0), (2.625, 4.0)]


def test_a_process_is_seen_as_it_is() -> None:
    """Our own: its memory; a connection is live as long as both ends are, a listening socket never."""
    before = outside.look(os.getpid())
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()), server.accept()[0]:
            during = outside.look(os.getpid())
        listening = outside.look(os.getpid())
    assert before is not None
    assert during is not None
    assert listening is not None
    assert before.resident_kb > 10_000
    assert before.pid == os.getpid()
    assert (during.descriptors - before.descriptors, during.live - before.live) == (3, 2)
    assert (listening.descriptors - before.descriptors, listening.live - before.live) == (1, 0)
    assert outside.look(2**22 + 1) is None


def test_children_are_known_by_their_command() -> None:
    """Those of this process: one that it has just started, with its words; none that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()", "a word"], stdin=subprocess.PIPE) as child:
        limit, found = time.monotonic() + 30, ""
        while "a word" not in found and time.monotonic() < limit:  # until it is more than a copy of this process
            found = outside.children(os.getpid()).get(child.pid, "")
        assert found == f"{sys.executable} -c input() a word "
        child.communicate(b"\n", timeout=30)
    assert child.pid not in outside.children(os.getpid())


def steady(_: int) -> int:
    return 20


def day(resident: Callable[[int], int], held: Callable[[int], int] = steady, had: Callable = steady) -> seen.Day:
    """A day of 1,440 s with one master, looked at every four seconds."""
    samples = [
        seen.Sample(t, {"master": Seen(resident(t), had(t), held(t) + 7, 7, 11)}, {"a": t}, 9)
        for t in range(0, 1440, 4)
    ]
    return seen.Day(samples, 0, 1440, [(t, 3 * t) for t in range(1441)], 5)


def test_growth_is_told_and_what_is_flat_is_not() -> None:
    """A leak of 5 MB in 140 is; half a MB is not, nor what the first half added; descriptors and threads likewise."""
    assert seen.grown(day(lambda t: 140_000 + min(t, 700) * 50)) == []
    assert seen.grown(day(lambda t: 140_000 + t * 500 // 720)) == []
    (leak,) = seen.grown(day(lambda t: 140_000 + t * 7))
    assert leak.startswith("master: memory grew by +4.94 (+4.94 to +4.94) MB")
    (left,) = seen.grown(day(lambda _: 140_000, lambda t: 20 + t // 100))
    assert left == "master: descriptors that are no live connection grew to 33"
    (more,) = seen.grown(day(lambda _: 140_000, had=lambda t: 4 + t // 200))
    assert more == "master: threads grew to 10"


def with_worker(there: Callable[[int], int]) -> seen.Day:
    """That day, steady, with a worker of this number at each second; 0 for none."""
    steady = day(lambda _: 140_000)
    samples = [
        replace(each, processes=each.processes | {"worker 1": Seen(90_000, 4, 20, 7, number)}) if number else each
        for each in steady.samples
        for number in [there(int(each.t))]
    ]
    return replace(steady, samples=samples)


def test_a_process_that_died_came_later_or_was_replaced_is_told() -> None:
    """Its figures would be left out, or be another's, and nobody would hear of it."""
    assert seen.grown(with_worker(lambda _: 12), ["master", "worker 1"]) == []
    assert seen.grown(with_worker(lambda t: 12 * (t < 720))) == ["worker 1: there in 180 of 360 looks alone"]
    assert seen.grown(with_worker(lambda t: 12 * (t >= 1436))) == ["worker 1: there in 1 of 360 looks alone"]
    assert seen.grown(with_worker(lambda t: 12 + (t > 300))) == ["worker 1: 2 processes one after the other"]
    assert seen.grown(with_worker(lambda _: 0), ["worker 1"]) == ["worker 1: there in 0 of 360 looks alone"]


def test_looks_too_few_for_a_slope_are_told() -> None:
    """Not a number is no proof that nothing grew."""
    few = day(lambda t: 140_000 + 1000 * t)
    (told,) = seen.grown(replace(few, samples=few.samples[::90]))
    assert told == "master: too few looks in the second half to tell whether it grows"


def test_who_takes_part() -> None:
    """Workers have numbers; a single process is master and worker."""
    assert endurance.taking_part(1) == ["sandbox", "command", "live page", "master"]
    assert endurance.taking_part(2)[4:] == ["worker 1", "worker 2"]


def test_connections_that_come_and_go_are_no_growth() -> None:
    """One that is being made or closed at the moment of the look is no live one; the least of a block is counted.

    Of threads too: a pool has more of them while there is work.
    """
    now_and_then = [lambda t: 20 + (t // 4) % 5 * (t > 700)] * 2
    assert seen.grown(day(lambda _: 140_000, *now_and_then)) == []


def test_tables_have_a_row_each_and_figures_by_half() -> None:
    """Bytes a second and a visit are those of each half."""
    found = day(lambda t: 140_000 + t)
    assert found.visits == 4320
    assert any(row.startswith("| master | 136.7–138.1 | +0.7") for row in seen.memory(found))
    assert seen.files(found)[2:] == ["| a | 1.4 | 1 | 1 | 0 | 0 |"]
    assert seen.series(found) == (
        "The exporter had 9 series at first, 9 at last, 9 at most. keys.json has 5 keys in 0 bytes each."
    )


def test_only_the_window_counts(tmp_path: Path) -> None:
    """Looks of warm-up and drain are left out, visits counted by the run's own gauges; too few looks are refused."""
    manifest = {"phases": [{}, {"start_s": 10.0, "end_s": 20.0}]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "keys.json").write_text("[1, 2]")
    gauges = "".join(json.dumps({"t": t, "started": 5 * t}) + "\n" for t in range(1, 30))
    (tmp_path / "gauges.jsonl").write_text(gauges)
    samples = [seen.Sample(t, {"master": Seen(1, 1, 1, 1, 11)}, {}, 1) for t in range(30)]
    found = seen.day(tmp_path, samples)
    assert (len(found.samples), found.visits, found.keys, found.names()) == (10, 50, 2, ["master"])
    with pytest.raises(ValueError, match="3 looks in the window"):
        seen.day(tmp_path, samples[:13])


def test_the_day_is_the_shipped_monday_at_its_hours(tmp_path: Path) -> None:
    """Eight hours from 8:00 on, twenty times as fast, with people enough that no account is needed twice at once."""
    given = argparse.Namespace(hours=8.0, compress=20, scale="1/25", schools=60)
    found = profiles.load(str(endurance.profile(tmp_path, given)))
    assert (found.begin_minute, found.end_minute) == (480, 960)
    assert (found.file.replay.compression, found.file.replay.seed) == (20, endurance.SEED)
    assert found.file.population.schools == 60

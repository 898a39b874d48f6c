"""Stop conditions: what is a breach and what is not."""

import contextlib
import math
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from chaos_parts import page_server
from chaos_subject import Subject, experiment, until
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from entsurge.chaos.watch import Reading, StopCondition, Watch, target_metric
from entsurge.client.access import Access


def row(ok: int = 0, shed: int = 0, failed: int = 0, p95: float | None = None, persona: str = "student") -> dict:
    of = {"ok": ok, "shed": shed, "failed": failed, "p95_seconds": p95}
    return {"personas": {persona: of, "staff": {"ok": 0, "shed": 9, "failed": 9, "p95_seconds": 99.0}}}


def breaches(condition: StopCondition, rows: list[dict]) -> list[bool]:
    watch = Watch(condition, lambda _: Reading(None))
    return [bool(watch.second(each)) for each in rows]


def test_a_share_counts_over_its_seconds() -> None:
    """Not in one bad second, nor with too few pages; once the share of all its seconds is passed."""
    condition = StopCondition(persona="student", measure="failed", above=0.2, for_seconds=3, least_pages=20)
    assert breaches(condition, [row(ok=10, failed=9)] + [row(ok=50)] * 3) == [False] * 4
    assert breaches(condition, [row(ok=7, failed=3)] * 4) == [False, False, True, True]
    assert breaches(condition, [row(ok=1, failed=3)] * 4) == [False] * 4


def test_latency_must_last() -> None:
    """A second below the limit begins the count anew; others' slowness does not count."""
    condition = StopCondition(persona="student", measure="p95_seconds", above=2, for_seconds=2)
    assert breaches(condition, [row(p95=3), row(p95=1), row(p95=3), row(p95=3)]) == [False, False, False, True]


METRICS = 'busy{pool="a"} 3\nbusy{pool="b"} 4\nbusy{pool="a",x="1"} 2\nnothing NaN\n'


@contextlib.contextmanager
def metrics(text: str = METRICS) -> Iterator[ThreadingHTTPServer]:
    """A target that says this of itself; `server.text` is changed meanwhile, None for 503."""
    with page_server() as server:

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_error(503) if server.text is None else handler._answer(server.text)

        server.text = text
        server.url = f"http://127.0.0.1:{server.server_port}/portal"
        server.RequestHandlerClass = type("Metrics", (server.RequestHandlerClass,), {"do_GET": answer})
        yield server


def test_the_target_s_own_metric_is_read() -> None:
    """Summed over the samples whose labels match; what is absent counts as it is told to."""
    with metrics() as server:
        read = target_metric(server.url, Access())
        assert read(StopCondition(metric="busy", labels={"pool": "a"}, above=1)) == Reading(5)
        assert read(StopCondition(metric="idle", above=1, absent=0)) == Reading(0)


@pytest.mark.parametrize(
    ("text", "metric", "labels", "said"),
    [
        (METRICS, "bussy", {}, "4 samples of other names, such as busy"),
        (METRICS, "busy", {"pool": "c"}, "3 samples of that name, none with {'pool': 'c'}"),
        (METRICS, "nothing", {}, "it is NaN"),
        (None, "busy", {}, "answered 503"),
        ("<html>sign on", "busy", {}, ""),
        ("busy{", "busy", {}, ""),
    ],
)
def test_what_was_read_instead_of_a_metric_is_said(text: str | None, metric: str, labels: dict, said: str) -> None:
    """The metric, the address, and what is there: another name, other labels, an error, a page."""
    with metrics(text) as server:
        found = target_metric(server.url, Access())(StopCondition(metric=metric, labels=labels, above=1))
    assert found.value is None
    assert found.said.startswith(f"no value of {metric} at http://127.0.0.1:{server.server_port}/metrics: {said}")


def test_nobody_there_is_no_value() -> None:
    """A refused connection is said as such."""
    assert (
        "refuses connections" in target_metric("http://127.0.0.1:9", Access())(StopCondition(metric="b", above=1)).said
    )


def test_whatever_a_target_says_of_itself_nothing_is_raised() -> None:
    """A number or a sentence, of any text."""
    with metrics() as server:
        read = target_metric(server.url, Access())

        @given(st.text(st.sampled_from('a{}=,"1 e.#\n\\N+'), max_size=40))
        @settings(max_examples=80)
        def holds(text: str) -> None:
            server.text = text
            found = read(StopCondition(metric="a", above=1))
            assert (found.value is None) == bool(found.said)
            assert found.value is None or not math.isnan(found.value)

        holds()


def test_a_guard_that_cannot_see_is_a_breach() -> None:
    """After so many seconds in a row without a value, not before; a value in between begins the count anew."""
    values = iter([Reading(None, "no value"), Reading(0), *[Reading(None, "no value of x at y: z")] * 3])
    watch = Watch(StopCondition(metric="x", above=1, blind_seconds=3), lambda _: next(values))
    said = [watch.second(row()) for _ in range(5)]
    assert said == ["", "", "", "", "the guard is blind: no value of x at y: z, for 3 s"]


def test_an_unread_second_neither_confirms_nor_clears_a_breach() -> None:
    """Above, unread, above: two seconds above."""
    values = iter([Reading(2), Reading(None, "s"), Reading(2)])
    watch = Watch(StopCondition(metric="x", above=1, for_seconds=2), lambda _: next(values))
    assert [bool(watch.second(row())) for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"measure": "failed", "metric": "x"},
        {"measure": "luck"},
        {"persona": "nobody"},
        {"metric": "x", "url": "http://example.org/"},
        {"metric": "x", "url": "//example.org/"},
    ],
)
def test_a_condition_is_about_one_thing(wrong: dict) -> None:
    """Pages or a metric, never both or neither."""
    with pytest.raises(ValidationError):
        StopCondition(above=1, **wrong)


def test_a_breach_ends_the_fault_at_once(tmp_path: Path) -> None:
    """The controller says why, and the fault is gone far before its window's end."""
    flag = tmp_path / "flag"
    file = experiment(
        tmp_path / "x.json", "command", {"on": ["touch", str(flag)], "off": ["rm", str(flag)]},
        stop_when=[{"persona": "student", "measure": "failed", "above": 0.5, "for_seconds": 2}],
    )  # fmt: skip
    subject = Subject(tmp_path / "run", file)
    try:
        subject.wait_applied()
        for second in range(2):
            subject.tell(second=second, **row(ok=1, failed=30))
        until(lambda: not flag.exists(), 20)
        until(lambda: any("stop" in each for each in subject.said), 5)
        said = next(each["stop"] for each in subject.said if "stop" in each)
        assert said == "failed of student above 0.5 for 2 s: 60 of 62 pages"
        until(lambda: subject.process.poll() is not None, 10)
        assert subject.audit()[-1]["how"] == "stop-condition"
    finally:
        subject.close()


def test_a_guard_that_goes_blind_ends_the_fault(tmp_path: Path) -> None:
    """The target stops telling its metric: the run is stopped as by a breach, and the reason says that it was blind."""
    flag = tmp_path / "flag"
    file = experiment(
        tmp_path / "x.json", "command", {"on": ["touch", str(flag)], "off": ["rm", str(flag)]},
        stop_when=[{"metric": "busy", "above": 100, "blind_seconds": 2}],
    )  # fmt: skip
    with metrics() as server:
        subject = Subject(tmp_path / "run", file, target=server.url)
        try:
            subject.wait_applied()
            server.text = None

            def stopped() -> bool:
                subject.tell(second=0, personas={})
                return any("stop" in each for each in subject.said)

            until(stopped, 20)
            said = next(each["stop"] for each in subject.said if "stop" in each)
            assert said.startswith("the guard is blind: no value of busy")
            until(lambda: not flag.exists(), 20)
        finally:
            subject.close()


def test_a_window_keeps_the_run_s_clock(tmp_path: Path) -> None:
    """Applied and ended within a fifth of a second of its times, though Chaos Toolkit takes longer to start."""
    import time

    flag = tmp_path / "flag"
    file = experiment(tmp_path / "x.json", "command", {"on": ["touch", str(flag)], "off": ["rm", str(flag)]})
    subject = Subject(tmp_path / "run", file, start_s=2.5, end_s=3.5)
    try:
        until(lambda: {"ready": True} in subject.said, 10)
        subject.tell(zero=time.monotonic())
        until(lambda: "ended" in subject.states(), 15)
        times = {each["state"]: each["t"] for each in subject.said if "state" in each}
        assert 2.5 <= times["applied"] < 3.0
        assert 3.5 <= times["ended"] < 4.0
        subject.tell(end="normal")
        until(lambda: {"done": True} in subject.said, 10)
    finally:
        subject.close()


def test_a_fault_that_cannot_be_applied_is_said(tmp_path: Path) -> None:
    """With its reason; and the run is refused when it was to last the whole of it."""
    file = experiment(tmp_path / "x.json", "command", {"on": ["false"]})
    subject = Subject(tmp_path / "run", file)
    try:
        until(lambda: any("refused" in each for each in subject.said), 10)
        assert "exit 1" in next(each["refused"] for each in subject.said if "refused" in each)
        until(lambda: subject.process.poll() is not None, 10)
        assert not subject.in_force()
    finally:
        subject.close()

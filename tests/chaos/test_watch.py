"""Stop conditions: what is a breach and what is not."""

from pathlib import Path

import pytest
from chaos_parts import page_server
from chaos_subject import Subject, experiment, until
from pydantic import ValidationError

from entsurge.chaos.watch import StopCondition, Watch, target_metric
from entsurge.client.access import Access


def row(ok: int = 0, shed: int = 0, failed: int = 0, p95: float | None = None, persona: str = "student") -> dict:
    of = {"ok": ok, "shed": shed, "failed": failed, "p95_seconds": p95}
    return {"personas": {persona: of, "staff": {"ok": 0, "shed": 9, "failed": 9, "p95_seconds": 99.0}}}


def breaches(condition: StopCondition, rows: list[dict]) -> list[bool]:
    watch = Watch(condition, lambda _: None)
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


def test_the_target_s_own_metric_is_read() -> None:
    """Summed over the samples whose labels match; nothing of a target that does not answer."""
    with page_server() as server:
        server.RequestHandlerClass = type(
            "Metrics", (server.RequestHandlerClass,),
            {"do_GET": lambda self: self._answer('busy{pool="a"} 3\nbusy{pool="b"} 4\nbusy{pool="a",x="1"} 2\n')},
        )  # fmt: skip
        read = target_metric(f"http://127.0.0.1:{server.server_port}/portal", Access())
        assert read(StopCondition(metric="busy", labels={"pool": "a"}, above=1)) == 5
        assert read(StopCondition(metric="idle", above=1)) is None
    assert target_metric("http://127.0.0.1:9", Access())(StopCondition(metric="busy", above=1)) is None


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"measure": "failed", "metric": "x"},
        {"measure": "luck"},
        {"persona": "nobody"},
        {"metric": "x", "url": "http://example.org/"},
        {"metric": "x", "url": "//example.org/"},
    ],
)
def test_a_condition_is_about_one_thing(given: dict) -> None:
    """Pages or a metric, never both or neither."""
    with pytest.raises(ValidationError):
        StopCondition(above=1, **given)


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

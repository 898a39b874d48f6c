"""`import entsurge`: nothing heavy until it is asked for; data frames with the record's and the report's figures."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.analysis.records import pages, record, visit

import entsurge
from entsurge.analysis.comparison_report import comparison_report
from entsurge.audience import profile as profiles
from entsurge.errors import UsageError
from entsurge.plan import summary
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups

ROWS = [
    *pages(seconds=0.3, service_seconds=0.25, count=40),
    *pages(seconds=2.5, service_seconds=0.5, count=7),
    *pages(seconds=0.7, count=3, phase="warm-up", second=5),
    *pages(seconds=1.0, count=5, outcome="failed"),
    *pages(seconds=0.9, count=3, persona="parent", service="marks", page="read-marks", group="Créteil"),
    *pages(seconds=0.1, count=2, attempt="retry"),
]


@pytest.fixture
def run(tmp_path: Path) -> entsurge.Run:
    """A run of known figures, opened as a notebook does."""
    return entsurge.Run.open(record(tmp_path, ROWS, visits=[visit(), visit(name="student/2", ok=0, failed=1)]))


def loaded_by(script: str) -> str:
    """Which of the heavy libraries a process has loaded after this."""
    told = "import sys; print(*({'pandas', 'numpy', 'pyarrow', 'locust', 'gevent'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", f"{script}\n{told}"], capture_output=True, text=True,
                          check=True, timeout=60)  # fmt: skip
    return done.stdout.strip()


def test_importing_entsurge_loads_nothing_heavy() -> None:
    """Neither pandas nor Locust; what there is can be listed all the same."""
    assert (
        loaded_by("import entsurge; assert {'Run', 'Plan', 'compare', 'Visitor', 'journey'} <= {*dir(entsurge)}") == ""
    )


def test_authors_of_scenarios_import_from_entsurge_with_locust_first() -> None:
    """`from entsurge import Visitor, journey` is `entsurge.scenario`'s: Locust is there, pandas stays out."""
    script = (
        "from entsurge import Visitor, journey\nimport entsurge.scenario as theirs\n"
        "assert (Visitor, journey) == (theirs.Visitor, theirs.journey)"
    )
    found = loaded_by(script).split()
    assert "locust" in found
    assert "pandas" not in found


def test_what_entsurge_does_not_offer_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="'entsurge' has no attribute 'Runs'"):
        _ = entsurge.Runs


def test_frames_count_what_was_recorded(run: entsurge.Run) -> None:
    """Pages by outcome, by persona and service, are those of the record; retries and the warm-up stand apart."""
    assert run.notes == []
    assert run.outcomes().loc[("student", "homework")].to_dict() == {"ok": 47, "shed": 0, "failed": 5, "lost": 0}
    tally = run.recorded.tally
    for phase in ("warm-up", "surge"):
        assert run.outcomes(phase=phase).sum().to_dict() == tally.count(phase=phase)
    corrected = run.pages[run.pages["timing"] == "corrected"]
    assert corrected.groupby("attempt")["count"].sum().to_dict() == {"first": 58, "retry": 2}
    assert set(run.pages["academy"]) == {"Lyon", "Créteil"}
    assert list(run.visits["visit"]) == ["student/1", "student/2"]
    assert run.visits["due_s"].tolist() == [20.0, 20.0]
    assert run.visit_services["service"].tolist() == ["homework", "homework"]
    assert run.retries.empty
    assert "attempt" in run.retries.columns
    assert run.phases.set_index("phase").loc["surge"].to_dict() == {"start_s": 10.0, "end_s": 110.0}
    assert "scale 1, window surge" in repr(run)


@pytest.mark.parametrize("timing", ["corrected", "service"])
def test_latencies_are_the_reports(run: entsurge.Run, timing: str) -> None:
    """One by one and in a table: exactly what the report says, of the judged phase."""
    asked = run.recorded.tally.times
    table = run.latencies(q=(50, 95), timing=timing)
    assert list(table.columns) == ["count", "p50", "p95"]
    for (persona, service), row in table.iterrows():
        times = asked(timing=timing, persona=persona, service=service, phase="surge")
        assert row["count"] == times.total
        for q in (50, 95):
            assert row[f"p{q}"] == times.quantile_seconds(q)
            assert run.latency(persona, service, q, timing=timing) == times.quantile_seconds(q)
    assert run.latency(timing=timing) == asked(timing=timing, phase="surge").quantile_seconds(95)
    if timing == "corrected":
        told = {each.percentile: each.corrected_s for each in run.findings.runs[0].percentiles.table}
        assert {q: run.latency(q=q) for q in told} == told
    assert run.latency("student", "marks") is None
    assert run.latencies(by=["phase"], q=[50]).loc["warm-up", "count"] == 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"persona": "pupil"}, "persona 'pupil': this run knows parent, student"),
        ({"service": "homwork"}, "service 'homwork': this run knows homework, marks"),
        ({"phase": "siege"}, "phase 'siege': this run knows drain, surge, warm-up"),
        ({"q": 950}, "q = 950: expected a percentile from 0 to 100"),
    ],
)
def test_a_mistyped_name_is_no_empty_answer(run: entsurge.Run, asked: dict[str, str], said: str) -> None:
    """One sentence with what the run knows."""
    with pytest.raises(UsageError, match=said):
        run.latency(**asked)
    with pytest.raises(UsageError, match="by: teacher: expected some of persona"):
        run.latencies(by=["teacher"])
    with pytest.raises(UsageError, match="by: x: expected some of persona"):
        run.outcomes(by=["x"])
    for each in (run.latencies, run.outcomes):
        with pytest.raises(UsageError, match="phase 'siege': this run knows drain, surge, warm-up"):
            each(phase="siege")
    with pytest.raises(UsageError, match="no run directory"):
        entsurge.Run.open("nowhere")


def test_a_comparison_is_the_commands(tmp_path: Path) -> None:
    """Frames of what `entsurge compare` finds; paths, runs and lists of both are taken."""
    slow = [pages(seconds=seconds, count=40) for seconds in (0.30, 0.31, 0.60, 0.62)]
    old, other, *new = (record(tmp_path, rows) for rows in slow)
    found = entsurge.compare([old, entsurge.Run.open(other)], [str(path) for path in new])
    asked = comparison_report([old, other], new)
    assert (found.worse, found.findings.state) == (asked.worse, asked.state)
    assert found.pages.loc[("student", "homework", "read-homework"), "ratio"] == asked.pages[0].ratio
    assert found.scopes.loc[("*", "*"), "baseline_seconds"] == asked.scopes[0].baseline_seconds
    assert found.runs["candidate"].tolist() == [False, False, True, True]
    with pytest.raises(UsageError):
        entsurge.compare(old)


def test_a_plan_is_what_a_run_would_offer() -> None:
    """Hours and visits are the plan's own; the options' names change it as on the command line."""
    plan = entsurge.Plan.of("lockdown-2020", scale="1/2000", compression="45")
    loaded = profiles.load("lockdown-2020", overrides={"scale": "1/2000", "compression": "45"})
    every = plan.hours[plan.hours["persona"] == "*"]
    assert len(every) == 168
    peak = every.loc[every["visits_per_second"].idxmax()]
    known = summary.summarise(loaded).peak
    assert (peak["day"], peak["hour"], peak["pages_per_second"]) == (
        known.day,
        known.hour,
        known.total.pages_per_second,
    )
    visits = list(Arrivals(loaded, groups(loaded)))
    assert plan.visits["visit"].tolist() == [each.name for each in visits]
    assert plan.visits["pages"].sum() == sum(len(each.pages) for each in visits)
    assert plan.window["visits"] > 0
    assert "scale 1/2000" in repr(plan)

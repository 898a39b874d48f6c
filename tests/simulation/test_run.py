"""Whole simulations: what is asked is accounted for, the seed decides everything, overload ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from entsurge.audience.profile import Profile
from entsurge.errors import INVALID, USAGE, UsageError
from entsurge.gate import gate
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups
from entsurge.record.reading.run import read_run
from entsurge.record.schema import RETRIES, VISITS
from entsurge.simulation.run import Simulation

Simulated = Callable[..., Simulation]
TIGHT = {"workers": 5, "nodes": "queue = 20", "rest": "[sessions]\nlimit = 60"}
INSISTENT = "crisis-fortnight"
RATES = ("ok", "shed", "failed", "lost", "unserved")


def rows(run: Path, name: str) -> list[dict[str, Any]]:
    """All rows of a stream."""
    with pa.OSFile(str(run / name)) as source, pa.ipc.open_stream(source) as stream:
        found: list[dict[str, Any]] = stream.read_all().to_pylist()
        assert stream.schema == (RETRIES if name.startswith("retries") else VISITS)
    return found


def test_everything_asked_is_served_refused_failed_or_left(simulated: Simulated, tmp_path: Path) -> None:
    """By visit, by service, and against the histograms; Little's law holds exactly; so in a full house with retries."""
    found = simulated(profile=INSISTENT, changes={"day": 1}, **TIGHT)
    visits, more = rows(tmp_path / "run", "visits.arrows"), rows(tmp_path / "run", "retries.arrows")
    assert len(visits) == sum(found.attempts.offered.values())
    for visit in (*visits, *more):
        assert visit["planned"] == sum(visit[name] for name in RATES)
        for name in ("planned", "ok", "shed", "failed", "lost"):
            assert visit[name] == sum(of[name] for of in visit["services"])
        assert visit["start_us"] <= visit["end_us"]
    run = read_run(tmp_path / "run")
    for outcome in ("ok", "shed", "failed"):
        chosen = run.series.chosen(first_attempts=False, kind="page", outcome=outcome, timing="service")
        signed = sum(visit["sign_on"] == outcome for visit in (*visits, *more))
        pages = sum(visit[outcome] for visit in (*visits, *more))
        assert int(run.series.sums(chosen).times.sum()) == pages + signed
    assert {visit["end"] for visit in visits} >= {"completed", "shed"}
    assert sum(visit["ok"] for visit in visits) > 0
    little = json.loads((tmp_path / "run" / "finish.json").read_text())["little"]
    assert little["judged"]
    assert little["residual"] == pytest.approx(0, abs=1e-12)


def test_retries_are_due_started_or_given_up(simulated: Simulated, tmp_path: Path) -> None:
    """None is lost sight of; each asks for what the first attempt did not get."""
    simulated(profile=INSISTENT, changes={"day": 1}, **TIGHT)
    retries = json.loads((tmp_path / "run" / "finish.json").read_text())["retries"]
    for persona, due in retries["due"].items():
        assert due == sum(retries[name][persona] for name in ("started", "given_up", "lost"))
    more = {row["name"]: row for row in rows(tmp_path / "run", "retries.arrows")}
    assert sum(retries["started"].values()) == len(more) > 0
    first = {row["name"]: row for row in rows(tmp_path / "run", "visits.arrows")}
    for name, row in more.items():
        before, _, attempt = name.partition("#")
        if attempt == "1":
            assert row["planned"] == first[before]["planned"] - first[before]["ok"]


def test_the_plan_is_a_runs_and_the_seed_decides_the_rest(simulated: Simulated, tmp_path: Path) -> None:
    """The digest is the plan's; twice the same is the same to the byte, other luck is not."""
    one = simulated(out="one", pages='spread = "gamma:2"')
    simulated(out="two", pages='spread = "gamma:2"')
    simulated(out="other", pages='spread = "gamma:2"', luck=1)
    told = {name: json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("one", "other")}
    profile = one.subject.profile
    assert {each["plan_digest"] for each in told.values()} == {Arrivals(profile, groups(profile)).digest()}
    series, visits = ((tmp_path / "one" / f"{name}.arrows").read_bytes() for name in ("series", "visits"))
    assert series == (tmp_path / "two" / "series.arrows").read_bytes()
    assert visits == (tmp_path / "two" / "visits.arrows").read_bytes()
    assert series != (tmp_path / "other" / "series.arrows").read_bytes()


def test_overload_without_end_is_ended_and_not_believed(simulated: Simulated, tmp_path: Path) -> None:
    """More visitors at once than any deployment has: the run stops, says why, and its verdict is INVALID."""
    found = simulated(workers=1, nodes="queue = 1000000", most=40)
    assert found.end == "overload"
    result = gate([tmp_path / "run"])
    assert result.conclusions == ["INVALID"]
    assert result.exit_code == INVALID


@pytest.mark.parametrize(
    ("deployment", "measures", "said"),
    [
        ({"sign_on": 'spread = "fixed"\n[database]\nconnections = 0'}, (), "database.connections"),
        ({"pages": "[pages.service.home]\nseconds = 31\n"}, ("news-open",), "news-open"),
        ({"nodes": 'balancer = "fair"'}, (), "nodes.balancer"),
        ({"nodes": "wrkers = 3"}, (), "nodes.wrkers"),
        ({"pages": 'spread = "gauss"'}, (), "gamma:SHAPE"),
        ({}, ("pupils-and-teachers-first", "persona-time-slots"), None),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_refused(
    simulated: Simulated, deployment: dict[str, Any], measures: tuple[str, ...], said: str | None
) -> None:
    """An unknown key, value or measure, with its name; teachers alone are enough for a simulation."""
    if said is None:
        assert simulated(measures=measures, **deployment).end == "completed"
        return
    with pytest.raises(UsageError, match=said):
        simulated(measures=measures, **deployment)


SHORT = {"window": {"day": "monday", "from": "09:00", "to": "09:05"}, "warm_up_minutes": 0}


def test_a_new_password_costs_one_page_more_once_an_account(simulated: Simulated, tmp_path: Path) -> None:
    """On an idle deployment every sign-on takes its work a second time; whoever has set one is not asked again."""
    took = {}
    for name, measures in (("plain", ()), ("renewing", ("password-change",))):
        found = simulated(changes=SHORT, out=name, measures=measures, workers=500)
        series = read_run(tmp_path / name).series
        took[name] = series.sums(series.chosen(kind="page", service="sign-on", outcome="ok", timing="service"))
        assert len(found.visits.renewed) == (len(rows(tmp_path / name, "visits.arrows")) if measures else 0)
    assert took["plain"].times.sum() == took["renewing"].times.sum() > 0
    assert took["plain"].bucket.max() < took["renewing"].bucket.min()


def test_a_waiting_room_that_is_overloaded_keeps_people_out_of_an_idle_ent(
    simulated: Simulated, tmp_path: Path
) -> None:
    """One newcomer a second: places stay free behind it, and who waits too long has failed to sign on."""
    found = simulated(changes=SHORT, measures=("waiting-room-overloaded",), workers=500)
    assert found.visits.reasons["deadline"] + found.visits.reasons["waiting room full"] > 0
    assert {each["sign_on"] for each in rows(tmp_path / "run", "visits.arrows")} >= {"ok", "failed"}


def test_a_measure_about_bytes_is_refused_by_name(simulated: Simulated) -> None:
    """The paper has no bytes."""
    with pytest.raises(UsageError, match="no measure attachments-capped can be simulated"):
        simulated(measures=("attachments-capped",))


def test_a_deployment_that_cannot_serve_anybody_is_refused(simulated: Simulated) -> None:
    """Where even an idle one takes longer than visitors wait, or lets nobody in, a simulation would say nothing."""
    with pytest.raises(UsageError, match=r"sign_on\.seconds: 0\.25: nobody can sign on"):
        simulated(changes={"page_deadline_seconds": 0.2})
    night = {"window": {"day": "monday", "from": "03:00", "to": "03:30"}}
    everybody = ("pupils-and-teachers-first", "persona-time-slots")
    assert simulated(changes=night, measures=everybody).end == "completed"


def test_a_deployment_that_lets_nobody_in_is_refused(simulated: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only people come whom its measures keep out during the whole window, nothing is simulated: exit 2."""
    everybody = Profile.personas.fget
    assert everybody is not None
    comes = ("parent", "staff")
    monkeypatch.setattr(Profile, "personas", property(lambda self: {who: everybody(self)[who] for who in comes}))
    with pytest.raises(UsageError, match="nobody is let in at any time of the window") as found:
        simulated(measures=("pupils-and-teachers-first",))
    assert found.value.exit_code == USAGE

"""A deployment that is known, simulated at three loads and fitted from them: its values are found again."""

import json
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from entsurge.audience import profile as profiles
from entsurge.commands.simulate import command as simulate_command
from entsurge.commands.simulate_fit import together
from entsurge.errors import EntsurgeError, InconclusiveMeasurement, InvalidMeasurement, UsageError
from entsurge.record.reading.shapes import TargetReading
from entsurge.record.writer import RunDirectory
from entsurge.simulation.deployment import load
from entsurge.simulation.fit.beside import Shown
from entsurge.simulation.fit.estimate import as_toml, estimate, fitted, untold
from entsurge.simulation.fit.observed import Observed, Pages
from entsurge.simulation.fit.service_times import _mean, service_times, spread
from entsurge.simulation.fit.sessions import places
from entsurge.simulation.run import Simulation, subject

TRUE = """title = { fr = "connu", en = "known" }
source = "a test"
[nodes]
workers = 8
queue = 40
[pages]
seconds = 0.2
spread = "gamma:3"
around_seconds = 0.02
[pages.service.messages]
seconds = 0.3
[sign_on]
seconds = 0.15
spread = "gamma:3"
around_seconds = 0.02
"""
LOADS = {"idle": "1/400", "full": "1/110", "over": "1/50"}
FOURTH = "1/80"
Known = tuple[Path, dict[str, Path]]


def simulate(path: Path, out: Path, scale: str, *, profile: str = "lockdown-2020", luck: int = 5) -> Path:
    """A simulation of the profile's window at this scale."""
    directory = RunDirectory(out)
    try:
        Simulation(subject(profiles.load(profile, overrides={"scale": scale}), path, seed=luck), directory).run()
    finally:
        directory.close()
    return out


def fit(*arguments: object) -> str:
    """What the command says; raises what it raises."""
    given = ["fit", *map(str, arguments), "--quiet"]
    done = CliRunner().invoke(simulate_command, given, catch_exceptions=False, standalone_mode=False)
    return done.output


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """The deployment's file, and its runs by load."""
    folder = tmp_path_factory.mktemp("known")
    path = folder / "known.toml"
    path.write_text(TRUE, encoding="utf-8")
    return path, {name: simulate(path, folder / name, scale) for name, scale in LOADS.items()}


def test_the_known_values_lie_in_their_intervals(known: Known) -> None:
    """Workers, times, spread and queue within what is said of them; what nobody can tell is said."""
    parts = estimate([Observed.of(path) for path in known[1].values()])
    found = {each.key: each for each in fitted(parts)}
    truth = {
        "pages.seconds": 0.2, "pages.service.messages.seconds": 0.3, "pages.around_seconds": 0.02,
        "sign_on.seconds": 0.15, "nodes.workers": 8, "nodes.queue": 40, "pages.spread": 3.0,
    }  # fmt: skip
    assert found.keys() == truth.keys()
    for key, value in truth.items():
        each = found[key]
        assert each.low is not None
        assert each.high is not None
        assert each.low * 0.998 <= value <= each.high * 1.002, each
    assert {each.code.removeprefix("fit.untold.") for each in untold(parts)} - {"spread"} == {
        "nodes", "database", "sessions", "door"
    }  # fmt: skip
    assert tomllib.loads(as_toml(parts))["sign_on"]["spread"].startswith("gamma:")


def test_idle_runs_tell_times_and_no_number_of_workers(known: Known) -> None:
    """Two workers of half a second and one of a quarter look alike when nobody waits: so it says at least so many."""
    parts = estimate([Observed.of(known[1]["idle"])])
    codes = {each.code for each in untold(parts)}
    assert {"fit.untold.workers", "fit.untold.queue"} <= codes
    workers = next(each for each in fitted(parts) if each.key == "nodes.workers")
    assert (workers.low, workers.high, workers.why.code) == (None, None, "fit.at-least")
    assert 2 <= int(workers.value) <= 8


@pytest.mark.slow
def test_a_fourth_load_is_foretold_by_what_three_told(known: Known, tmp_path: Path) -> None:
    """The file is written, says in both languages what it is worth, and agrees within 10 % and 3 points elsewhere."""
    path, runs = known
    out = tmp_path / "fitted.toml"
    said = fit(*runs.values(), "--out", out)
    assert "nodes.workers = 8 (7 to 9)" in said
    text, found = out.read_text("utf-8"), load(out)
    assert "# what these runs do not tell:" in text
    assert "# ce que ces tirs ne disent pas" in text
    assert (found.nodes.workers, found.fitted.profile) == (8, "lockdown-2020")  # type: ignore[union-attr]
    real, paper = (
        Shown.of(Observed.of(simulate(on, tmp_path / on.stem, FOURTH, luck=luck))) for on, luck in ((path, 5), (out, 6))
    )
    assert np.allclose(paper.quantiles[2:], real.quantiles[2:], rtol=0.10)
    assert abs(paper.failed - real.failed) < 0.03
    with pytest.raises(UsageError, match="fitted from runs of lockdown-2020"):
        simulate(out, tmp_path / "other", "1/400", profile="ordinary-week")


@pytest.mark.parametrize("true", ["fixed", "exponential", "gamma:4", "lognormal:0.7"])
def test_a_spread_is_known_again(true: str) -> None:
    """By its likelihood, of two thousand times."""
    from entsurge.simulation.costs import factor

    found = spread(factor(true, np.random.default_rng(4).random(2_000)))
    assert found.text.partition(":")[0] == true.partition(":")[0]
    parameter = true.partition(":")[2]
    if parameter:
        assert found.low is not None
        assert found.high is not None
        assert found.low <= float(parameter) <= found.high


def test_a_limit_of_sessions_is_what_is_open_when_newcomers_are_refused(known: Known, tmp_path: Path) -> None:
    """Within three in a hundred of the true one."""
    path = tmp_path / "limited.toml"
    path.write_text(f"{TRUE}[sessions]\nlimit = 70\nidle_minutes = 20\n", encoding="utf-8")
    found = places([Observed.of(simulate(path, tmp_path / "limited", "1/110"))])
    assert found is not None
    assert 20.0 in found.silences
    assert found.limit.low - 2 <= 70 <= found.limit.high + 2
    assert places([Observed.of(known[1]["full"])]) is None


def damaged(run: Path, to: Path, name: str, **changes: object) -> Path:
    """A copy of a run in one of whose documents something else stands."""
    shutil.copytree(run, to)
    file = to / name
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), "utf-8")
    return to


FAULT = {
    "id": "slow-database", "kind": "fault", "title": {"fr": "x", "en": "x"}, "defers": [], "start_s": 0, "end_s": 9,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "changes", "error", "said"),
    [
        ("manifest.json", {"profile": "ordinary-week"}, UsageError, "a run of ordinary-week"),
        ("manifest.json", {"target": {"url": "https://ent.example"}}, UsageError, "https://ent.example"),
        ("manifest.json", {"perturbations": [FAULT]}, UsageError, "slow-database in force"),
        ("manifest.json", {"content": []}, UsageError, "is not where it was"),
        ("finish.json", {"end": "no-workers"}, InvalidMeasurement, "INVALID"),
    ],
)
def test_runs_that_do_not_belong_are_refused(
    known: Known, tmp_path: Path, name: str, changes: dict[str, object], error: type[EntsurgeError], said: str
) -> None:
    """Of another profile or target, with a fault, without their profile: exit 2; not to be believed: 4."""
    idle = known[1]["idle"]
    with pytest.raises(error, match=said) as found:
        together([idle, damaged(idle, tmp_path / "other", name, **changes)])
    assert found.value.exit_code == (4 if error is InvalidMeasurement else 2)


def test_too_few_pages_are_no_service_times(known: Known, tmp_path: Path) -> None:
    """Exit 4, with how many it takes."""
    few = simulate(known[0], tmp_path / "few", "1/9000")
    with pytest.raises(InconclusiveMeasurement, match="at least 100"):
        estimate([Observed.of(few)])


def test_an_overloaded_run_alone_tells_no_times(known: Known) -> None:
    """Waits would be taken for work: exit 4; so with the target's own queue never empty."""
    with pytest.raises(InconclusiveMeasurement, match="were refused or failed") as found:
        estimate([Observed.of(known[1]["over"])])
    assert found.value.exit_code == 4
    queued: list[TargetReading] = [{"t": float(at), "series": "entsandbox_queue", "value": 3.0} for at in range(9)]
    with pytest.raises(InconclusiveMeasurement, match="pages were waiting in 100 %"):
        estimate([read_as(known[1]["idle"], queued)])


def read_as(path: Path, target: list[TargetReading]) -> Observed:
    """A run with these readings of its target's own series."""
    found = Observed.of(path)
    return replace(found, run=replace(found.run, target=target))


def test_a_gauge_tells_a_number_only_while_pages_wait(known: Known) -> None:
    """Three busy of eight, fifty times, are no three workers; eight while others queue are eight, without interval."""
    busy: list[TargetReading] = [
        {"t": at, "series": "entsandbox_workers_busy", "value": 3.0} for at in map(float, range(50))
    ]
    idle = estimate([read_as(known[1]["idle"], busy)])
    assert not idle.measured
    full: list[TargetReading] = []
    for at in map(float, range(22, 55)):
        full.append({"t": at, "series": "entsandbox_queue", "value": 5.0})
        full.append({"t": at, "series": "entsandbox_workers_busy", "value": 8.0})
    parts = estimate([read_as(known[1]["idle"], busy), read_as(known[1]["full"], full)])
    assert (parts.measured, parts.workers, parts.workers_between) == (True, 8, None)


def test_a_file_that_is_there_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    """Not after the simulations."""
    (tmp_path / "there.toml").touch()
    with pytest.raises(UsageError, match="is there already"):
        fit(tmp_path / "no-run", "--out", tmp_path / "there.toml")


def test_a_mean_is_never_below_nothing() -> None:
    """What is left of pages that took less than their surroundings is still a time."""
    found = _mean(np.array([-0.2, -0.1]))
    assert (found.value, found.low, found.pages) == (1e-3, 1e-3, 2)


def test_few_home_pages_show_that_sign_on_has_brought_them() -> None:
    """As a sandbox was seen: twelve of eighteen home pages take 10 ms, all other pages 2 s, a sign-on 4 s."""
    services = ("sign-on", "home", "messages")
    seconds = np.array([4.01] * 12 + [0.01] * 12 + [2.01] * 6 + [2.01] * 84)
    service = np.array([0] * 12 + [1] * 18 + [2] * 84)
    nothing = np.zeros(len(seconds), np.int64)
    found = service_times(Pages(nothing, service, seconds, nothing, services))
    assert found is not None
    assert (found.spread.text, round(found.landed, 2)) == ("fixed", 0.67)
    assert (round(found.seconds.value, 2), round(found.sign_on.value, 2)) == (2.0, 2.0)

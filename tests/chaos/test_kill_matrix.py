"""SIGKILL of every process of a real `entsurge run`, one after another and all at once, for each way to hold a fault.

The target is itself again within its lease, whoever is left; when nobody is, a fault that nothing else ends stays until
`entsurge chaos recover`. Nothing is left in either case, and the audit is whole. The same where the run stands behind
an edge of its own over TLS; and of `entsurge measures`, which then goes on.
"""

import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos_cases import CASES
from chaos_endings import ALLOWED_SECONDS, Case
from chaos_parts import Lacking
from chaos_subject import until
from edge_cases import AT_THE_EDGE, before_a_run, measure_over_tls
from killed_run import KILLS, RealRun, RealTrial
from tests.e2e.conftest import QUICK

from entsandbox.settings import Settings
from entsurge import content
from entsurge.commands.processes import sandbox

FAULTS = (
    "envoy-abort", "haproxy-backend-down", "postgres-lock", "process-freeze", "disk-full", "network-loss",
    "target-measure", "http-call", "command",
)  # fmt: skip
BEFORE_A_RUN = (*AT_THE_EDGE, "network-reject")
WHOLE = int(os.environ.get("ENTSURGE_FULL") or 0) > 1
SLOW = float(os.environ.get("ENTSURGE_SLOW_MACHINE", "1"))
BEGIN_SECONDS, END_SECONDS, GONE_SECONDS = 90.0, (ALLOWED_SECONDS + 5.0) * SLOW, 60.0
TRIAL_SECONDS = 240.0


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Visits of a second for a quarter of a minute: longer than any kill of this table takes to come."""
    return quick_until(tmp_path_factory, "09:30")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for six seconds: a trial has several runs."""
    return quick_until(tmp_path_factory, "09:12")


def quick_until(folders: pytest.TempPathFactory, end: str) -> Path:
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    head, objectives = shipped.split("[figures]")[0], shipped[shipped.index("[[objective]]") :]
    longer = QUICK.replace('to = "09:08"', f'to = "{end}"').replace('scale = "1/40"', 'scale = "1/400"')
    path = folders.mktemp("profiles") / "quick.toml"
    path.write_text(head.replace('baseline = "ordinary-week"\n', "") + longer + objectives, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """What is loaded meanwhile: an embedded ENT without limits."""
    with sandbox(Settings(unlimited=True, default_seconds=0.01).to_json()) as (found, _):
        yield found


def ended(run: RealRun, case: Case, whom: tuple[str, ...]) -> None:
    """After these were killed the target is itself, and nothing is left."""
    begun = time.monotonic()
    run.kill(whom)
    if len(whom) == len(KILLS["all"]) and case.lease == "guardian":
        assert case.hurts(), f"{case.name} ended though nobody was left"
        recovered = run.chaos("recover")
        assert recovered.returncode == 0, recovered.stdout + recovered.stderr
        begun = time.monotonic()
    until(lambda: not case.hurts(), END_SECONDS, f"{case.name} ends: {run.said()}")
    assert time.monotonic() - begun <= END_SECONDS
    until(lambda: not case.left(), 5, f"{case.name} left {case.left()}")
    run.process.send_signal(signal.SIGINT)
    until(lambda: not [each for each in run.tree() if each.alive()], GONE_SECONDS, f"all gone: {run.said()}")
    if run.in_force():
        assert case.lease != "guardian", f"{case.name}: {run.in_force()}: {run.said()}"
        assert run.chaos("recover").returncode == 0
    assert not run.in_force()
    audit = run.chaos("audit")
    assert audit.returncode == 0, audit.stderr


Kills = dict[str, tuple[str, ...]]
Judge = Callable[[RealRun, Case, tuple[str, ...]], None]


def wrong_of(
    made: contextlib.AbstractContextManager[Case], folder: Path, profile: Path, url: str, kills: Kills, *,
    of: type[RealRun] = RealRun, judge: Judge = ended,
) -> list[str]:  # fmt: skip
    """What was not held of one fault, a line for each of these kills."""
    wrong = []
    with made as case:
        for number, (kill, whom) in enumerate(kills.items()):
            run = of(folder / str(number), profile, url, case)
            try:
                until(_in_force(run, case), BEGIN_SECONDS, f"{case.name} hurts: {run.said()}")
                judge(run, case, whom)
            except AssertionError as error:
                wrong.append(f"{case.name} / {kill}: {error}")
            finally:
                run.close()
                case.repair()
    return wrong


@pytest.mark.slow
@pytest.mark.needs("haproxy", "nft", "ip")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", FAULTS)
def test_whoever_of_a_run_is_killed_its_fault_ends(fault: str, profile: Path, url: str) -> None:
    """One kill of each fault in turn, so that each kind has its turn; every one that is not held is named.

    ENTSURGE_FULL=2: all six of each fault, which takes twenty minutes.
    """
    turn = list(KILLS)[FAULTS.index(fault) % len(KILLS)]
    with _folder() as folder:
        try:
            wrong = wrong_of(CASES[fault](folder, fault), folder, profile, url, KILLS if WHOLE else {turn: KILLS[turn]})
        except Lacking as lacking:
            pytest.skip(str(lacking))
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.slow
@pytest.mark.needs("nginx", "openssl", "nft", "ip")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", BEFORE_A_RUN if WHOLE else ("envoy-abort",))
def test_whoever_is_killed_of_a_run_behind_an_edge_over_tls_its_fault_ends(fault: str, profile: Path) -> None:
    """The target has TLS, a private authority and its sign-on on another host; edge, key and namespace go as well.

    One fault, all killed at once; ENTSURGE_FULL=2: four faults and all six kills, ten minutes.
    """
    with _folder() as folder:
        kills = KILLS if WHOLE else {"all": KILLS["all"]}
        wrong = wrong_of(before_a_run(folder, fault), folder, profile, "", kills, judge=ended_with_its_edge)
    assert not wrong, "\n\n".join(wrong)


def ended_with_its_edge(run: RealRun, case: Case, whom: tuple[str, ...]) -> None:
    """As ever; and no Envoy, no key and no namespace is left once `recover` has been asked."""
    ended(run, case, whom)
    until(lambda: not [each for each in run.tree() if each.alive()], GONE_SECONDS, "Envoy is gone")
    assert run.chaos("recover").returncode == 0
    assert list((run.folder / "state").glob("edge-*")) == []
    assert case.after() == []


@pytest.mark.slow
@pytest.mark.needs("nginx", "openssl")
@pytest.mark.timeout(900)
def test_whoever_of_a_trial_of_measures_is_killed_it_goes_on(short: Path) -> None:
    """Over TLS, in the run with the measure: it is taken back, and the same command makes the trial whole.

    All killed at once; ENTSURGE_FULL=2: all six kills, six minutes.
    """
    with _folder() as folder:
        kills = KILLS if WHOLE else {"all": KILLS["all"]}
        made = measure_over_tls(folder, "http-call")
        wrong = wrong_of(made, folder, short, "", kills, of=RealTrial, judge=goes_on)
    assert not wrong, "\n\n".join(wrong)


def goes_on(trial: RealTrial, case: Case, whom: tuple[str, ...]) -> None:
    """The measure ends, whoever is left; killed or ended, the same command makes what is lacking, and nothing stays."""
    known = {tuple(row["arm"]) for row in trial.rows() if row["state"] == "known"}
    assert known == {()}
    trial.kill(whom)
    if whom != KILLS["all"]:
        until(lambda: not case.hurts(), END_SECONDS, f"the measure ends: {trial.said()}")
    until(lambda: trial.process.poll() is not None, TRIAL_SECONDS, f"the trial ends: {trial.said()}")
    if not trial.whole():
        done = trial.entsurge(*trial.arguments, seconds=TRIAL_SECONDS)
        assert "taking up trial: 1 run known" in done.stdout, done.stdout + done.stderr
        assert done.returncode == 4, done.stdout + done.stderr
        assert "INCONCLUSIVE beforehand: 1 block gives no interval" in done.stdout
    numbers = [row["number"] for row in trial.rows() if row["state"] == "begun"]
    assert numbers == sorted(set(numbers))
    assert {tuple(row["arm"]) for row in trial.rows() if row["state"] == "known"} == {(), ("closed",)}
    assert json.loads((trial.folder / "trial" / "measures.json").read_text())["conclusion"] == "too-few-blocks"
    assert not case.hurts()
    assert not trial.in_force()
    assert trial.chaos("audit").returncode == 0


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """One that nginx, run as whoever, may read."""
    with tempfile.TemporaryDirectory(prefix="entsurge-kill-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _in_force(run: RealRun, case: Case) -> Callable[[], bool]:
    """It hurts and has been told as applied; a run that ends before that has failed."""

    def look() -> bool:
        assert run.process.poll() is None, run.said()
        path = run.folder / "state" / "audit.jsonl"
        return path.is_file() and '"state":"applied"' in path.read_text() and case.hurts()

    return look

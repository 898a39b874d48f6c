"""SIGKILL of every process of a real `entsurge run`, one after another and all at once, for each way to hold a fault.

The target is itself again within its lease, whoever is left; when nobody is, a fault that nothing else ends stays until
`entsurge chaos recover`. Nothing is left in either case, and the audit is whole.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos_cases import CASES
from chaos_endings import ALLOWED_SECONDS, Case
from chaos_parts import Lacking
from chaos_subject import until
from tests.e2e.conftest import QUICK

from entsandbox.settings import Settings
from entsurge import content
from entsurge.chaos.process import Process
from entsurge.chaos.victim import descendants
from entsurge.commands.processes import sandbox

FAULTS = (
    "envoy-abort", "haproxy-backend-down", "postgres-lock", "process-freeze", "disk-full", "network-loss",
    "target-measure", "http-call", "command",
)  # fmt: skip
ENGINE, CONTROLLER, CHILD, GUARDIAN = "entsurge.engine", "entsurge.chaos.controller", "chaostoolkit", "chaos.guardian"
COMMAND = "the command"
KILLS = {
    "command": (COMMAND,),
    "engine": (ENGINE,),
    "controller": (CONTROLLER,),
    "child": (CHILD,),
    "guardian and controller": (GUARDIAN, CONTROLLER),
    "all": (COMMAND, ENGINE, CONTROLLER, CHILD, GUARDIAN),
}
SLOW = float(os.environ.get("ENTSURGE_SLOW_MACHINE", "1"))
BEGIN_SECONDS, END_SECONDS, GONE_SECONDS = 90.0, (ALLOWED_SECONDS + 5.0) * SLOW, 60.0


class RealRun:
    """`entsurge run` with one fault in force, in a state folder of its own, and its processes by what they are."""

    def __init__(self, folder: Path, profile: Path, url: str, case: Case) -> None:
        self.folder, self.environment = folder, os.environ | {"ENTSURGE_STATE": str(folder / "state")}
        folder.mkdir()
        arguments = [
            "run", str(profile), "--target", url, "--out", "run", "--exporter-port", "0", "--chaos", str(case.file),
        ]  # fmt: skip
        with (folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "entsurge", *arguments], cwd=folder, env=self.environment, stdout=said,
                stderr=said, start_new_session=True,
            )  # fmt: skip
        self.known: set[Process] = {Process.of(self.process.pid)}

    def tree(self) -> list[Process]:
        """Every process of the run, the command first."""
        self.known |= set(descendants(self.process.pid))
        return sorted(self.known, key=lambda each: each.started)

    def named(self, what: str) -> list[Process]:
        """The processes whose module this is."""
        if what == COMMAND:
            return [each for each in self.tree() if each.pid == self.process.pid]
        return [each for each in self.tree() if what in _words(each) and each.alive()]

    def kill(self, whom: tuple[str, ...]) -> None:
        """All of them, stopped first: none of them sees another die."""
        found = [each for what in whom for each in self.named(what)]
        assert {what for what in whom if not self.named(what)} == set(), self.said()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for each in found:
                each.send(number)

    def chaos(self, *arguments: str) -> subprocess.CompletedProcess:
        """`entsurge chaos` in this state folder."""
        return subprocess.run(
            [sys.executable, "-m", "entsurge", "chaos", *arguments], env=self.environment, cwd=self.folder,
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip

    def in_force(self) -> list[str]:
        """Records that are still on disk."""
        return [path.name for path in (self.folder / "state" / "in-force").glob("*")]

    def said(self) -> str:
        """What the command and the perturbations' logs say."""
        logs = [self.folder / "said", *(self.folder / "run" / "chaos").glob("*.log")]
        return "\n".join(path.read_text(errors="replace")[-1500:] for path in logs if path.is_file())

    def close(self) -> None:
        """Whatever lives of it ends."""
        for each in reversed(self.tree()):
            each.send(signal.SIGKILL)
        self.process.wait(30)


def _words(of: Process) -> str:
    try:
        return Path(f"/proc/{of.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Visits of a second for a quarter of a minute: longer than any kill of this table takes to come."""
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    head, objectives = shipped.split("[figures]")[0], shipped[shipped.index("[[objective]]") :]
    longer = QUICK.replace('to = "09:08"', 'to = "09:30"').replace('scale = "1/40"', 'scale = "1/400"')
    path = tmp_path_factory.mktemp("profiles") / "quick.toml"
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


@pytest.mark.slow
@pytest.mark.needs("haproxy", "nft", "ip")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", FAULTS)
def test_whoever_of_a_run_is_killed_its_fault_ends(fault: str, profile: Path, url: str) -> None:
    """One kill of each fault in turn, so that each kind has its turn; every one that is not held is named.

    ENTSURGE_KILLS=all: all six of each fault, which takes twenty minutes.
    """
    wrong = []
    turn = FAULTS.index(fault) % len(KILLS)
    chosen = list(KILLS.items()) if os.environ.get("ENTSURGE_KILLS") == "all" else [list(KILLS.items())[turn]]
    with tempfile.TemporaryDirectory(prefix="entsurge-kill-") as name:
        folder = Path(name)
        try:
            with CASES[fault](folder, fault) as case:
                for number, (kill, whom) in enumerate(chosen):
                    run = RealRun(folder / str(number), profile, url, case)
                    try:
                        until(_in_force(run, case), BEGIN_SECONDS, f"{fault} hurts: {run.said()}")
                        ended(run, case, whom)
                    except AssertionError as error:
                        wrong.append(f"{fault} / {kill}: {error}")
                    finally:
                        run.close()
                        case.repair()
        except Lacking as lacking:
            pytest.skip(str(lacking))
    assert not wrong, "\n\n".join(wrong)


def _in_force(run: RealRun, case: Case) -> Callable[[], bool]:
    """It hurts and has been told as applied; a run that ends before that has failed."""

    def look() -> bool:
        assert run.process.poll() is None, run.said()
        path = run.folder / "state" / "audit.jsonl"
        return path.is_file() and '"state":"applied"' in path.read_text() and case.hurts()

    return look

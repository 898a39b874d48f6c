"""A real `entsurge run` or `entsurge measures` with a perturbation in force, whose processes can be killed by name."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from chaos_endings import Case

from entsurge.chaos.process import Process
from entsurge.chaos.victim import descendants

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


class RealRun:
    """`entsurge run` with one fault in force, in a state folder of its own, and its processes by what they are."""

    def __init__(self, folder: Path, profile: Path, url: str, case: Case) -> None:
        self.folder, self.environment = folder, os.environ | {"ENTSURGE_STATE": str(folder / "state")}
        folder.mkdir()
        self.arguments = self.asked(str(profile), case.target or url, str(case.file))
        with (folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "entsurge", *self.arguments], cwd=folder, env=self.environment, stdout=said,
                stderr=said, start_new_session=True,
            )  # fmt: skip
        self.known: set[Process] = {Process.of(self.process.pid)}

    def asked(self, profile: str, target: str, perturbation: str) -> list[str]:
        """The command's arguments."""
        told = ["--out", "run", "--exporter-port", "0", "--chaos", perturbation]
        return ["run", profile, "--target", target, *told]

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
        return self.entsurge("chaos", *arguments, seconds=90)

    def entsurge(self, *arguments: str, seconds: float) -> subprocess.CompletedProcess:
        """The command line in this folder and state folder."""
        return subprocess.run(
            [sys.executable, "-m", "entsurge", *arguments], env=self.environment, cwd=self.folder,
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def in_force(self) -> list[str]:
        """Records that are still on disk."""
        return [path.name for path in (self.folder / "state" / "in-force").glob("*")]

    def said(self) -> str:
        """What the command and the perturbations' logs say."""
        logs = [self.folder / "said", *self.folder.rglob("chaos/*.log")]
        return "\n".join(path.read_text(errors="replace")[-1500:] for path in logs if path.is_file())

    def close(self) -> None:
        """Whatever lives of it ends."""
        for each in reversed(self.tree()):
            each.send(signal.SIGKILL)
        self.process.wait(30)


class RealTrial(RealRun):
    """`entsurge measures` in its run with the measure; its journal is where it goes on from."""

    def asked(self, profile: str, target: str, perturbation: str) -> list[str]:
        """One block of none and this measure, none first (by the seed)."""
        told = ["--measure", perturbation, "--no-pairs", "--blocks", "1", "--seed", "1", "--out", "trial"]
        return ["measures", profile, "--target", target, *told]

    def rows(self) -> list[dict]:
        """What the journal says of runs."""
        lines = (self.folder / "trial" / "measures.jsonl").read_text().splitlines()
        return [row for row in map(json.loads, lines) if row["kind"] == "run"]

    def whole(self) -> bool:
        """Whether its page was written."""
        return (self.folder / "trial" / "measures.json").is_file()


def _words(of: Process) -> str:
    try:
        return Path(f"/proc/{of.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""

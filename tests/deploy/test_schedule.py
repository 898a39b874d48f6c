"""Scheduled runs: the night's script keeps its promises, units and manifests are what their own tools accept."""

import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from tests.deploy.test_container import call, understood

ROOT = Path(__file__).resolve().parents[2]
SCHEDULE, KUBERNETES = ROOT / "deploy" / "schedule", ROOT / "deploy" / "kubernetes"
RULES = ("--keep", "30", "--total-size", "20GB")
FAKE = """#!/bin/sh
echo "$@" >> told
case $1 in
run)
  mkdir -p "$6"; echo {} > "$6/created.jsonl"
  if [ -n "$SLOW" ]; then
    trap 'echo ended >> told; exit 143' TERM
    echo waits >> told
    while :; do sleep 0.05; done
  fi
  exit $RUN ;;
prune) exit $PRUNE ;;
cleanup) exit 6 ;;
esac
"""


@pytest.fixture
def night(tmp_path: Path):
    """Starts a night in a folder where `entsurge` is a stand-in that writes down what it is told."""
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "entsurge"
    fake.write_text(FAKE)
    fake.chmod(0o755)

    def start(run: int = 0, prune: int = 0, slow: str = "") -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "RUN": str(run), "PRUNE": str(prune), "SLOW": slow
        }  # fmt: skip
        command = ["sh", str(SCHEDULE / "night.sh"), "ordinary-week", "ours/target.toml", *RULES]
        return subprocess.Popen(command, cwd=tmp_path, env=environment)

    return start


def told(folder: Path) -> list[str]:
    path = folder / "told"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(("run", "prune", "code"), [(0, 0, 0), (3, 0, 3), (0, 7, 7), (4, 7, 4)])
def test_a_night_runs_cleans_up_and_rotates_whatever_came_of_the_run(
    night, tmp_path: Path, run: int, prune: int, code: int
) -> None:
    """In this order; the exit code is the run's, or the rotation's where the run passed."""
    assert night(run, prune).wait(timeout=30) == code
    first, second, third = told(tmp_path)
    made = first.split()[5]
    assert first == f"run ordinary-week --target ours/target.toml --out {made} --quiet"
    assert made.startswith("runs/")
    assert made.endswith("Z-night")
    assert second == f"cleanup {made} --yes --quiet"
    assert third == "prune runs --keep 30 --total-size 20GB --yes --quiet"
    for line in (first, second, third):
        understood(shlex.split(line))


def test_a_night_that_is_told_to_stop_ends_its_run_in_order(night, tmp_path: Path) -> None:
    """The signal is passed on, the run's end is waited for, rotation comes all the same."""
    process = night(slow="yes")
    limit = time.monotonic() + 30
    while "waits" not in told(tmp_path) and time.monotonic() < limit:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 143
    assert [line.split()[0] for line in told(tmp_path)] == ["run", "waits", "ended", "cleanup", "prune"]


def test_systemd_accepts_the_units() -> None:
    """`systemd-analyze verify` says nothing; the timer's nights are school nights; the script's words are known."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    units = [str(SCHEDULE / f"entsurge-night.{kind}") for kind in ("service", "timer")]
    verify = ["systemd-analyze", "verify", *units]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "entsurge" in line]
    assert ours == []
    assert "Mon..Fri *-*-* 02:00:00" in call("systemd-analyze", "calendar", "Mon..Fri 02:00")


def test_what_the_unit_starts_is_understood() -> None:
    """Profile, target and rules of its ExecStart, as night.sh makes commands of them."""
    line = next(
        line for line in (SCHEDULE / "entsurge-night.service").read_text().splitlines() if line.startswith("ExecStart=")
    )
    shell, script, profile, target, *rules = shlex.split(line.partition("=")[2])
    assert (shell, script) == ("/bin/sh", "night.sh")
    understood(["run", profile, "--target", target, "--quiet"])
    understood(["prune", "runs", *rules, "--yes"])


def test_rotation_is_a_component_that_an_overlay_takes_in(tmp_path: Path) -> None:
    """Its pod is like the others, on the same volume, and its words are known."""
    job = yaml.safe_load((KUBERNETES / "rotation" / "cronjob.yaml").read_text("utf-8"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    understood(pod["containers"][0]["args"])
    assert pod["securityContext"]["runAsNonRoot"] is True
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl")
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes" / "overlays" / "one-node"
    for name in ("target.toml", "accounts.csv", "secrets.env"):
        (overlay / name).write_text("a=b\n")
    text = (overlay / "kustomization.yaml").read_text("utf-8")
    (overlay / "kustomization.yaml").write_text(text + "components: [../../rotation]\n", "utf-8")
    made = list(yaml.safe_load_all(call("kubectl", "kustomize", str(overlay))))
    (found,) = [each for each in made if each["kind"] == "CronJob"]
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claims <= {each["metadata"]["name"] for each in made if each["kind"] == "PersistentVolumeClaim"}
    assert found["metadata"]["namespace"] == "entsurge"
    image = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == "entsurge:0.1.0"

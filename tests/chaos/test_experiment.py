"""Experiments: every shipped one is valid, and whatever is wrong with one is said with its file and key."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from chaos_subject import experiment, write

from entsurge import content
from entsurge.chaos.check import faults_of
from entsurge.chaos.experiment import load
from entsurge.chaos.game_day import load_all, names
from entsurge.errors import UsageError

WORKED = Path(__file__).parents[2] / "docs" / "examples" / "measures"
WANTED = {
    "sso-slow", "sso-down", "database-pool-exhausted", "database-locked", "one-node-killed", "storage-slow",
    "school-network-lossy", "broker-down", "video-down", "certificate-expired", "dns-cut", "cache-flushed",
    "pupils-and-teachers-first", "parents-time-slots", "news-closed", "short-sessions", "messaging-off",
}  # fmt: skip


def test_the_library_is_there_and_valid() -> None:
    """Every experiment passes Chaos Toolkit's validation and ours, and has a title in both languages."""
    assert set(content.names("chaos")) >= WANTED
    for name in (*content.names("chaos"), *names()):
        assert faults_of(name) == []
    for name in content.names("chaos"):
        assert set(load(name).extension.title) == {"fr", "en"}


def test_the_worked_measures_are_valid_and_explained() -> None:
    """Each passes both validations, is a measure with a way back and titles, and stands on its page."""
    page = (WORKED.parents[1] / "measures-worked.md").read_text()
    found = sorted(WORKED.glob("*/*.json"))
    assert {path.parent.name for path in found} == {"nginx", "haproxy", "entcore", "moodle"}
    for path in found:
        if path.name == "auth.json":  # entcore's own
            continue
        assert faults_of(str(path)) == []
        one = load(str(path))
        assert one.extension.kind == "measure"
        assert set(one.extension.title) == {"fr", "en"}
        assert all(held["settings"].get("off", True) for held in one.faults)
        assert f"({path.relative_to(WORKED.parents[1])})" in page


def test_chaos_toolkit_s_own_command_accepts_them(tmp_path: Path) -> None:
    """`chaos validate`, as anybody runs it, without one variable set."""
    for path in sorted(content.root("chaos").glob("*.json"))[::5]:
        done = subprocess.run(
            [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "validate", str(path)],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_an_experiment_runs_under_plain_chaos_run(tmp_path: Path) -> None:
    """Without a run around it: applied, held for its seconds, ended, journal written."""
    flag = tmp_path / "flag"
    seen = tmp_path / "seen"
    settings = {"on": ["sh", "-c", f"touch {flag} {seen}"], "off": ["rm", str(flag)]}
    path = experiment(tmp_path / "x.json", "command", settings)
    whole = json.loads(path.read_text())
    whole["method"][0]["provider"]["arguments"]["seconds"] = 0.2
    path.write_text(json.dumps(whole))
    done = subprocess.run(
        [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "run", str(path)], cwd=tmp_path,
        capture_output=True, text=True, timeout=60, check=False, env={"ENTSURGE_STATE": str(tmp_path), "PATH": "/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert seen.exists()
    assert not flag.exists()
    run = json.loads((tmp_path / "journal.json").read_text())["run"][0]
    assert run["output"]["ended_by"] == "normal"
    assert run["output"]["held_seconds"] == pytest.approx(0.2, abs=0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\x89PNG\xff\xfe", "UTF-8"), (b"", "not JSON"), (b"[]", "method"), (b'{"method": {}}', "method"),
        (b'{"method": [1]}', "list of activities"), (b'{"method": [], "extensions": 3}', "extensions"),
        (b'{"method": [], "extensions": [{"name": "other"}]}', "one block named entsurge"),
        (b"[" * 100_000, "not JSON"),
    ],
)  # fmt: skip
def test_garbage_is_refused_with_the_file_s_name(tmp_path: Path, text: bytes, said: str) -> None:
    """Never a traceback."""
    path = tmp_path / "garbage.json"
    path.write_bytes(text)
    with pytest.raises(UsageError, match=r"garbage\.json") as caught:
        load(str(path))
    assert said in str(caught.value)


def test_every_mistake_of_the_extension_is_said_at_once(tmp_path: Path) -> None:
    """File and key of each."""
    path = experiment(tmp_path / "x.json", "command", {"on": ["true"]}, kind="joke", lease=0.1, colour="red")
    found = "\n".join(faults_of(str(path)))
    for key in ("extensions.entsurge.kind", "extensions.entsurge.lease_seconds", "extensions.entsurge.colour"):
        assert key in found
    assert str(path) in found


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    """A setting that is missing, one too many, an unknown fault, two faults in one file, no way back."""
    path = experiment(tmp_path / "x.json", "envoy-delay", {"delay_seconds": -1, "speed": 3})
    found = "\n".join(faults_of(str(path)))
    for key in ("settings.control_port", "settings.delay_seconds", "settings.speed"):
        assert key in found
    assert "there are" in "\n".join(faults_of(str(experiment(tmp_path / "y.json", "earthquake", {}))))
    whole = json.loads(experiment(tmp_path / "z.json", "command", {"on": ["true"]}).read_text())
    whole["method"] *= 2
    (tmp_path / "z.json").write_text(json.dumps(whole))
    assert "2 faults are held" in "\n".join(faults_of(str(tmp_path / "z.json")))
    touch = {"type": "action", "name": "t", "provider": {"type": "process", "path": "true"}}
    assert "rollbacks: missing" in "\n".join(faults_of(str(write(tmp_path / "f.json", [touch], []))))


def test_a_game_day_is_its_perturbations_with_their_times(tmp_path: Path) -> None:
    """In the file's order; what is wrong in the file is said with its key."""
    day = load_all(["game-day"])
    assert [one.id for one in day][:2] == ["sso-slow", "static-home"]
    assert day[0].span.start == "09:02"
    bad = tmp_path / "day.toml"
    bad.write_text("[title]\nfr = 'x'\n[[perturbation]]\nexperiment = 'sso-slow'\nstart = 'noon'\n")
    with pytest.raises(UsageError, match=r"perturbation\.0\.start"):
        load_all([str(bad)])

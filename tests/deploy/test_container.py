"""The image and what is started of it: files that their own tools accept, and arguments that entsurge knows."""

import itertools
import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from entsurge.cli import entsurge

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = ROOT / ".release" / "bin"
CHECKOV = ROOT / ".products" / "checkov" / "bin" / "checkov"
OVERLAYS = ("one-node", "region", "national")
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text("utf-8")


def tool(name: str) -> str:
    """The path of one of deploy/release/tools.txt; without `make release`'s environment the test is skipped."""
    if not (TOOLS / name).exists():
        pytest.skip(f"needs {name}: make .release/.ready")
    return str(TOOLS / name)


def call(*command: str) -> str:
    """What it prints; fails with that where it exits otherwise than by 0."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def understood(arguments: list[str]) -> click.Context:
    """entsurge's own reading of a command line, without running it. Raises click's errors for one that it refuses."""
    with click.Context(entsurge, info_name="entsurge") as group:
        name, command, rest = entsurge.resolve_command(group, list(arguments))
        assert command is not None
        return command.make_context(name, rest, parent=group)


def test_the_containerfile_is_well_formed() -> None:
    """hadolint finds nothing worse than a hint."""
    call(tool("hadolint"), "--failure-threshold", "warning", str(DEPLOY / "container" / "Containerfile"))


def test_the_image_runs_as_nobody_and_writes_where_it_says() -> None:
    """A user without a name, two volumes, its own before they are volumes; what it copies `make release` makes."""
    assert "USER 65532:65532" in CONTAINERFILE
    assert CONTAINERFILE.index("RUN install -d -o 65532 -g 65532 /srv/entsurge/runs\n") < CONTAINERFILE.index(
        "\nVOLUME "
    )
    assert 'VOLUME ["/srv/entsurge/runs", "/tmp"]' in CONTAINERFILE
    assert "COPY dist/requirements.txt dist/entsurge-*.whl ./" in CONTAINERFILE
    assert "requirements.txt" in (DEPLOY / "release" / "release.py").read_text("utf-8")


def compose() -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def test_compose_is_of_its_schema() -> None:
    """The Compose Specification's own."""
    file = str(DEPLOY / "container" / "compose.yaml")
    call(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", file)


def test_compose_starts_what_there_is() -> None:
    """Commands that entsurge understands, files that exist, ports of this machine's loopback alone, nothing as root."""
    found = compose()["services"]
    for name in ("sandbox", "master", "worker"):
        service = found[name]
        asked = [each.replace("${ENTSURGE_PROFILE:-lockdown-2020}", "lockdown-2020") for each in service["command"]]
        understood(asked)
        assert (service["user"], service["read_only"], service["cap_drop"]) == ("65532:65532", True, ["ALL"])
    for service in found.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DEPLOY / "container" / source).is_dir(), volume
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    workers = found["master"]["command"][found["master"]["command"].index("--workers") + 1]
    assert int(workers) == found["worker"]["deploy"]["replicas"]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Every overlay as `kubectl kustomize` makes it, its own files filled in."""
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl")
    copy = tmp_path_factory.mktemp("kubernetes")
    shutil.copytree(DEPLOY / "kubernetes", copy, dirs_exist_ok=True)
    found = {}
    for name in OVERLAYS:
        folder = copy / "overlays" / name
        (folder / "target.toml").write_text('url = "https://ent.example.fr"\n')
        (folder / "accounts.csv").write_text("persona,login,password,school\n")
        (folder / "secrets.env").write_text("workers-secret=sixteen-or-more-of-them\n")
        text = call("kubectl", "kustomize", str(folder))
        (copy / f"{name}.yaml").write_text(text)
        found[name] = list(yaml.safe_load_all(text))
    found["files"] = [{"path": str(copy / f"{name}.yaml")} for name in OVERLAYS]
    return found


def of_kind(rows: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {row["metadata"]["name"]: row for row in rows if row["kind"] == kind}


def test_manifests_are_of_their_schemas(rendered: dict[str, list[dict[str, Any]]]) -> None:
    """Kubernetes' own, without a cluster; kinds that are others' (PodMonitor) are not known to it."""
    checker = tool("kubernetes-validate")
    for file in rendered["files"]:
        rows = [row for row in yaml.safe_load_all(Path(file["path"]).read_text()) if row["kind"] != "PodMonitor"]
        Path(file["path"]).write_text(yaml.safe_dump_all(rows))
        call(checker, "--strict", file["path"])


@pytest.mark.slow
@pytest.mark.skipif(not CHECKOV.exists(), reason="needs checkov: .ci/run installs it in .products/checkov")
def test_manifests_follow_the_policies(rendered: dict[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    """checkov's own, asked without a network; what is not followed is named in an annotation, with its reason."""
    for name in OVERLAYS:
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump_all(rendered[name]))
    asked = ("--framework", "kubernetes", "--skip-download", "--output", "json", "--directory", str(tmp_path))
    done = subprocess.run(
        [CHECKOV, *asked],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=os.environ | {"LOG_LEVEL": "ERROR"},
    )
    found = json.loads(done.stdout)
    assert [(each["check_name"], each["resource"]) for each in found["results"]["failed_checks"]] == []
    assert found["summary"]["parsing_errors"] == 0
    assert found["summary"]["passed"] > 100 * len(OVERLAYS)
    skipped = {
        each["check_id"]: each["check_result"]["suppress_comment"] for each in found["results"]["skipped_checks"]
    }
    assert set(skipped) == {"CKV_K8S_11", "CKV_K8S_43"}
    assert all(len(reason) > 20 for reason in skipped.values())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_are_restricted_and_start_what_there_is(overlay: str, rendered: dict[str, list[dict[str, Any]]]) -> None:
    """Pod Security's level *restricted*, requests and limits, arguments that are understood, workers as awaited."""
    rows = rendered[overlay]
    pods = {name: row["spec"]["template"]["spec"] for kind in ("Job", "Deployment")
            for name, row in of_kind(rows, kind).items()}  # fmt: skip
    assert set(pods) == {"entsurge-master", "entsurge-workers", "entsurge-reports"}
    for pod in pods.values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False
            assert own["readOnlyRootFilesystem"] is True
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert "memory" in container["resources"]["limits"]
            named = {volume["name"] for volume in pod["volumes"]}
            assert {mount["name"] for mount in container["volumeMounts"]} <= named
    config = next(row["data"] for name, row in of_kind(rows, "ConfigMap").items() if name.startswith("entsurge-run"))
    filled = {f"$({name.upper()})": told for name, told in config.items()}
    for name in ("entsurge-master", "entsurge-workers"):
        understood([filled.get(each, each) for each in pods[name]["containers"][0]["args"]])
    master = pods["entsurge-master"]["containers"][0]["args"]
    for name in ("scale", "compression"):
        assert master[master.index(f"--{name}") + 1] == f"$({name.upper()})"
    workers = of_kind(rows, "Job")["entsurge-workers"]["spec"]
    assert workers["completions"] == workers["parallelism"] == int(config["workers"])
    assert workers["completionMode"] == "Indexed"


def asked_of(overlay: str) -> dict[str, str]:
    """What a run of an overlay is called with: profile, workers, scale, compression."""
    whole = yaml.safe_load((DEPLOY / "kubernetes" / "overlays" / overlay / "kustomization.yaml").read_text("utf-8"))
    (literals,) = (each["literals"] for each in whole["configMapGenerator"] if each["name"] == "entsurge-run")
    return dict(each.split("=") for each in literals)


def rows_of(document: Path, first: str) -> list[dict[str, str]]:
    """The rows of a Markdown table of which this is the first column."""
    lines = (ROOT / document).read_text("utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {first} |"))
    cells = [
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in itertools.takewhile(bool, lines[start:])
    ]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def test_overlays_have_as_many_workers_as_the_sizing_says() -> None:
    """Over HTTP/1.1 in TLS, as docs/workers.md reckons; the README beside the overlays says the same number."""
    sizing = rows_of(Path("docs/workers.md"), "profile")
    told = {row["overlay"]: row["workers"] for row in rows_of(Path("deploy/kubernetes/README.md"), "overlay")}
    asked = {name: asked_of(name) for name in OVERLAYS}
    assert told == {name: of["workers"] for name, of in asked.items()}
    for name in ("region", "national"):
        (row,) = (row for row in sizing if (row["profile"], row["over"]) == (asked[name]["profile"], "https, HTTP/1.1"))
        assert asked[name]["workers"] == row["--processes"]


def test_overlays_offer_what_they_are_named_for() -> None:
    """Everybody in real time, which their workers are reckoned for; the rehearsal as its profile has it."""
    offered = {name: asked_of(name) for name in OVERLAYS}
    for name in ("region", "national"):
        assert (offered[name]["scale"], offered[name]["compression"]) == ("1", "1")
    rehearsal = offered["one-node"]
    replay = tomllib.loads((ROOT / "profiles" / f"{rehearsal['profile']}.toml").read_text("utf-8"))["replay"]
    assert (rehearsal["scale"], rehearsal["compression"]) == (replay["scale"], str(replay["compression"]))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_workers_speak_to_master_and_target_alone(overlay: str, rendered: dict[str, list[dict[str, Any]]]) -> None:
    """Everything is shut; each opening selects pods that there are; nobody may come to a worker."""
    policies = of_kind(rendered[overlay], "NetworkPolicy")
    assert policies["entsurge-nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    out = policies["entsurge-workers-to-master"]["spec"]
    assert out["podSelector"]["matchLabels"] == {"app.kubernetes.io/component": "worker"}
    assert out["egress"][0]["to"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/component": "master"}}}]
    for row in policies.values():
        selector = row["spec"]["podSelector"].get("matchLabels", {})
        incoming = row["spec"].get("ingress")
        assert not (incoming and selector.get("app.kubernetes.io/component") == "worker")


@pytest.mark.needs("kubectl")
def test_an_overlay_without_a_target_is_refused() -> None:
    """As it is shipped no overlay renders: it names the file that is lacking."""
    done = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kubernetes" / "overlays" / "region")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "target.toml" in done.stderr

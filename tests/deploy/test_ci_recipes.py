"""The recipes of deploy/ci: their schemas, and their own shell steps run on runs that are finished already.

`entsurge run` puts a prepared run where it was asked for one, and `entsurge report` a folder: a load and a report are
what other tests are for. All else is the command itself.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.analysis.records import objective, pages, record

from entsurge.baselines.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "deploy" / "ci"
CHECK = ROOT / ".release" / "bin" / "check-jsonschema"
LOCAL = ROOT / ".node" / "node_modules" / "gitlab-ci-local" / "dist" / "index.js"
STAND_IN = """#!/bin/sh
command=$1
case $command in
run)
  while [ "$1" != --out ]; do shift; done
  mkdir -p "$(dirname "$2")"
  exec cp -r "{prepared}/$(basename "$2")" "$2" ;;
report) while [ "$1" != --out ]; do shift; done; exec mkdir -p "$2" ;;
esac
exec "{python}" -m entsurge "$@"
"""
ENDING = """#!/bin/sh
echo "$1" >> {log}
[ "$1" != run ] || exit {code}
"""
BARE = """Set.prototype.union ??= function (other) {{ return new Set([...this, ...other]); }};
process.argv.splice(1, 1, {path});
import({path});
"""
"""gitlab-ci-local asks for a method of sets that node 20, which Debian has, has not."""


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job's folder, and beside it the commands that it finds: an entsurge that has its runs ready."""
    prepared, found = tmp_path / "prepared", tmp_path / "bin"
    rows = pages(count=400, seconds=0.3)
    for number in (1, 2, 3):
        run = record(
            tmp_path / "made", rows, objectives=[objective("p95 < 1s")],
            started_utc=f"2026-03-02T09:0{number}:00+00:00",
            planned={"student": {"visits": 0, "page_views": 400, "services": {}}},
        )  # fmt: skip
        shutil.copytree(run, prepared / f"new-{number}")
    found.mkdir()
    (found / "entsurge").write_text(STAND_IN.format(prepared=prepared, python=sys.executable), encoding="utf-8")
    (found / "entsurge").chmod(0o755)
    (tmp_path / "job").mkdir()
    return tmp_path / "job"


def steps_of_gitlab() -> tuple[dict[str, str], list[str]]:
    """Variables, and the lines of a job in order."""
    whole = yaml.safe_load((CI / "gitlab.yml").read_text(encoding="utf-8"))
    base, own = whole[".entsurge"], whole["load-gate"]
    assert own["extends"] == ".entsurge"
    return whole["variables"] | base["variables"], ["\n".join([*base["before_script"], *own["script"]])]


def steps_of_github() -> tuple[dict[str, str], list[str]]:
    """The same of the composite action: inputs at their defaults, on the branch whose runs become baselines."""
    action = yaml.safe_load((CI / "github" / "entsurge-gate" / "action.yml").read_text(encoding="utf-8"))
    inputs = {name: each["default"] for name, each in action["inputs"].items()}
    given: dict[str, str] = {}
    for step in action["runs"]["steps"]:
        given |= {name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda of: inputs[of[1]], told)
                  for name, told in step["env"].items()}  # fmt: skip
    assert all(each["shell"] == "bash" for each in action["runs"]["steps"])
    return given, [each["run"] for each in action["runs"]["steps"]]


def steps_of_jenkins() -> tuple[dict[str, str], list[str]]:
    """The same of the Jenkinsfile's parameters and `sh` steps."""
    text = (CI / "Jenkinsfile").read_text(encoding="utf-8")
    return (
        dict(re.findall(r"string\(name: '(\w+)', defaultValue: '([^']*)'\)", text)),
        re.findall(r"sh '''\n(.*?)'''", text, re.DOTALL),
    )


RECIPES = {
    "gitlab": (steps_of_gitlab, "GATE_PLACE", ["bash", "-eo", "pipefail", "-c"]),
    "github": (steps_of_github, "PLACE", ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]),
    "jenkins": (steps_of_jenkins, "GATE_PLACE", ["sh", "-xe", "-c"]),
}


def surroundings(job: Path, given: Mapping[str, str], **more: str) -> dict[str, str]:
    found = f"{job.parent / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return (
        os.environ | {name: str(value) for name, value in given.items()}
        | {"PATH": found, "ENTSURGE_STATE": str(job / "state"), "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
        | more
    )  # fmt: skip


def run_steps(job: Path, name: str, **more: str) -> list[subprocess.CompletedProcess[str]]:
    """A recipe's shell steps in order, as its system calls a shell, as far as they go."""
    read, place, shell = RECIPES[name]
    given, steps = read()
    surrounded, done = surroundings(job, given, **{place: str(job.parent / "kept")} | more), []
    for step in steps:
        done.append(
            subprocess.run([*shell, step], cwd=job, env=surrounded, capture_output=True, text=True, check=False)
        )
        if done[-1].returncode:
            break
    return done


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_the_shell_steps_of_a_recipe_gate_and_keep_baselines(name: str, job: Path) -> None:
    """A first pipeline: nothing to be compared with; its runs are kept. A second one holds its own against them."""
    done = run_steps(job, name)
    assert [each.returncode for each in done] == [0] * len(done), done[-1].stderr
    assert len(Folder(job.parent / "kept").held().runs) == 3
    assert (job / "gate.xml").is_file()
    assert json.loads((job / "gate.json").read_text("utf-8"))["comparison"] is None
    for number in (1, 2, 3):
        manifest = job.parent / "prepared" / f"new-{number}" / "manifest.json"
        manifest.write_text(manifest.read_text("utf-8").replace("2026-03-02", "2026-03-03"), encoding="utf-8")
    if name == "gitlab":  # others keep the folder, and must not judge what lies there
        shutil.rmtree(job)
        job.mkdir()
    done = run_steps(job, name)
    assert done[-1].returncode == 0, done[-1].stderr
    assert len(Folder(job.parent / "kept").held().runs) == 6
    assert json.loads((job / "gate.json").read_text("utf-8"))["comparison"] is not None


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("code", [2, 3, 6, 7])
def test_a_recipe_stops_where_there_is_no_run(name: str, code: int, job: Path) -> None:
    """With the code of `entsurge run`; a missed objective is a run. What the folder held before is gone."""
    (job.parent / "bin" / "entsurge").write_text(ENDING.format(code=code, log=job.parent / "log"), encoding="utf-8")
    for each in ("runs/new-1", "runs/main", "report"):
        (job / each).mkdir(parents=True)
    (job / "gate.xml").write_text("<testsuites/>", encoding="utf-8")
    done = run_steps(job, name)
    called = (job.parent / "log").read_text("utf-8").split()
    assert not any((job / each).exists() for each in ("runs", "report", "gate.xml"))
    assert (called.count("run"), "gate" in called) == ((3, True) if code == 3 else (1, False))
    assert done[-1].returncode == (0 if code == 3 else code), done[-1].stderr


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_without_entsurge_says_so(name: str, job: Path) -> None:
    """No wheel, no index, none in the image: one sentence and 2, before anything is begun."""
    bare = job.parent / "bare"
    bare.mkdir()
    for each in ("sh", "bash", "python3"):
        (bare / each).symlink_to(shutil.which(each) or each)
    done = run_steps(job, name, PATH=str(bare))
    assert (len(done), done[0].returncode) == (1, 2)
    assert "entsurge is on no public index" in done[0].stderr
    assert not any(job.iterdir())


@pytest.mark.skipif(not CHECK.exists(), reason="needs check-jsonschema: make .release/.ready installs it")
@pytest.mark.parametrize(
    ("schema", "file"),
    [("gitlab-ci", "gitlab.yml"), ("github-actions", "github/entsurge-gate/action.yml"),
     ("github-workflows", "github/workflow.yml")],
)  # fmt: skip
def test_a_recipe_is_what_its_system_takes(schema: str, file: str) -> None:
    """By the schemas that the tool carries; nothing is asked of the network."""
    call = [CHECK, "--builtin-schema", f"vendor.{schema}", CI / file]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_recipes_and_documents_install_what_exists() -> None:
    """No recipe or document asks a public index for entsurge: a bare name would bring whoever takes it there."""
    looked = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(each for each in CI.rglob("*") if each.is_file())]
    told = re.compile(r"pip install (?:--quiet )?['\"]?entsurge\b(?!\[)")
    assert [str(each) for each in looked if told.search(each.read_text(encoding="utf-8"))] == []


def inputs_used(steps: list[dict[str, Any]]) -> set[str]:
    return {name for step in steps if "entsurge-gate" in step.get("uses", "") for name in step["with"]}


def test_what_is_shown_uses_variables_that_the_recipes_have() -> None:
    """The workflow beside the action, and the examples of docs/gate.md."""
    text = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    gitlab, github = (yaml.safe_load(each.partition("```")[0]) for each in text.split("```yaml\n")[1:])
    workflow = yaml.safe_load((CI / "github" / "workflow.yml").read_text(encoding="utf-8"))
    action = yaml.safe_load((CI / "github" / "entsurge-gate" / "action.yml").read_text(encoding="utf-8"))
    for each in (github, workflow):
        assert inputs_used(each["jobs"]["gate"]["steps"]) <= set(action["inputs"])
    known = yaml.safe_load((CI / "gitlab.yml").read_text(encoding="utf-8"))["variables"]
    assert set(gitlab["load-gate"]["variables"]) <= set(known)
    assert set(re.findall(r"`(GATE_\w+)", text)) <= set(known)


@pytest.mark.slow
@pytest.mark.needs("node", "git", "rsync")
@pytest.mark.skipif(not LOCAL.exists(), reason="needs gitlab-ci-local: .ci/run installs it in .node")
def test_gitlab_s_recipe_runs_when_it_is_included(job: Path) -> None:
    """By gitlab-ci-local and its shell executor: the include, `extends` and artefacts, as a project has them."""
    shutil.copy(CI / "gitlab.yml", job / "shared.yml")
    (job / ".gitlab-ci.yml").write_text(
        'include:\n  - local: shared.yml\nload-gate:\n  variables: {GATE_RUNS: "2"}\n', encoding="utf-8"
    )
    (job.parent / "local.cjs").write_text(BARE.format(path=json.dumps(str(LOCAL))), encoding="utf-8")
    environment = surroundings(job, {}, HOME=str(job.parent))
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-qm", "x"],
                  ["remote", "add", "origin", "git@example.org:a/b.git"]):  # fmt: skip
        subprocess.run(["git", *words], cwd=job, check=True, env=environment)
    set_so = [f"GATE_PLACE={job.parent / 'kept'}", f"ENTSURGE_STATE={job.parent / 'state'}"]
    done = subprocess.run(
        ["node", job.parent / "local.cjs", "--force-shell-executor", "--no-color",
         *(word for each in set_so for word in ("--variable", each)), "load-gate"],
        cwd=job, env=environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(Folder(job.parent / "kept").held().runs) == 2
    assert (job / "gate.xml").is_file()

"""Builds what is released, into dist/: wheel and sdist, checked, with a bill of materials, licences and checksums.

`make release` runs it with the tools of deploy/release/tools.txt. What it makes is the same to the byte from the same
commit: times are the commit's, and it builds twice to see. Exits 1 with one sentence at the first thing that is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ("faults", "live", "s3", "sandbox")
TOOLS = Path(sys.executable).parent
JOINED = re.compile(r"\s+(?:AND|OR|WITH)\s+|[()]")


class Refused(Exception):
    """Why nothing is released, in one sentence."""


def call(*command: str, **more: str) -> str:
    """What a command prints; Refused with its last words when it fails."""
    done = subprocess.run(command, cwd=ROOT, env=os.environ | more, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{Path(command[0]).name} {command[1]}: {(done.stderr.strip() or done.stdout.strip())[-800:]}")
    return done.stdout


def environment(home: Path) -> str:
    """What entsurge needs with its extras, at the versions of requirements.lock; the Python that has it."""
    uv, python, lock = str(TOOLS / "uv"), str(home / "bin" / "python"), home / "versions.txt"
    call(uv, "venv", "--quiet", "--python", sys.executable, str(home))
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    lock.write_text("\n".join(line.removesuffix("\\").strip() for line in lines if "==" in line), "utf-8")
    extras = [f"--extra={name}" for name in EXTRAS]
    call(
        uv, "pip", "install", "--quiet", "--python", python, "--constraint", str(lock), "-r", "pyproject.toml", *extras
    )  # fmt: skip
    return python


def build(out: Path, manual: Path, dated: str) -> dict[str, str]:
    """Wheel and sdist with the manual page, dated by the commit; their names and SHA-256."""
    call(
        sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT),
        SOURCE_DATE_EPOCH=dated, ENTSURGE_MANUAL=str(manual),
    )  # fmt: skip
    return sums(out)


def sums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder, by name."""
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in sorted(folder.iterdir())}


def built_twice(out: Path, python: str) -> None:
    """The same bytes from the same commit. Refused for any that differ."""
    dated = call("git", "log", "-1", "--format=%ct").strip()
    page = call(python, "-P", "-m", "entsurge", "man", PYTHONPATH=str(ROOT / "src"), SOURCE_DATE_EPOCH=dated)
    with tempfile.TemporaryDirectory() as name:
        manual, again = Path(name) / "entsurge.1", Path(name) / "again"
        manual.write_text(page, "utf-8")
        first = build(out, manual, dated)
        differ = [each for each, digest in build(again, manual, dated).items() if first.get(each) != digest]
    if differ:
        raise Refused(f"built twice, these differ: {', '.join(differ)}")


def check(out: Path) -> None:
    """What an index would refuse, what a wheel should not hold, files without a licence."""
    files = [str(each) for each in out.iterdir()]
    call(str(TOOLS / "twine"), "check", "--strict", *files)
    call(str(TOOLS / "check-wheel-contents"), *(each for each in files if each.endswith(".whl")))
    call(str(TOOLS / "reuse"), "lint", "--quiet")


def bill_of_materials(out: Path, python: str) -> Path:
    """A CycloneDX file of what the wheel installs with its extras, at the versions of requirements.lock."""
    bill = out / "entsurge.cdx.json"
    call(str(TOOLS / "uv"), "pip", "install", "--quiet", "--no-deps", "--python", python, str(next(out.glob("*.whl"))))
    call(
        str(TOOLS / "cyclonedx-py"), "environment", "--pyproject", str(ROOT / "pyproject.toml"),
        "--output-reproducible", "--of", "JSON", "-o", str(bill), python,
    )  # fmt: skip
    return bill


def requirements(bill: Mapping[str, object], lock: str) -> str:
    """What of a lock a bill of materials names, with its hashes: what an image or a machine without index installs.

    A package that the lock has twice, for older Pythons and for newer ones, stays twice. Refused for one that it lacks.
    """
    components = bill["components"]
    assert isinstance(components, list)  # noqa: S101  CycloneDX says so
    blocks: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=\S)", lock.strip()):
        blocks.setdefault(block.split("==")[0], []).append(block)
    names = sorted(canonical(each["name"]) for each in components if each["name"] != "entsurge")
    lacking = [name for name in names if name not in blocks]
    if lacking:
        raise Refused(f"installed, but not in requirements.lock: {', '.join(lacking)}")
    return "\n".join(block for name in names for block in blocks[name]) + "\n"


def canonical(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licences(bill: Mapping[str, object], told: Mapping[str, str]) -> Iterator[tuple[str, str, list[str]]]:
    """Of every package in a bill of materials: name, version and licences; `told` where the bill has none."""
    components = bill["components"]
    assert isinstance(components, list)  # noqa: S101  CycloneDX says so
    for each in sorted(components, key=lambda one: one["name"].lower()):
        if each["name"] == "entsurge":
            continue
        found = [
            one.get("expression") or one["license"].get("id") or one["license"]["name"]
            for one in each.get("licenses", [])
        ] or ([told[each["name"]]] if each["name"] in told else [])
        yield each["name"], each.get("version", ""), found


def parted(licence: str) -> list[str]:
    """The licences of an SPDX expression, each by itself; a classifier of PyPI's is one."""
    return [licence] if "::" in licence else [part.strip() for part in JOINED.split(licence) if part.strip()]


def judge(bill: Mapping[str, object], rules: Mapping[str, object]) -> str:
    """A table of all licences, in Markdown. Refused for a package with none, or with one that is not accepted."""
    accepted, told = rules["accepted"], rules["told"]
    assert isinstance(accepted, list)  # noqa: S101  the file beside this one
    assert isinstance(told, dict)  # noqa: S101
    rows, wrong = [], []
    for name, version, found in licences(bill, told):
        parts = [part for one in found for part in parted(one)]
        unknown = [part for part in parts if part not in accepted]
        if not parts or unknown:
            wrong.append(f"{name} {version} ({', '.join(unknown) or 'none said'})")
        rows.append(f"| {name} | {version} | {', '.join(dict.fromkeys(found))} |")
    if wrong:
        raise Refused(f"licences that deploy/release/licences.toml does not accept: {'; '.join(wrong)}")
    head = "# Licences of what is installed with entsurge\n\n| package | version | licence |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def notes(version: str) -> str:
    """What CHANGELOG.md says of this version. Refused when it says nothing."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    found = re.search(rf"^## {re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise Refused(f"CHANGELOG.md says nothing of {version}")
    return found[1].strip() + "\n"


def release(out: Path) -> None:
    """Everything, in order."""
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise Refused(f"{out} is not empty")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    said = notes(version)
    with tempfile.TemporaryDirectory() as home:
        print(f"entsurge {version}: wheel and sdist, twice", flush=True)
        python = environment(Path(home))
        built_twice(out, python)
        print("checks", flush=True)
        check(out)
        print("bill of materials, licences", flush=True)
        bill = bill_of_materials(out, python)
    rules = tomllib.loads((ROOT / "deploy" / "release" / "licences.toml").read_text("utf-8"))
    (out / "LICENCES.md").write_text(judge(json.loads(bill.read_text("utf-8")), rules), "utf-8")
    wanted = requirements(json.loads(bill.read_text("utf-8")), (ROOT / "requirements.lock").read_text("utf-8"))
    (out / "requirements.txt").write_text(wanted, "utf-8")
    (out / "NOTES.md").write_text(said, "utf-8")
    (out / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums(out).items()), "utf-8")
    print(f"{out}: {', '.join(each.name for each in sorted(out.iterdir()))}")


def main() -> int:
    """0 with everything in the folder, 1 with the reason why not."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--out", type=Path, default=ROOT / "dist", help="an empty folder (default: dist)")
    try:
        release(given.parse_args().out.resolve())
    except Refused as refused:
        print(f"release: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

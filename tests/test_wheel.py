"""What is shipped: a wheel through the sdist, that needs nothing of the checkout."""

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COSTS = json.loads((ROOT / "benchmarks" / "results" / "costs.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist as an index would get it."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel; the libraries it depends on are lent, the checkout is not."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=False)
    found = home / "bin" / "python"
    site = next((home / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return found


def call(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-P", "-m", "entsurge", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=cwd)


@pytest.mark.slow
def test_the_wheel_holds_the_content_and_nothing_else(wheel: Path) -> None:
    """The harness and the embedded ENT; content folders and measured costs; the markers of their types; no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"entsurge", "entsandbox"}
    for expected in (
        "content/profiles/lockdown-2020.toml",
        "content/scenarios/student.py",
        "content/chaos/static-home.json",
        "content/benchmarks/results/costs.json",
    ):
        assert f"entsurge/{expected}" in names
    assert {"entsurge/py.typed", "entsandbox/py.typed", "entsandbox/portal/pages/view.html"} <= names
    assert any(name.startswith("entsurge/content/reports/") and name.endswith(".j2") for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("crowded", [False, True])
def test_the_wheel_does_the_same_anywhere(python: Path, tmp_path: Path, crowded: bool) -> None:
    """From an empty folder, and from one with its own `profiles` and `scenarios` packages and a `calendar.py`."""
    if crowded:
        for name in ("profiles", "scenarios"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").write_text("raise RuntimeError('not me')")
        (tmp_path / "calendar.py").write_text("raise RuntimeError('not me')")
    done = call(python, "plan", "lockdown-2020", "--target", "http://127.0.0.1:8080", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert round(found["peak"]["total"]["visits_per_second"], 2) == 11.81
    assert found["sizing"]["costs"] == {name: COSTS[name] for name in ("date", "machine")}
    where = subprocess.run(
        [str(python), "-P", "-c", "import entsurge.content as c; print(c.root('profiles'))"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    ).stdout  # fmt: skip
    assert "content/profiles" in where
    assert str(ROOT) not in where

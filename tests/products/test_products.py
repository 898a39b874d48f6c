"""One suite for every product: checked, refused, loaded and cleaned up, over HTTPS with a private authority."""

import json
from pathlib import Path

import pytest
from tests.products.conftest import Product, products
from tests.products.wiki import PERSONAS

from entsurge.analysis import frames
from entsurge.record.reading.run import read_run
from entsurge.record.reading.series import Series

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("product", products(), indirect=True)]
BORNE = "run"  # a run's requests bear the name of its directory
TOLD = ("--out", BORNE, "--quiet", "--exporter-port", "0")
WRITER = """
from entsurge.audience.shape import SERVICES
from entsurge.scenario import Visitor, journey


class Writer(Visitor):
    persona = "{persona}"
    for service in SERVICES:
        locals()[service.replace("-", "_")] = journey(service)(lambda self: iter({actions}))
"""


@pytest.fixture
def profile(quick_profile: Path, tmp_path: Path) -> Path:
    """Some thirty visits in eight seconds, and minutes for a slow machine to serve the last of them."""
    path = tmp_path / "small.toml"
    text = quick_profile.read_text("utf-8").replace('scale = "1/40"', 'scale = "1/250"')
    text = text.replace("compression = 120", "compression = 60").replace("drain_seconds = 8", "drain_seconds = 120")
    path.write_text(text, encoding="utf-8")
    return path


def test_doctor_finds_everything_well(entsurge, product: Product, tmp_path: Path) -> None:
    """Every line of the check is well: certificate, clock, sign-ons of all personas, each page that reads."""
    found = entsurge("doctor", "--target", str(product.dress(tmp_path)), "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    rows = {row["check"]: row for row in map(json.loads, found.stdout.splitlines())}
    assert rows["certificate"]["detail"].startswith("TLSv1.3")
    assert {"student sign-on", "teacher sign-on", "parent open-home", "staff read-homework-list"} <= rows.keys()
    assert not [row for row in rows.values() if row["ok"] is False]
    assert not [row for name, row in rows.items() if name.partition(" ")[0] in PERSONAS and not row["ok"]]


def test_an_authority_that_is_not_named_is_not_trusted(entsurge, product: Product, tmp_path: Path) -> None:
    """Without `certificates` in the target file: exit code 6, and the reason."""
    path = product.dress(tmp_path)
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("certificates")), encoding="utf-8")
    found = entsurge("doctor", "--target", str(path))
    assert found.returncode == 6, found.stdout + found.stderr
    assert "certificate" in found.stdout + found.stderr


def test_a_wrong_password_is_named(entsurge, product: Product, tmp_path: Path) -> None:
    """The product's own refusal, whatever status and words it has, is `bad credentials`."""
    found = entsurge("doctor", "--target", str(product.dress(tmp_path, typed="faux")), "--json")
    assert found.returncode == 2, found.stdout + found.stderr
    rows = [row for row in map(json.loads, found.stdout.splitlines()) if row["check"].endswith(" sign-on")]
    assert len(rows) == 4
    assert {row["detail"].partition(" (")[0] for row in rows} == {"failed: bad credentials"}


def test_run_and_clean_up(entsurge, product: Product, profile: Path, tmp_path: Path) -> None:
    """A run fails no page, counts what the front counted, writes what it lists; the clean-up leaves nothing of it."""
    stood = product.written()
    done = entsurge("run", str(profile), "--target", str(product.dress(tmp_path)), *TOLD, *writers(product, tmp_path))
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr  # how fast the machine is decides no test
    run = read_run(tmp_path / "run")
    told = run.failures[:3]
    totals = frames.visits(run)[["ok", "shed", "failed", "lost", "unserved"]].sum()
    assert totals.drop("ok").sum() == 0, (totals, told)
    assert totals["ok"] > 60
    assert counted(tmp_path / "run") == sum(product.front.counts(BORNE).values())
    assert product.front.protocols(BORNE) == {"HTTP/2.0"}
    made = [json.loads(line) for line in (tmp_path / "run" / "created.jsonl").read_text("utf-8").splitlines()]
    assert {row["action"] for row in made} == {each for actions in product.writes.values() for each in actions}
    assert len(product.written() - stood) == len(made)
    if product.other_host:
        assert product.front.counts(BORNE)[product.other_host] >= 2 * len(frames.visits(run))
    clean = entsurge("cleanup", "run", "--yes")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert clean.stdout.splitlines()[-1] == f"removed: {len(made)}"
    assert product.written() == stood


def writers(product: Product, folder: Path) -> list[str]:
    """The options that let those who may write begin with it, whatever service their visit is for."""
    told = []
    for persona, actions in product.writes.items():
        text = WRITER.format(persona=persona, actions=(*actions, "open-home"))
        (folder / f"{persona}.py").write_text(text, encoding="utf-8")
        told += ["--scenario", f"{persona}={persona}.py"]
    return told


def counted(run: Path) -> int:
    """The requests in a run's record."""
    series = Series.of(run, [])
    return int(series.sums(series.chosen(kind="request", first_attempts=False)).times.sum())

"""A rehearsal without a pre-production: the embedded ENT answers as a product does, and its driver loads it."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from entsurge.analysis import frames, read_run
from entsurge.audience import profile as profiles
from entsurge.commands.demo import demo_settings
from entsurge.commands.processes import sandbox

pytestmark = pytest.mark.slow

LACKS = {"entcore": ("chat", "video-class"), "moodle": ("absences", "video-class")}


@pytest.fixture(params=LACKS)
def product(request) -> Iterator[tuple[str, str, str]]:
    """A product, the address at which the embedded ENT answers as it does, and the administration's token."""
    settings = demo_settings(profiles.load("lockdown-2020"))
    quick = replace(settings, speak=request.param, unlimited=True, default_seconds=0.01, service_seconds={})
    with sandbox(quick.to_json()) as (url, token):
        yield request.param, url, token


def test_a_day_is_rehearsed_on_the_products_face(entsurge, quick_profile: Path, product, tmp_path: Path) -> None:
    """Every page is served, a measure does its part, sign-ons are recorded hop by hop, what was written is removed."""
    name, url, token = product
    stand_in = ", ".join(f'{service} = "home"' for service in LACKS[name])
    (tmp_path / "cible.toml").write_text(
        f'name = "{name}"\nurl = "{url}"\ndriver = "{name}"\nstand_in = {{ {stand_in} }}\n'
        '[writes]\nmessages = "test-accounts"\nfiles = "test-accounts"\n',
        encoding="utf-8",
    )
    done = entsurge(
        "run", str(quick_profile), "--target", "cible.toml", "--out", "run", "--exporter-port", "0", "--quiet",
        "--scale", "1/120", "--chaos", "static-home", env={"ENTSURGE_ADMIN_TOKEN": token},
    )  # fmt: skip
    assert (tmp_path / "run" / "manifest.json").is_file(), done.stdout + done.stderr
    run = read_run(tmp_path / "run")
    visits = frames.window_visits(run)
    assert set(visits["end"]) == {"completed"}, done.stdout + done.stderr
    assert int(visits["ok"].sum()) == run.manifest["figures"]["window"]["page_views"]
    keys = json.loads((tmp_path / "run" / "keys.json").read_text("utf-8"))
    found = keys if isinstance(keys, list) else list(keys.values())
    assert {"form", "credentials"} <= {key["page"] for key in found if key["kind"] == "hop"}
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        effects = [line for line in answer.read().decode().splitlines() if "_measure_effects_total{" in line]
    assert any('measure="static-home"' in line and not line.endswith(" 0.0") for line in effects)
    clean = entsurge("cleanup", "run", "--yes")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert "kept" not in clean.stdout

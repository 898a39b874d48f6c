"""Which measure buys what, over TLS, on the embedded ENT whose capacity is known by computation."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.commands.test_measures_offered import measure
from tests.products.front import PROXY, Front, Site, authority, free_port, front

from entsandbox.settings import Settings
from entsurge.audience import profile as profiles
from entsurge.commands.demo import capacity_for, demo_settings
from entsurge.commands.processes import sandbox
from entsurge.plan.summary import window_load

PUPILS = "pupils-and-teachers-first"
SHARE = 0.5  # of what the window plans, what the ENT can take
BLOCKS = int(os.environ.get("ENTSURGE_BLOCKS", "2"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, quick_profile: Path) -> Path:
    """The quick profile at scale 1/100, its window twice as long."""
    text = quick_profile.read_text("utf-8").replace('"09:08"', '"09:16"').replace('"1/40"', '"1/100"')
    path = tmp_path_factory.mktemp("measures") / "small.toml"
    path.write_text(text.replace("drain_seconds = 8", "drain_seconds = 3"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def overloaded(small: Path) -> Settings:
    """An ENT of four workers that can take half of the pages, refuses the others soon, and signs on for nothing."""
    loaded = profiles.load(str(small))
    plain = replace(
        demo_settings(profiles.load("lockdown-2020")), compression=float(loaded.file.replay.compression),
        service_seconds={"sign-on": 0.0}, default_seconds=1.0, workers=4, queue_limit=12,
    )  # fmt: skip
    wanted = SHARE * window_load(loaded)["total"]["pages_per_second"]
    return replace(plain, default_seconds=capacity_for(plain, loaded).pages_per_second / wanted)


@pytest.fixture(scope="module")
def ent(overloaded: Settings) -> Iterator[tuple[Front, Path, str]]:
    """That ENT behind nginx, over HTTP/2 by a private authority: the front, a folder with its files, and its token.

    There are `target.toml` and `first.json`, the measure as an operator's calls to the ENT's administration.
    """
    with tempfile.TemporaryDirectory() as name, sandbox(overloaded.to_json()) as (behind, token):
        folder = Path(name)
        folder.chmod(0o755)
        root = authority(folder / "authority")
        site = Site("localhost", free_port(), PROXY.format(port=behind.rpartition(":")[2]))
        (folder / "target.toml").write_text(f'url = "{site.url}"\ncertificates = "{root.certificate}"\n')
        switch = f"{site.url}/admin/measures/{PUPILS}"
        calls = {
            "on": {"url": switch, "method": "PUT", "body": {"on": True, "lease_seconds": 600}},
            "off": {"url": switch, "method": "DELETE"},
            "check": {"url": f"{site.url}/admin/measures"}, "token_env": "OUR_TOKEN",
        }  # fmt: skip
        measure(folder / "first.json", "http-call", calls)
        with front(folder / "front", root, site) as served:
            yield served, folder, token


@pytest.mark.slow
@pytest.mark.needs("nginx", "openssl")
@pytest.mark.timeout(900)
def test_the_answer_is_that_of_the_computed_capacity(
    entsurge, small: Path, ent: tuple[Front, Path, str], overloaded: Settings, tmp_path: Path
) -> None:
    """Two blocks of none and `pupils-and-teachers-first`, on an ENT that is full with and without it.

    Its workers make as many pages either way, capacity × window. Without the measure they are shared as the pages are
    asked for; with it all are protected people's: it buys them what it takes from the others. ENTSURGE_BLOCKS=8: as
    many, and the interval tells it apart; on a busy machine an odd run may hide it: exit 4, the estimate is the same.
    """
    served, folder, token = ent
    loaded = profiles.load(str(small))
    window, takes = window_load(loaded), capacity_for(overloaded, loaded)
    protected = sum(window["personas"][name]["pages_per_second"] for name in loaded.protected)
    pages, total = window["run_seconds"] * takes.pages_per_second, window["total"]["pages_per_second"]
    assert takes.pages_per_second == pytest.approx(SHARE * total)
    done = entsurge(
        "measures", str(small), "--target", str(folder / "target.toml"), "--measure", str(folder / "first.json"),
        "--no-pairs", "--blocks", str(BLOCKS), "--out", "trial", "--lang", "en", env={"OUR_TOKEN": token},
    )  # fmt: skip
    assert done.returncode in (0, 4), done.stdout + done.stderr
    found = json.loads((tmp_path / "trial" / "measures.json").read_text())
    assert (tmp_path / "trial" / "measures.en.html").is_file()
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "trial" / "runs").glob("*/manifest.json")]
    assert len({each["plan_digest"] for each in manifests}) == 1
    (arm,) = found["arms"]
    if found["none_pages"] is None or arm["bought"]["sample"] is None:
        assert "not to be believed" in done.stdout
        return
    assert arm["rank"] is None
    assert (arm["told_apart"], found["conclusion"] == "told-apart") == (done.returncode == 0,) * 2
    assert found["fewest_blocks"] > BLOCKS or arm["told_apart"] or arm["bought"]["low"] <= 0 < arm["bought"]["value"]
    assert found["none_pages"] == pytest.approx(pages * protected / total, rel=0.15)
    assert found["none_pages"] + arm["bought"]["sample"] == pytest.approx(pages, rel=0.1)
    assert arm["bought"]["sample"] == pytest.approx(arm["cost"]["sample"], abs=0.1 * pages)
    assert arm["bought"]["value"] == pytest.approx(100 * arm["bought"]["sample"])
    assert found["best"] == []  # parents lose more than 10 % of their pages
    switched = [line.split()[3:5] for line in (served.folder / "access").read_text().splitlines() if PUPILS in line]
    assert switched == [["200", "PUT"], ["200", "DELETE"]] * sum("first" in each["name"] for each in manifests)

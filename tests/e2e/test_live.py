"""A run whose visitors sit in chat rooms and video classes: outcomes, and the bandwidth that was really used."""

import json
import urllib.request
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from entsandbox.live_limits import LiveLimits
from entsurge import content
from entsurge.analysis import frames, read_run
from entsurge.audience import profile as profiles
from entsurge.commands.demo import demo_settings
from entsurge.commands.processes import sandbox

KBPS = 240
WINDOW = """
[figures]
visits = 1830000
page_views = 7320000
minutes_per_visit = 4

[window]
day = "monday"
from = "09:00"
to = "09:06"

[replay]
scale = "1/60"
compression = 60
warm_up_minutes = 0
drain_seconds = 20
"""
PEOPLE = """
title = { fr = "en direct", en = "live" }
source = "a test: every other page is live"
requests_per_page = 8

[student]
visit_share = 70
protected = true
pages = { home = 20, chat = 40, video-class = 40 }
[teacher]
visit_share = 26
protected = true
pages = { home = 20, chat = 40, video-class = 40 }
[parent]
visit_share = 2
pages = { home = 100 }
[staff]
visit_share = 2
pages = { home = 20, chat = 40, video-class = 40 }
"""


@pytest.fixture(scope="module")
def live_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six minutes in six seconds, most pages live."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "people.toml").write_text(PEOPLE, encoding="utf-8")
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    head, objectives = shipped.split("[figures]")[0], shipped[shipped.index("[[objective]]") :]
    head = head.replace('baseline = "ordinary-week"\n', "").replace('"high-schools"', f'"{folder / "people.toml"}"')
    (folder / "live.toml").write_text(head + WINDOW + objectives, encoding="utf-8")
    return folder / "live.toml"


def metric(url: str, name: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def requests(run: Path) -> Counter[tuple[str, str, str]]:
    """How many requests there were, by service, name and outcome."""
    keys, found = json.loads((run / "keys.json").read_text("utf-8")), Counter()
    with pa.ipc.open_stream(run / "series.arrows") as batches:
        for row in (row for batch in batches for row in batch.to_pylist()):
            key = keys[row["key"]]
            if key["kind"] == "request":
                found[key["service"], key["page"], key["outcome"]] += row["count"]
    return found


@pytest.mark.slow
def test_live_pages_use_the_bandwidth_they_say(entsurge, live_profile: Path, tmp_path: Path) -> None:
    """Every page ok; bytes of media = bitrate × people × seconds within 10 %, and people × seconds as planned."""
    free = demo_settings(profiles.load(str(live_profile)))
    limits = LiveLimits(video_kbps=KBPS, video_upload_kbps=KBPS, chunk_milliseconds=50, heartbeat_seconds=0.5)
    quick = {"unlimited": True, "default_seconds": 0.01, "service_seconds": {}, "live": limits}
    settings = type(free)(**vars(free) | quick)
    with sandbox(settings.to_json()) as (url, _):
        done = entsurge("run", str(live_profile), "--target", url, "--out", "live", "--exporter-port", "0", "--quiet")
        sent, uploaded = (
            metric(url, f'entsandbox_live_media_bytes_total{{direction="{way}"}}') for way in ("out", "in")
        )
        seconds = metric(url, 'entsandbox_live_seconds_total{service="video-class"}')
        assert metric(url, "entsandbox_live_sockets") == 0
        assert metric(url, "entsandbox_live_dropped_chunks_total") == 0
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr  # how well this machine kept time is not the matter
    run = read_run(tmp_path / "live")
    assert set(frames.visits(run)["end"]) == {"completed"}
    assert sent == pytest.approx(KBPS * 125 * seconds, rel=0.1)
    assert seconds == pytest.approx(planned_seconds(run, "video-class"), rel=0.25)
    assert uploaded > 0
    found = requests(tmp_path / "live")
    pages = int(
        sum(each["ok"] for row in frames.visits(run)["services"] for each in row if each["service"] == "video-class")
    )
    assert found["video-class", "live-join", "ok"] == found["video-class", "live-connect", "ok"] == pages > 50
    assert found["video-class", "live-first-media", "ok"] == pytest.approx(pages, abs=pages / 10)
    assert found["chat", "live-message", "ok"] > 20
    assert found["chat", "live-heartbeat", "ok"] > 50
    assert not [key for key in found if key[2] != "ok"], found
    assert not (tmp_path / "live" / "failures.jsonl").exists()
    assert '"say-in-chat"' in (tmp_path / "live" / "created.jsonl").read_text("utf-8")


def planned_seconds(run, service: str) -> float:
    """How long its visitors meant to stay on a service's pages, leaving 0.2 s early."""
    total = 0.0
    for visit in frames.visits(run).itertuples():
        mean_gap_seconds = visit.planned_gap_us / 1e6 / max(1, visit.planned)
        total += sum(each["ok"] for each in visit.services if each["service"] == service) * max(
            0, mean_gap_seconds - 0.2
        )
    return total

"""What a reader should be able to repeat against any peer: a freeze, a killed generator, more than can be given."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.typography import in_words
from tests.verdicts import agrees, reasons

from entsurge.analysis import frames, read_run
from entsurge.analysis.quantiles import table
from entsurge.audience import profile as profiles
from entsurge.commands.demo import demo_settings

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import region
import servers

FREEZE_SECONDS = 6
MANY_SOURCES = ("--source", "127.0.1.0/24")
MANY_SCHOOLS = 120


@pytest.fixture
def ent() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox without limits in a process that a test may stop and continue: the process and its URL."""
    settings = demo_settings(profiles.load("lockdown-2020"))
    quick = type(settings)(**vars(settings) | {"unlimited": True, "default_seconds": 0.01, "service_seconds": {}})
    command = [sys.executable, "-P", "-m", "entsandbox", "--settings", quick.to_json()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()


@pytest.mark.slow
def test_a_frozen_server_is_in_the_verdict(entsurge, quick_profile: Path, ent, tmp_path: Path) -> None:
    """Frozen for 6 s: every visit is offered all the same, its p99 says seconds, objectives are missed."""
    process, url = ent
    longer = tmp_path / "frozen.toml"
    longer.write_text(quick_profile.read_text().replace('to = "09:08"', 'to = "09:20"'), encoding="utf-8")
    gauges = tmp_path / "frozen" / "gauges.jsonl"

    def freeze() -> None:
        limit = time.monotonic() + 60
        while not (gauges.is_file() and len(gauges.read_text().splitlines()) >= 2) and time.monotonic() < limit:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(FREEZE_SECONDS)
        os.kill(process.pid, signal.SIGCONT)

    with ThreadPoolExecutor(1) as beside:
        frozen = beside.submit(freeze)
        done = entsurge("run", str(longer), "--target", url, "--out", "frozen", "--exporter-port", "0", "--quiet")
        frozen.result()
    assert agrees(tmp_path / "frozen", done.returncode), done.stdout + done.stderr
    assert any("objective missed" in reason for reason in reasons(tmp_path / "frozen"))
    finish = json.loads((tmp_path / "frozen" / "finish.json").read_text())
    assert finish["lost"] == 0
    assert finish["offered"] == finish["started"]
    run = read_run(tmp_path / "frozen")
    pages = frames.pages(run)[(frames.pages(run)["timing"] == "corrected") & (frames.pages(run)["outcome"] != "lost")]
    assert table(pages, ["timing"], 99)["corrected",][0] > 3
    assert finish["start_lag_us"]["p99"] < 500_000  # the generator itself was never late


@pytest.mark.slow
@pytest.mark.needs("nginx", "openssl", "taskset")
def test_more_than_the_generator_can_give_is_invalid(entsurge, quick_profile: Path, tmp_path: Path) -> None:
    """A whole region 120 times faster than life, from a server that copes: exit 4, for the generator's own reasons."""
    beyond = tmp_path / "beyond.toml"
    text = quick_profile.read_text().replace('scale = "1/40"', "scale = 1\nmax_visitors = 100000")
    text = text.replace("[window]", f"[population]\nschools = {MANY_SCHOOLS}\n\n[window]")
    beyond.write_text(text, encoding="utf-8")
    with servers.nginx(dress=region.dress, more=region.PORTAL) as served:
        done = entsurge(
            "run", str(beyond), "--target", served.url, "--out", "beyond", "--exporter-port", "0", "--quiet",
            *MANY_SOURCES,
        )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert "INVALID" in done.stdout
    verdict = json.loads((tmp_path / "beyond" / "verdict.json").read_text())
    reasons = " ".join(in_words(each) for each in verdict["reasons"])
    assert "generator" in reasons, reasons

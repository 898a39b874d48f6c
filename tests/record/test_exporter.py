"""The exporter: documented, lint-free, bounded, with buckets at the objectives' edges; and pushed where it may be."""

import re
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from entsurge.audience.persona import SHIPPED, Persona
from entsurge.client.access import Access
from entsurge.client.blocking import BlockingClient
from entsurge.errors import UsageError
from entsurge.metrics.exporter import SECONDS, Exporter, edges
from entsurge.metrics.push import PushFailed, checked, push
from entsurge.record.parcel import Merger, Outbox
from entsurge.record.recorder import Fold, Recorder
from entsurge.record.schema import Key
from entsurge.record.writer import RunDirectory

MANIFEST: dict[str, Any] = {
    "profile": "lockdown-2020", "scale": "1/86", "compression": 45.0, "versions": {"entsurge": "0.1.0"},
    "phases": [{"name": "warm-up"}, {"name": "surge"}, {"name": "drain"}],
    "objectives": [
        {"persona": "*", "service": "*", "phase": "surge", "must": "p95 < 1700ms"},
        {"persona": "student", "service": "homework", "phase": "surge", "must": "p99 < 2.5s"},
        {"persona": "student", "service": "*", "phase": "surge", "must": "apdex(900ms) >= 0.85"},
        {"persona": "student", "service": "*", "phase": "surge", "must": "p95 < 1.2 x baseline"},
        {"persona": "student", "service": "*", "phase": "surge", "must": "errors < 1%"},
    ],
}  # fmt: skip


def key(outcome: str = "ok", **given: str) -> Key:
    of = {
        "persona": "student",
        "group": "Lyon",
        "service": "homework",
        "page": "read",
        "phase": "surge",
        "device": "app",
    } | given
    return Key("page", outcome=outcome, **of)


def wire(page: str, outcome: str = "ok", service: str = "homework") -> Key:
    return Key("transport", "", "", service, page, "surge", outcome)


def fold(of: dict[Key, tuple[list[int], list[int]]]) -> Fold:
    """One second: corrected and service times in µs by key."""
    return Fold(
        1, {each: len(times[1]) for each, times in of.items()},
        {each: np.array(times[1]) for each, times in of.items()},
        {each: np.array(times[0]) for each, times in of.items()},
    )  # fmt: skip


def fed(exporter: Exporter) -> Exporter:
    """A second of pages, and the gauges."""
    exporter.fold(fold({
        key(): ([1_700_000, 1_700_001, 200_000], [100_000, 200_000, 200_000]),
        key("shed"): ([1_000], [1_000]), key("failed"): ([1_000], [1_000]),
        key(attempt="retry"): ([5_000], [5_000]),
        wire("wait 2"): ([], [40_000, 60_000]), wire("tls-full 2"): ([], [8_000]), wire("tls-resumed 2"): ([], [900]),
        wire("wait 2", "failed"): ([], [500]), wire("connect 1.1"): ([], [1_500]),
    }))  # fmt: skip
    visits = {"offered": {"student": 5}, "started": {"student": 4}, "lost": {"student": 1}}
    exporter.gauge(visits, {"student": 3}, 0.012, phase="surge", busy=0.4, retries={"student": 2})
    return exporter


def samples(exporter: Exporter) -> dict[tuple[str, ...], float]:
    """Name and label values of every sample."""
    text = generate_latest(exporter.registry).decode()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_buckets_lie_at_the_objectives_edges() -> None:
    """Bounds of latencies, T and 4 T of an Apdex; a factor on the baseline or a share sets none."""
    assert set(edges(MANIFEST["objectives"])) - set(SECONDS) == {1.7, 2.5, 0.9, 3.6}
    assert len(edges([{"must": f"p95 < {n}ms"} for n in range(1, 500)])) <= 40


def test_how_many_are_over_a_bound_can_be_read_exactly() -> None:
    """Of three pages of corrected latency 0.2, 1.7 and 1.700001 s two keep `p95 < 1700ms`'s bound."""
    found = samples(fed(Exporter(MANIFEST)))
    assert found["entsurge_page_corrected_seconds_bucket", "1.7", "student", "homework"] == 2
    assert found["entsurge_page_corrected_seconds_count", "student", "homework"] == 3
    assert found["entsurge_page_seconds_sum", "student", "homework"] == pytest.approx(0.5)


def test_a_refusal_does_not_flatter_the_times() -> None:
    """Refused and failed pages are counted by outcome and are in no histogram."""
    found = samples(fed(Exporter(MANIFEST)))
    assert found["entsurge_page_seconds_bucket", "0.05", "student", "homework"] == 0
    assert found["entsurge_pages_total", "shed", "student", "surge", "homework"] == 1


def test_where_requests_time_went_is_told_apart_from_pages() -> None:
    """Both kinds of handshake are `tls`; a failed request is in no wait; none of it is a page."""
    found = samples(fed(Exporter(MANIFEST)))
    name = "entsurge_request_phase_seconds"
    assert found[f"{name}_count", "wait", "2", "homework"] == 2
    assert found[f"{name}_bucket", "0.05", "wait", "2", "homework"] == 1
    assert (found[f"{name}_count", "tls", "2", "homework"], found[f"{name}_sum", "tls", "2", "homework"]) == (2, 0.0089)
    assert found[f"{name}_count", "connect", "1.1", "homework"] == 1
    assert {labels[2] for labels in found if labels[0] == "entsurge_pages_total"} == {"student"}


def test_objectives_and_phase_are_told() -> None:
    """`*` stands for every persona; the phase is the one that is on."""
    found = samples(fed(Exporter(MANIFEST)))
    assert found["entsurge_objective_seconds", "95", "teacher", "surge", "*"] == 1.7
    assert found["entsurge_objective_seconds", "99", "student", "surge", "homework"] == 2.5
    assert (found["entsurge_phase", "surge"], found["entsurge_phase", "warm-up"]) == (1, 0)
    assert found["entsurge_generator_busy_ratio",] == 0.4


def test_the_number_of_series_is_bounded() -> None:
    """Ten thousand pages, services and personas of somebody's own scenario make no new series but `other`."""
    exporter = Exporter(MANIFEST)
    for number in range(10_000):
        exporter.fold(fold({key(page=f"/a?account={number}", service=f"s{number}", persona=f"p{number}"): ([1], [1])}))
        exporter.fold(fold({wire(f"wait p{number}", service=f"s{number}"): ([], [1])}))
        exporter.fold(fold({wire(f"step{number} 2", service=f"s{number}"): ([], [1])}))
    found = samples(exporter)
    assert {name[1:] for name in found if name[0] == "entsurge_pages_total"} == {("ok", "other", "surge", "other")}
    phases = {name[1:] for name in found if name[0] == "entsurge_request_phase_seconds_count"}
    assert phases == {("wait", "other", "other")}


def documented() -> dict[str, tuple[str, str]]:
    """Metric, kind and labels of docs/metrics.md's first table."""
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(entsurge_\w+)` \| (\w+) \|([^|]*)\|", text, re.MULTILINE)
    return {name: (kind, labels.strip()) for name, kind, labels in rows}


def test_the_documented_metrics_are_those_there_are() -> None:
    """Names, kinds and labels, both ways."""
    text = generate_latest(fed(Exporter(MANIFEST)).registry).decode()
    found = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        found[name] = (family.type, labels)
    told = {name: (kind, sorted(filter(None, labels.split(", ")))) for name, (kind, labels) in documented().items()}
    assert told == found


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_to_say() -> None:
    """`promtool check metrics` is silent."""
    text = generate_latest(fed(Exporter(MANIFEST)).registry)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_workers_parcels_tell_the_same(tmp_path: Path) -> None:
    """What a worker sends folds to the same histograms as in one process, to the buckets' three digits."""
    counts = []
    for by_parcel in (False, True):
        directory = RunDirectory(tmp_path / str(by_parcel))
        exporter, outbox = Exporter(MANIFEST), Outbox()
        recorder = Recorder(outbox if by_parcel else directory)
        for number in range(500):
            recorder.page(key(), 2_000 * number + 900_000, 1_000 * number)
        found = recorder.fold(1)
        exporter.fold(Merger(directory).take(1, 0, outbox.take(1)) if by_parcel else found)
        directory.close()
        counts.append({name: value for name, value in samples(exporter).items() if name[0].endswith("_bucket")})
    assert counts[0].keys() == counts[1].keys()
    assert all(abs(counts[0][name] - counts[1][name]) <= 1 for name in counts[0])
    assert counts[0]["entsurge_page_corrected_seconds_bucket", "1.2", "student", "homework"] == 151


class Gateway(BaseHTTPRequestHandler):
    """Takes pushes as a Pushgateway does; `/elsewhere` redirects."""

    taken: list[tuple[str, str, str]] = []

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        moved = self.path.startswith("/elsewhere")
        if not moved:
            self.taken.append((self.path, self.headers["Content-Type"], body))
        self.send_response(307 if moved else 202)
        if moved:
            self.send_header("Location", "/metrics/job/stolen")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def gateway() -> Iterator[str]:
    """A small real receiver on loopback."""
    Gateway.taken = []
    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def client() -> BlockingClient:
    """What pushes to loopback."""
    return Access().blocking()


def test_a_push_is_the_whole_registry_under_the_run_s_name(gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One PUT, job and run in its path, and no proxy of the environment in between."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    exporter = fed(Exporter(MANIFEST))
    push(gateway, client(), exporter.registry, "20260901T070000Z-lockdown-2020")
    [(path, kind, body)] = Gateway.taken
    assert path == "/metrics/job/entsurge/run/20260901T070000Z-lockdown-2020"
    assert kind.startswith("text/plain")
    assert body == generate_latest(exporter.registry).decode()


def test_a_gateway_that_moves_or_is_gone_is_said(gateway: str) -> None:
    """A redirect is not followed; nobody there is an error, not a traceback."""
    with pytest.raises(PushFailed, match=r"307|Temporary"):
        push(f"{gateway}/elsewhere", client(), Exporter(MANIFEST).registry, "r")
    assert Gateway.taken == []
    with pytest.raises(PushFailed, match="refuses"):
        push("http://127.0.0.1:9", client(), Exporter(MANIFEST).registry, "r")


@pytest.mark.parametrize("url", ["127.0.0.1:9091", "ftp://127.0.0.1", "http://", "http://h:99999", "http://u:p@h/", ""])
def test_what_is_no_gateway_is_refused(url: str) -> None:
    """With an example of what is."""
    with pytest.raises(UsageError, match="such as http"):
        checked(url)


@pytest.mark.needs("prometheus-pushgateway")
def test_debian_s_pushgateway_takes_it(tmp_path: Path) -> None:
    """The real one accepts the push and serves the same counts under job and run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"], stdout=-3, stderr=-3, cwd=tmp_path
    ) as process:
        try:
            deadline = time.monotonic() + 20
            while True:
                try:
                    push(url, client(), fed(Exporter(MANIFEST)).registry, "night/1")
                    break
                except PushFailed:
                    assert time.monotonic() < deadline
            with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        finally:
            process.kill()
    line = 'entsurge_pages_total{instance="",job="entsurge",outcome="ok",persona="student",phase="surge",run="night/1",'
    assert f'{line}service="homework"}} 3' in text


def test_an_added_persona_is_told_by_its_key() -> None:
    """The vocabulary is the manifest's: an inspector that it describes is no `other`, and has its objectives."""
    inspector = Persona("inspector", "inspecteurs", "inspectors", "staff", per_school=2)
    page = fold({key()._replace(persona="inspector"): ([1_000], [1_000])})
    personas = [each.as_json() for each in (*SHIPPED, inspector)]
    strange, known = Exporter(MANIFEST), Exporter(MANIFEST | {"personas": personas})
    for exporter in (strange, known):
        exporter.fold(page)
    assert samples(strange)["entsurge_pages_total", "ok", "other", "surge", "homework"] == 1
    assert samples(known)["entsurge_pages_total", "ok", "inspector", "surge", "homework"] == 1
    everyone = {"persona": "*", "service": "*", "phase": "surge", "must": "p95 < 900ms"}
    known.manifest = known.manifest | {"objectives": [everyone]}
    assert samples(known)["entsurge_objective_seconds", "95", "inspector", "surge", "*"] == 0.9

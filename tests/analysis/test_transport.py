"""Where requests' time went, as a report says it: the sums of what was recorded, and nothing where nothing was."""

from pathlib import Path

import pytest
from tests.analysis.records import record, visit

from entsurge.analysis import frames
from entsurge.analysis.transport import transport
from entsurge.client.response import Timing
from entsurge.findings.transport import Forgiven, Spoken, Transport
from entsurge.record.reading.run import Run, read_run
from entsurge.record.recorder import Recorder
from entsurge.record.schema import Key
from entsurge.record.writer import RunDirectory

ASKED = Key("request", "student", "Lyon", "homework", "read-homework", "surge", "ok")
AGREED = {"http": "2", "tls": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "address": "127.0.0.1"}


def run_of(path: Path, asked: list[tuple[Key, str, str, Timing]], *, visits: int = 2, **manifest: object) -> Run:
    """A run of these requests and connections (key, protocol, how, steps), so many visits and one never started."""
    rows = [visit(name=f"student/{number}") for number in range(visits)]
    folder = record(path, visits=[*rows, visit(end="not-started")], **manifest)
    made = path / "wire"
    directory = RunDirectory(made)
    recorder = Recorder(directory)
    for key, protocol, how, timing in asked:
        if how:
            recorder.connection(key._replace(outcome="ok"), protocol, how, timing[:3])
        if key.page == "live-connect" or key.kind == "forgiven":
            recorder.request(key, timing.total_us)
        elif timing.total_us:
            recorder.requests(key).add(key.outcome, protocol, timing)
    recorder.fold(20)
    directory.close()
    for name in ("keys.json", "series.arrows") if asked else ():
        (folder / name).write_bytes((made / name).read_bytes())
    return read_run(folder)


def test_shares_means_and_counts_are_those_of_what_was_recorded(tmp_path: Path) -> None:
    """Three requests over two connections, of which one was resumed; a failed one; warm-up and retries apart."""
    asked = [
        (ASKED, "2", "full", Timing(10, 990, 9_000, 80_000, 10_000, 99_990)),
        (ASKED, "2", "", Timing(0, 0, 0, 80_000, 10_000, 100_000)),
        (ASKED._replace(service="home"), "1.1", "resumed", Timing(10, 990, 1_000, 8_000, 100, 10_100)),
        (ASKED._replace(outcome="failed"), "2", "", Timing(0, 0, 0, 100, 1, 101)),
        (ASKED._replace(phase="warm-up"), "2", "full", Timing(10, 990, 9_000, 80_000, 10_000, 99_990)),
        (ASKED._replace(attempt="retry"), "2", "full", Timing(10, 990, 9_000, 80_000, 10_000, 99_990)),
    ]
    found = transport(run_of(tmp_path, asked, target={"name": "t", "url": "https://t", "connection": AGREED}))
    assert found.negotiated == Spoken(**AGREED)
    assert (found.requests, [(each.protocol, each.requests) for each in found.protocols]) == (
        4, [("1.1", 1), ("2", 3)],
    )  # fmt: skip
    of = found.connections
    assert (of.visits, of.made, of.full, of.resumed) == (2, 2, 1, 1)
    assert (of.made_per_visit, of.full_per_visit) == (1.0, 0.5)
    phases = {each.phase: each for each in found.phases}
    assert {name: each.count for name, each in phases.items()} == {
        "queue": 1, "name": 2, "connect": 2, "tls-full": 1, "tls-resumed": 1, "wait": 3, "transfer": 3,
    }  # fmt: skip
    assert sum(each.share for each in phases.values()) == pytest.approx(1)
    assert phases["wait"].mean_s == pytest.approx(0.056, rel=0.002)
    assert phases["wait"].share == pytest.approx(168_000 / 210_090, rel=0.002)
    assert phases["wait"].p50_s == pytest.approx(0.080, rel=0.002)
    slow, quick = found.services
    assert (slow.service, slow.requests, quick.service) == ("homework", 2, "home")
    assert slow.mean_s == pytest.approx(0.1, rel=0.002)
    parts = ("connecting_share", "queue_share", "wait_share", "transfer_share")
    assert sum(getattr(slow, part) for part in parts) == pytest.approx(1)
    assert slow.queue_share == pytest.approx(0.05, rel=0.01)
    assert quick.queue_share is None


def test_what_was_forgiven_is_counted_by_reason(tmp_path: Path) -> None:
    """First attempts of the window, the most frequent reason first; the steps of requests do not count them again."""
    forgiven = ASKED._replace(kind="forgiven", page="a length beside chunks")
    asked = [
        (each, "1.1", "", Timing(total_us=5))
        for each in (
            forgiven._replace(page="LF"),
            forgiven,
            forgiven,
            forgiven._replace(phase="warm-up"),
            forgiven._replace(attempt="retry"),
        )
    ]
    found = transport(run_of(tmp_path, [(ASKED, "1.1", "plain", Timing(1, 20, 0, 300, 10, 331)), *asked]))
    assert found.forgiven == [Forgiven("a length beside chunks", 2), Forgiven("LF", 1)]
    assert found.requests == 1


def test_what_did_not_occur_is_left_out(tmp_path: Path) -> None:
    """Without TLS there is no phase of TLS, not one of 0 ms."""
    found = transport(run_of(tmp_path, [(ASKED, "1.1", "plain", Timing(1, 20, 0, 300, 10, 331))]))
    assert [each.phase for each in found.phases] == ["name", "connect", "wait", "transfer"]
    assert (found.connections.full, found.negotiated) == (0, None)


def test_an_older_run_says_nothing(tmp_path: Path) -> None:
    """Nothing recorded is nothing, not zero."""
    found = transport(run_of(tmp_path, []))
    assert found == Transport(None, 0, [], None, [], [], [])


def test_connections_that_came_to_nothing_are_counted(tmp_path: Path) -> None:
    """No request was answered, yet the server paid for two handshakes."""
    nothing = (ASKED, "2", "full", Timing(1, 20, 3_000))
    found = transport(run_of(tmp_path, [nothing, nothing], visits=1))
    assert (found.requests, found.connections.made, found.connections.full_per_visit) == (0, 2, 2.0)
    assert found.services == []


def test_websockets_are_told_apart_among_connections(tmp_path: Path) -> None:
    """Two connections, one of them a WebSocket's that was opened; one that was refused is none."""
    socket = ASKED._replace(service="chat", page="live-connect")
    asked = [
        (ASKED, "2", "full", Timing(1, 20, 3_000, 300, 10, 3_331)),
        (socket, "1.1", "full", Timing(1, 20, 3_000, 0, 0, 4_000)),
        (socket._replace(outcome="failed"), "1.1", "", Timing(total_us=10)),
    ]
    found = transport(run_of(tmp_path, asked)).connections
    assert (found.made, found.sockets) == (2, 1)


def test_no_reader_takes_the_wire_for_pages_or_requests(tmp_path: Path) -> None:
    """Neither tally, nor seconds, nor single pages count a request's steps beside the request."""
    run = run_of(tmp_path, [(ASKED, "1.1", "plain", Timing(1, 20, 0, 300, 10, 331))] * 5)
    assert run.tally.count() == dict.fromkeys(("ok", "shed", "failed", "lost"), 0)
    assert run.tally.times(timing="service", kind="request", outcome="ok").total == 5
    assert int(run.tally.seconds.requests.sum()) == 5
    assert len(frames.pages(run)) == 0

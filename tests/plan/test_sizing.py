"""What a load needs of the generator's machine: answers worked out by hand, and what holds for any load."""

import json
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.errors import UsageError
from entsurge.plan.connections import Connections
from entsurge.plan.costs import PROTOCOLS, Costs, load_costs
from entsurge.plan.sizing import Sizing, protocols, sizing
from entsurge.plan.summary import Load

MEASURED = {
    "date": "2026-11-29",
    "machine": "two cores",
    "idle_share": 0.02,
    "process_mb": 100,
    "protocols": {
        "http": {"request_us": 100, "connection_us": 1000, "visitor_kb": 50},
        "https-http1": {"request_us": 110, "connection_us": 3000, "visitor_kb": 90},
        "https-http2": {"request_us": 150, "connection_us": 3000, "visitor_kb": 100},
    },
}
COSTS = Costs.model_validate(MEASURED)
LOAD = Load(visits_per_second=10, pages_per_second=80, requests_per_second=1200, concurrency=6000)
SIX = Connections(at_once=8000, opened_per_second=410)
ONE = Connections(at_once=6000, opened_per_second=10)


def test_http1_by_hand() -> None:
    """1,200 × 100 µs + 410 × 1 ms = 0.53 cores: two processes at half a core less 0.02; 3 × 100 MB + 6,000 × 50 kB."""
    found = sizing(LOAD, SIX, COSTS, "http", most_visitors=20_000)
    assert found == Sizing(
        protocol="http", requests_per_second=1200, connections_per_second=410, connections_at_once=8000,
        processor=pytest.approx(0.57), cores=2, processes=2, memory_mb=600, descriptors=4200, ports=32_600,
    )  # fmt: skip


def test_http2_by_hand() -> None:
    """1,200 × 150 µs + 10 × 3 ms + 0.02 = 0.23 cores: one process, no master beside it; 100 MB + 6,000 × 100 kB."""
    found = sizing(LOAD, ONE, COSTS, "https-http2", most_visitors=20_000)
    assert found.processor == pytest.approx(0.23)
    assert (found.cores, found.processes, found.memory_mb) == (1, 1, 700)
    assert (found.descriptors, found.ports) == (6200, 6600)


def test_a_core_half_used_is_enough() -> None:
    """Exactly half of one core is one core; a thousandth more is two."""
    half = Load(1, 1, 4800, 1)
    none = Connections(0, 0)
    assert sizing(half, none, COSTS, "http", most_visitors=20_000).processes == 1
    assert sizing(Load(1, 1, 4805, 1), none, COSTS, "http", most_visitors=20_000).processes == 2


def test_no_process_has_more_visitors_than_a_run_lets_in() -> None:
    """6,000 at once and 2,500 to a process: three, although one would do for the processor, whose cores stay as few."""
    found = sizing(LOAD, ONE, COSTS, "https-http2", most_visitors=2500)
    assert (found.processes, found.cores) == (3, 1)


def test_nothing_to_do_needs_one_process_all_the_same() -> None:
    """Without a visit: one core, one process, its own descriptors, no port."""
    found = sizing(Load(0, 0, 0, 0), Connections(0, 0), COSTS, "http", most_visitors=20_000)
    assert (found.cores, found.processes, found.memory_mb, found.descriptors, found.ports) == (1, 1, 100, 200, 0)


@given(
    st.floats(0, 300), st.floats(1, 10), st.floats(1, 20), st.floats(1, 50), st.floats(1, 2000),
    st.sampled_from(PROTOCOLS),
)  # fmt: skip
def test_more_load_never_needs_less(visits, times, pages, requests, seconds, protocol) -> None:
    """More visits of the same kind: never less of anything; descriptors of all processes, since more share them."""

    def need(rate: float) -> Sizing:
        load = Load(rate, rate * pages, rate * pages * requests, rate * seconds)
        held = Connections(rate * seconds * 2, rate * (1 + pages))
        return sizing(load, held, COSTS, protocol, most_visitors=20_000)

    few, many = need(visits), need(visits * times)
    of_each = slice(1, 8)
    assert all(a <= b * (1 + 1e-9) for a, b in zip(astuple(few)[of_each], astuple(many)[of_each], strict=True))
    assert few.ports <= many.ports
    assert few.descriptors * few.processes <= many.descriptors * many.processes + many.processes
    assert many.processor / many.processes <= 0.5 + 1e-9
    assert many.processor / many.cores <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("url", "http", "expected"),
    [
        ("http://127.0.0.1:8080", "auto", ("http",)),
        ("HTTP://127.0.0.1:8080", "1.1", ("http",)),
        ("https://127.0.0.1", "1.1", ("https-http1",)),
        ("https://127.0.0.1", "2", ("https-http2",)),
        ("https://127.0.0.1", "auto", ("https-http1", "https-http2")),
    ],
)
def test_what_a_target_may_be_spoken_to_in(url: str, http: str, expected: tuple[str, ...]) -> None:
    """Plain HTTP is one; TLS is what the target file says, and both where only the target can tell."""
    assert protocols(url, http) == expected


def test_the_shipped_costs_are_whole() -> None:
    """Every protocol has its costs, whoever measured them last."""
    assert set(load_costs().protocols) == set(PROTOCOLS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"date": "yesterday"}, "date"),
        ({"idle_share": 0.6}, "idle_share"),
        ({"process_mb": 0}, "process_mb"),
        ({"protocols": {"http": MEASURED["protocols"]["http"]}}, "missing: https-http1, https-http2"),
        ({"protocols": {"http": {"request_us": -1, "connection_us": 1, "visitor_kb": 1}}}, "protocols.http.request_us"),
    ],
)
def test_costs_that_cannot_be_are_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    """File and key are named, and what writes the file anew."""
    path = tmp_path / "costs.json"
    path.write_text(json.dumps(MEASURED | change), encoding="utf-8")
    with pytest.raises(UsageError, match=said) as refused:
        load_costs(path)
    assert "costs.json" in str(refused.value)
    assert "visit_cost.py" in refused.value.hint


@pytest.mark.parametrize("text", [None, "{", "[]", "\x00"])
def test_costs_that_cannot_be_read_are_refused(tmp_path: Path, text: str | None) -> None:
    """No file, no JSON, no object: a message with the file, never a traceback."""
    path = tmp_path / "costs.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"costs\.json"):
        load_costs(path)


def test_what_else_was_measured_is_left_alone() -> None:
    """The benchmark may keep its rounds in the file."""
    assert Costs.model_validate(MEASURED | {"rounds": [1, 2]}) == COSTS

"""What a run is refused for before its first visit: numbers and remedies that are enough."""

import re
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.engine.room import Limits, limits, refusals
from entsurge.plan.connections import OF_OUR_OWN, Connections

NEED = Connections(at_once=8000, opened_per_second=410)  # 8,200 descriptors, 32,600 ports


def test_what_fits_is_not_refused() -> None:
    """Just enough of both is enough; a system without a limit of descriptors has enough."""
    assert refusals(NEED, Limits(8200, 32_600), processes=1) == []
    assert refusals(NEED, Limits(None, 32_600), processes=1) == []
    assert refusals(NEED, Limits(4200, 16_300), processes=2, sources=2) == []


def test_all_that_is_missing_is_said() -> None:
    """One descriptor and one port too few: both, each with its number and its remedy."""
    descriptors, ports = refusals(NEED, Limits(8199, 32_599), processes=1)
    assert "8200 file descriptors in each of 1 process(es); the limit is 8199" in str(descriptors)
    assert descriptors.hint.startswith("ulimit -Hn 8200, --processes 2")
    assert "32600 ports" in str(ports)
    assert ports.hint.startswith("name 2 or more source addresses, such as --source 127.0.1.0/28")


def test_a_limit_under_what_a_process_needs_for_itself_is_not_met_by_more_of_them() -> None:
    """No number of processes would do, so none is named."""
    (refused,) = refusals(NEED, Limits(OF_OUR_OWN, 60_000), processes=1)
    assert "--processes" not in refused.hint


@given(st.integers(1, 200_000), st.integers(0, 9_000), st.integers(300, 20_000))
def test_the_remedies_are_enough(at_once: int, opened: int, most: int) -> None:
    """Whoever does as told is refused no more."""
    need, given_by = Connections(at_once, opened), Limits(most, 28_232)
    hints = " ".join(each.hint for each in refusals(need, given_by, processes=1))
    asked = {name: re.search(rf"{name} ([^ ,]+)", hints) for name in ("--processes", "--source")}
    processes = int(asked["--processes"].group(1)) if asked["--processes"] else 1
    sources = len(list(ip_network(asked["--source"].group(1), strict=False).hosts())) if asked["--source"] else 0
    assert refusals(need, given_by, processes=processes, sources=sources) == []


def test_this_machine_has_limits() -> None:
    """Whatever they are: some descriptors, some ports."""
    found = limits()
    assert found.descriptors is None or found.descriptors > 0
    assert 1 <= found.ports <= 65_536


@pytest.mark.parametrize(("addresses", "network"), [(14, "/28"), (15, "/27"), (30, "/27"), (31, "/26")])
def test_the_network_named_holds_as_many_addresses(addresses: int, network: str) -> None:
    """First and last address of a network are none."""
    (refused,) = refusals(Connections(addresses * 100, 0), Limits(None, 100), processes=1)
    assert f"name {addresses} or more source addresses, such as --source 127.0.1.0{network}," in refused.hint

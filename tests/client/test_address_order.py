"""The order in which a visitor tries a name's addresses."""

import socket
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.address_order import AddressOrders
from entsurge.client.resolver import Endpoint

OLD = [Endpoint(socket.AF_INET, (f"127.0.0.{number}", 80)) for number in range(1, 5)]
NEW = [Endpoint(socket.AF_INET6, (f"fd00::{number}", 80, 0, 0)) for number in range(1, 3)]


def shown(orders: AddressOrders, turn: int) -> str:
    return " ".join(
        endpoint.address[0].replace("127.0.0.", "v4-").replace("fd00::", "v6-") for endpoint in orders.of(turn)
    )


def test_each_turn_begins_one_address_further() -> None:
    """One family: a rotation."""
    orders = AddressOrders(OLD)
    assert [shown(orders, turn) for turn in (0, 1, 3, 4)] == [
        "v4-1 v4-2 v4-3 v4-4",
        "v4-2 v4-3 v4-4 v4-1",
        "v4-4 v4-1 v4-2 v4-3",
        "v4-1 v4-2 v4-3 v4-4",
    ]


def test_families_alternate_and_the_preferred_one_comes_first() -> None:
    """Whichever family the system puts first stays first for every visitor (RFC 8305 section 4)."""
    orders = AddressOrders([*NEW, *OLD])
    assert [shown(orders, turn) for turn in (0, 1, 2)] == [
        "v6-1 v4-1 v6-2 v4-2 v4-3 v4-4",
        "v6-2 v4-2 v6-1 v4-3 v4-4 v4-1",
        "v6-1 v4-3 v6-2 v4-4 v4-1 v4-2",
    ]
    assert shown(AddressOrders([*OLD[:1], *NEW]), 0) == "v4-1 v6-1 v6-2"


@given(st.lists(st.sampled_from([*OLD, *NEW]), min_size=1, unique=True), st.integers(0, 10_000))
def test_every_order_holds_every_address_and_firsts_are_even(found: list[Endpoint], begin: int) -> None:
    """Nothing is lost or doubled; over whole rounds each address of the first family is first equally often."""
    orders, family = AddressOrders(found), found[0].family
    for turn in range(begin, begin + 4):
        assert sorted(orders.of(turn)) == sorted(found)
        assert orders.of(turn)[0].family == family
    first = [endpoint for endpoint in found if endpoint.family == family]
    count = Counter(orders.of(begin + turn)[0] for turn in range(3 * len(first)))
    assert count == dict.fromkeys(first, 3)
    both = {endpoint.family for endpoint in found}
    few = min(sum(endpoint.family == each for endpoint in found) for each in both)
    if len(both) == 2:
        assert all(one.family != other.family for one, other in pairwise(orders.of(begin)[: 2 * few]))

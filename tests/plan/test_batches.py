"""Plans drawn by whole arrays are the plans that are drawn one by one."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.audience import profile as profiles
from entsurge.plan import chance, philox, summary
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.batches import batches, totals
from entsurge.plan.people import groups

LOCKDOWN: tuple[str, dict[str, object]] = ("lockdown-2020", {})
PLANS = [
    LOCKDOWN,
    pytest.param("national-peak", {}, marks=pytest.mark.slow),
    ("lockdown-2020", {"arrivals": "poisson"}),
    ("lockdown-2020", {"compression": "91/3", "draw": 3}),
    ("ordinary-week", {"scale": "1/20", "compression": "45000"}),  # many visits due in the same µs
]


def plan(name: str, changes: dict[str, object]) -> Arrivals:
    """A fresh plan: both ways of drawing keep counts of their own."""
    profile = profiles.load(name, overrides=dict(changes))
    return Arrivals(profile, groups(profile))


@pytest.mark.parametrize(("name", "changes"), PLANS)
def test_lines_and_order_are_the_same(name: str, changes: dict[str, object]) -> None:
    """Visit by visit, whatever the size of a batch."""
    lines = [line for batch in batches(plan(name, changes), visits=97) for line in batch.lines()]
    assert lines == [visit.line for visit in plan(name, changes)]


def test_a_row_is_the_visit() -> None:
    """Every field, not only those that stand in its line."""
    rows = (batch.visit(row) for batch in batches(plan(*LOCKDOWN)) for row in range(len(batch)))
    assert list(islice(rows, 60)) == list(islice(plan(*LOCKDOWN), 60))


def test_digest_and_counts_are_the_same() -> None:
    """A simulation's manifest says of its plan what a run's does."""
    found = totals(plan(*LOCKDOWN))
    assert found.digest == plan(*LOCKDOWN).digest()
    assert found.planned == summary.planned(plan(*LOCKDOWN))


@given(
    st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), min_size=1, max_size=5),
)  # fmt: skip
def test_whole_arrays_draw_what_single_draws_do(key: tuple[int, int], count: int, items: list[tuple[int, int]]) -> None:
    """Any key, block and item; any number of draws."""
    block, item = (np.array(column, np.uint64) for column in zip(*items, strict=True))
    found = philox.rows(key, count, block, item)
    assert found.tolist() == [chance.draw(key, count, block=one, item=two) for one, two in items]
    last = np.full(len(items), count - 1, np.uint64)
    assert philox.singles(key, last, block).tolist() == [chance.draw(key, count, block=one)[-1] for one, _ in items]


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_upper_halves_of_products_are_exact(one: int, two: int) -> None:
    """Against whole numbers of any length."""
    assert int(philox.high(np.array([one], np.uint64), np.uint64(two))[0]) == one * two >> 64

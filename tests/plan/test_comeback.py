"""Who tries again after a failure: seeded, bounded, the same for whoever asks."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from entsurge.audience.figure import Figure, exact
from entsurge.audience.shape import Retry
from entsurge.plan.arrivals import PagePlan, VisitPlan
from entsurge.plan.comeback import Comeback, again

PAGES = (PagePlan("home", 10), PagePlan("messages", 20))


def visit(name: str = "student/Lyon/540/3", attempt: int = 0) -> VisitPlan:
    return VisitPlan(name, "student", "Lyon", 7, 1_000, "surge", PAGES, attempt)


def habit(percent: float = 100, times: int = 4, seed: int = 9, compression: int = 1) -> Comeback:
    retry = Retry(percent=Figure(exact(percent)), times=times, after_seconds=(5, 30))
    return Comeback(seed, Fraction(compression), {"student": retry})


@given(st.integers(0, 3), st.integers(1, 60), st.integers(0, 2**40))
def test_delays_lie_within_the_bounds_of_the_simulated_day(attempt: int, compression: int, seed: int) -> None:
    """5 to 30 simulated seconds, divided by the compression; the same whenever it is asked."""
    delay = habit(seed=seed, compression=compression).delay_us(visit(attempt=attempt))
    assert delay is not None
    assert 5e6 / compression - 1 <= delay <= 30e6 / compression
    assert delay == habit(seed=seed, compression=compression).delay_us(visit(attempt=attempt))


def test_nobody_comes_back_more_often_than_said() -> None:
    """After the fourth retry the visitor gives up; personas without the habit never come back."""
    assert habit().delay_us(visit(attempt=4)) is None
    assert Comeback(9, Fraction(1), {}).delay_us(visit()) is None


def test_the_share_of_those_who_come_back_holds() -> None:
    """70 % of 4,000 visitors, within four standard errors."""
    habits = habit(percent=70)
    stay = sum(habits.delay_us(visit(f"student/Lyon/540/{k}")) is not None for k in range(4_000)) / 4_000
    assert abs(stay - 0.7) < 4 * (0.7 * 0.3 / 4_000) ** 0.5


def test_an_attempt_is_the_same_person_and_no_planned_visit() -> None:
    """Account and shard stay, the name says which attempt it is, the pages are those still owed."""
    first = visit()
    second = again(first, PAGES[1:], due_us=5_000, phase="drain")
    third = again(second, PAGES[1:], due_us=9_000, phase="drain")
    assert (second.account, second.shard, second.pages) == (first.account, first.shard, PAGES[1:])
    assert [each.name for each in (second, third)] == ["student/Lyon/540/3#1", "student/Lyon/540/3#2"]
    assert [each.kind for each in (first, second, third)] == ["first", "retry", "retry"]

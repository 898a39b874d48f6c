"""The digital pause: what it moves, from which hours to which, and that no visit is lost."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from entsurge.audience import profile as profiles
from entsurge.audience.pause import Pause
from entsurge.audience.shape import Curve
from entsurge.plan import beside

EVEN = [Fraction(1, 168)] * 168
HALF = Pause(stays_percent=50, earlier_percent=20, earlier_hours=2, later=[2, 1])


def test_an_even_week_moves_by_hand_reckoning() -> None:
    """Eleven hours rest on a school night and 59 on a weekend: a fifth goes before, 30 % to 7 and 8 h as 2 to 1."""
    moved = [share * 168 for share in HALF.moved(EVEN)]
    assert moved[20] == moved[24 + 6] == moved[5 * 24 + 12] == moved[6] == Fraction(1, 2)
    assert moved[18] == moved[19] == 1 + Fraction(11 * 20, 200)
    assert moved[24 + 7] == 1 + Fraction(11 * 30, 100) * Fraction(2, 3)
    assert moved[24 + 8] == 1 + Fraction(11 * 30, 100) * Fraction(1, 3)
    assert moved[4 * 24 + 19] == 1 + Fraction(59 * 20, 200)
    assert moved[7] == 1 + Fraction(59 * 30, 100) * Fraction(2, 3), "Monday has the whole weekend's backlog"
    assert moved[12] == 1


@given(
    st.lists(st.integers(0, 50), min_size=168, max_size=168),
    st.integers(0, 60),
    st.integers(0, 40),
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
)
def test_no_visit_is_lost(week: list[int], stays: int, earlier: int, later: list[int]) -> None:
    """Whatever a week looks like, it has as many visits after as before, and no hour has less than none."""
    pause = Pause(stays_percent=stays, earlier_percent=earlier, later=later)
    shares = [Fraction(hour) for hour in week]
    moved = pause.moved(shares)
    assert sum(moved) == sum(shares)
    assert min(moved) >= 0


def test_who_stays_whole_moves_nothing() -> None:
    """With everybody coming all the same, the curve is the ordinary one."""
    plain = Curve(days=[1] * 7, hours=[1] * 18)
    still = Curve(days=[1] * 7, hours=[1] * 18, pause=Pause(stays_percent=100, later=[1]))
    assert [still.share(*divmod(hour, 24)) for hour in range(168)] == [
        plain.share(*divmod(hour, 24)) for hour in range(168)
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"stays_percent": 90, "earlier_percent": 20, "later": [1]}, "more than 100 together"),
        ({"stays_percent": 90, "later": [0, 0]}, "all weights are 0"),
        ({"stays_percent": 90, "later": [1], "from": 3}, "greater than or equal to 12"),
    ],
)
def test_a_pause_that_cannot_be_is_refused(keys: dict[str, object], expected: str) -> None:
    """Shares beyond the whole, weights of nothing, an evening in the night."""
    with pytest.raises(ValidationError, match=expected):
        Pause.model_validate(keys)


def test_the_shipped_pause_differs_from_the_ordinary_week_by_the_pause_alone() -> None:
    """Days and hours are the same in both shapes, so that comparing them compares the pause."""
    paused, ordinary = (profiles.load_shape(name) for name in ("pause-numerique", "ordinary"))
    for persona in ("student", "teacher", "parent", "staff"):
        assert paused.curve(persona).model_copy(update={"pause": None}) == ordinary.curve(persona)


def test_monday_seven_beside_nine_oh_two() -> None:
    """As docs/days.md says: the pause's 7:00 is above the 9:02 of 2021 in visits, and under it in pages."""
    names = ("pause-numerique-monday", "ordinary-monday", "monday-9h02-2021")
    first, *others = (profiles.load(name) for name in names)
    pause, without, storm = beside.lines(first, others)
    assert (pause.busiest_from, without.busiest_from, storm.busiest_from) == ("07:00", "08:00", "09:00")
    assert [round(each.busiest.visits_per_second, 1) for each in (pause, without, storm)] == [31.9, 11.9, 28.3]
    assert [round(each.busiest.pages_per_second) for each in (pause, without, storm)] == [150, 56, 229]
    assert round(without.at_window.visits_per_second, 1) == 4.2
    assert dict(pause.steps)[420] == pytest.approx(pause.at_window.visits_per_second)

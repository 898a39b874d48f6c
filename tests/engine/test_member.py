"""What the master knows of one worker."""

from tests.engine.crew_parts import numbered

from entsurge.engine.member import CLOCK_ROUNDS, Member


def test_the_clock_is_asked_seven_times() -> None:
    """Each answer asks for another until there are enough."""
    member = Member("id", "name", 1)
    assert [member.timed(0.0, 5.0, 0.002) for _ in range(CLOCK_ROUNDS)] == [True] * (CLOCK_ROUNDS - 1) + [False]
    assert abs(member.offset - 4.999) < 1e-9


def test_it_is_complete_when_everything_it_sent_has_been_taken_in() -> None:
    """Its last number known, a report still missing: not complete; then it is. Before `ended` it never is."""
    member = Member("id", "name", 1)
    assert list(member.in_order(numbered(1))) == []
    assert not member.complete
    member.reports = 2
    assert not member.complete
    assert [each.sequence for each in member.in_order(numbered(0))] == [0, 1]
    assert member.complete


def test_repeated_reports_are_counted_and_left_out() -> None:
    """One taken in already, and one that waits for another."""
    member = Member("id", "name", 1)
    for sequence in (0, 0, 2, 2):
        list(member.in_order(numbered(sequence)))
    assert (member.repeated, member.next_sequence) == (2, 1)

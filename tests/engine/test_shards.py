"""Shards change hands without gap or overlap, and reports are taken in once and in order."""

from hypothesis import given
from hypothesis import strategies as st
from tests.engine.crew_parts import numbered

from entsurge.engine.member import Member
from entsurge.engine.shards import Ledger, Ours
from entsurge.plan.arrivals import SHARDS


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 7)), max_size=30))
def test_every_shard_has_one_owner_however_workers_come_and_go(steps: list[tuple[bool, int]]) -> None:
    """After any order of joins and losses each shard belongs to one living worker, in nearly equal parts."""
    ledger, made = Ledger(), 0
    for joins, which in steps:
        if joins or not ledger.workers:
            made += 1
            moves = ledger.join(f"w{made}")
        else:
            moves = ledger.leave(ledger.workers[which % len(ledger.workers)])
        for move in moves:
            assert all(ledger.owner[shard] == move.source for shard in move.shards)
            ledger.own(move)
        if ledger.workers:
            counts = [len(ledger.shards_of(worker)) for worker in ledger.workers]
            assert sum(counts) == SHARDS
            assert min(counts) >= SHARDS // len(ledger.workers) - len(ledger.workers)


@given(st.integers(0, 255), st.lists(st.integers(1, 10**9), min_size=1, max_size=6, unique=True))
def test_a_handover_offers_every_arrival_exactly_once(shard: int, instants: list[int]) -> None:
    """A shard that goes to and fro between two workers is held by exactly one of them at every instant."""
    both = (Ours(), Ours())
    both[0].gain([shard], 0)
    instants.sort()
    for turn, at_us in enumerate(instants):
        both[turn % 2].release([shard], at_us)
        both[(turn + 1) % 2].gain([shard], at_us)
    for at_us in (0, *instants, *(each - 1 for each in instants), 2 * 10**9):
        assert sum(ours.holds(shard, at_us) for ours in both) == 1


@given(st.integers(1, 12).flatmap(lambda n: st.lists(st.integers(0, n - 1), min_size=1, max_size=40)))
def test_reports_are_taken_in_once_and_in_order(arrivals: list[int]) -> None:
    """Repeated and overtaking reports: each counts once, in its number's order, up to the first that is missing."""
    member, taken = Member("id", "name", 1), []
    for sequence in arrivals:
        taken += [report.sequence for report in member.in_order(numbered(sequence))]
    missing = next(number for number in range(len(arrivals) + 1) if number not in arrivals)
    assert taken == list(range(missing))
    member.reports = missing
    assert member.complete


def test_the_quickest_answer_sets_the_clock() -> None:
    """Of several questions the one with the shortest way there and back gives offset and uncertainty."""
    member = Member("id", "name", 1)
    member.timed(10.0, 110.5, 11.0)
    member.timed(20.0, 120.06, 20.1)
    member.timed(30.0, 130.9, 31.0)
    assert abs(member.offset - 100.01) < 1e-9
    assert abs(member.uncertainty - 0.05) < 1e-9

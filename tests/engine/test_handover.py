"""Shards change hands by message: no arrival twice or never, no account in two visits, none barred for good."""

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.engine.accounts import Accounts
from entsurge.engine.handover import AHEAD_US, MOVE_AHEAD_US, Handover
from entsurge.engine.messages import Account, AccountsMoved, Gain, Message, Release, Released
from entsurge.engine.shards import Ours
from entsurge.plan.arrivals import SHARDS, shard_of

LATER_US = 100 * MOVE_AHEAD_US
PEOPLE: list[Account] = [("student", "g", number) for number in range(60)]


class Hand:
    """A worker's part in moves, as worker.py plays it; its visits last until `end_visits`."""

    def __init__(self, name: str, network: "Network") -> None:
        self.name, self.network, self.alive = name, network, True
        self.ours, self.accounts = Ours(), Accounts(set())
        self.accounts.tell = lambda taken, freed: network.up(self, AccountsMoved(taken, freed))

    def hears(self, message: Message) -> None:
        match message:
            case Gain():
                self.accounts.hear(message.busy, ())
                self.ours.gain(message.shards, message.from_us)
            case AccountsMoved():
                self.accounts.hear(message.taken, message.freed)
            case Release():
                until_us = max(message.until_us, self.network.now_us)
                self.ours.release(message.shards, until_us)
                busy = self.accounts.hand_over(message.shards)
                self.network.up(self, Released(message.number, until_us, busy))

    def offer(self, account: Account, due_us: int) -> bool:
        shard = shard_of(*account)
        if not self.ours.holds(shard, due_us) or not self.accounts.free(account):
            return False
        self.accounts.take(account, leaving=self.ours.leaving(shard))
        return True

    def end_visits(self) -> None:
        for account in sorted(self.accounts.in_use):
            self.accounts.ended(account)


class Network:
    """A master's handover and its workers, with every message on its way until it is delivered, in order per worker."""

    def __init__(self) -> None:
        self.now_us, self.hands, self.took_over = 0, {}, []
        self.handover = Handover(self.down, lambda: self.now_us, lambda move, at_us: self.took_over.append(at_us))
        self.downward: dict[str, deque] = {}
        self.upward: dict[str, deque] = {}

    def down(self, message: Message, identity: str) -> None:
        self.downward.setdefault(identity, deque()).append(message)

    def up(self, hand: Hand, message: Message) -> None:
        self.upward.setdefault(hand.name, deque()).append(message)

    def come(self, *, late: bool = True) -> Hand:
        hand = Hand(f"w{len(self.hands)}", self)
        self.hands[hand.name] = hand
        if late:
            self.handover.join(hand.name)
        return hand

    def die(self, name: str) -> None:
        self.hands[name].alive = False
        self.handover.lost(name)

    def deliver(self, name: str) -> None:
        """One message each way, if there is one; the dead neither hear nor are heard."""
        hand = self.hands[name]
        if self.downward.get(name):
            message = self.downward[name].popleft()
            if hand.alive:
                hand.hears(message)
        if self.upward.get(name):
            message = self.upward[name].popleft()
            if not hand.alive:
                return
            if isinstance(message, Released):
                self.handover.released(name, message)
            elif isinstance(message, AccountsMoved):
                self.handover.accounts(name, message.taken, message.freed)

    def settle(self) -> None:
        for _ in range(1000):
            if not any((*self.downward.values(), *self.upward.values())):
                return
            for name in list(self.hands):
                self.deliver(name)
        raise AssertionError("messages without end")

    def step(self, step: str, which: int) -> None:
        """One thing that may happen; the last worker neither dies nor leaves."""
        living = self.living()
        hand, others = living[which % len(living)], len(self.handover.workers) > 1
        if step == "come":
            self.come()
        elif step == "die" and others and hand.name in self.handover.workers:
            self.die(hand.name)
        elif step == "retire" and others:
            self.handover.retire(hand.name)
        elif step == "deliver":
            self.deliver(hand.name)
        elif step == "visit":
            hand.offer(PEOPLE[which % len(PEOPLE)], self.now_us)
        elif step == "end":
            hand.end_visits()
        elif step == "wait":
            self.now_us += which * 50_000

    def living(self) -> list[Hand]:
        return [hand for hand in self.hands.values() if hand.alive]


def begun(workers: int) -> Network:
    """So many workers among whom all shards are dealt."""
    network = Network()
    for _ in range(workers):
        network.come(late=False)
    network.handover.deal(network.hands)
    network.settle()
    return network


def test_an_account_barred_by_a_move_is_free_when_its_visit_ends() -> None:
    """A late worker: accounts in use at the old one are barred at the new one, and free once their visits are over."""
    network = begun(1)
    old = network.hands["w0"]
    busy = [account for account in PEOPLE if old.offer(account, 0)]
    new = network.come()
    network.settle()
    moved = [account for account in PEOPLE if new.ours.holds(shard_of(*account), LATER_US)]
    assert busy == PEOPLE
    assert 10 < len(moved) < 50
    assert not any(new.accounts.free(account) for account in moved)
    old.end_visits()
    network.settle()
    assert all(new.offer(account, LATER_US) for account in moved)


def test_only_accounts_of_the_moved_shards_are_barred() -> None:
    """What the old worker keeps is nobody else's business."""
    network = begun(1)
    for account in PEOPLE:
        network.hands["w0"].offer(account, 0)
    new = network.come()
    network.settle()
    kept = [account for account in PEOPLE if network.hands["w0"].ours.holds(shard_of(*account), LATER_US)]
    assert kept
    assert not new.accounts.elsewhere & set(kept)


def test_a_visit_begun_between_the_promise_and_the_move_bars_its_account_too() -> None:
    """The two seconds until a move takes effect: the old worker still offers, and says whom."""
    network = begun(1)
    old, new = network.hands["w0"], network.come()
    network.settle()
    moved = next(account for account in PEOPLE if new.ours.holds(shard_of(*account), LATER_US))
    assert old.offer(moved, MOVE_AHEAD_US - 1)
    network.settle()
    assert not new.offer(moved, MOVE_AHEAD_US)
    old.end_visits()
    network.settle()
    assert new.offer(moved, MOVE_AHEAD_US)


def test_the_accounts_of_a_worker_that_dies_are_free() -> None:
    """Its visits died with it: whoever has its shards, earlier or now, may use the accounts."""
    network = begun(1)
    for account in PEOPLE:
        network.hands["w0"].offer(account, 0)
    new = network.come()
    network.settle()
    network.die("w0")
    network.settle()
    network.now_us = LATER_US
    assert all(new.offer(account, LATER_US) for account in PEOPLE)


def test_two_workers_that_come_at_once_get_different_shards() -> None:
    """The second is not promised what is on its way to the first."""
    network = begun(1)
    for _ in range(2):
        network.come()
    network.settle()
    held = [[s for s in range(SHARDS) if hand.ours.holds(s, LATER_US)] for hand in network.living()]
    assert sorted(shard for of in held for shard in of) == list(range(SHARDS))
    assert min(map(len, held)) >= 84


def test_a_retired_worker_offers_until_the_others_do() -> None:
    """An orderly stop leaves no gap: its shards are its own to the instant from which they are another's."""
    network = begun(2)
    network.handover.retire("w0")
    network.settle()
    old, new = network.hands.values()
    assert old.ours.until_us == AHEAD_US
    for shard in range(SHARDS):
        for at_us in (0, AHEAD_US - 1, AHEAD_US, LATER_US):
            assert old.ours.holds(shard, at_us) != new.ours.holds(shard, at_us)


def test_a_late_answer_to_a_release_moves_the_instant() -> None:
    """A worker that hears of a move only after its instant keeps the shards until it has heard: nothing twice."""
    network = begun(1)
    network.come()
    network.now_us = 3 * MOVE_AHEAD_US
    network.settle()
    old, new = network.hands.values()
    for shard in range(SHARDS):
        for at_us in (0, MOVE_AHEAD_US, 3 * MOVE_AHEAD_US - 1, 3 * MOVE_AHEAD_US, LATER_US):
            assert old.ours.holds(shard, at_us) != new.ours.holds(shard, at_us)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["come", "die", "retire", "deliver", "visit", "end", "wait"]), st.integers(0, 60))
    )
)
def test_whatever_happens_no_shard_has_two_owners_and_no_account_two_visits(steps: list[tuple[str, int]]) -> None:
    """Any order of joins, deaths, orderly stops, visits and delays: in the end each shard has one living owner."""
    network = begun(2)
    for step, which in steps:
        network.step(step, which)
        for shard in (0, 100, 200):
            assert sum(hand.ours.holds(shard, network.now_us) for hand in network.living()) <= 1
    network.settle()
    network.now_us += LATER_US
    for hand in network.living():
        hand.end_visits()
    network.settle()
    for shard in range(SHARDS):
        owners = [hand for hand in network.living() if hand.ours.holds(shard, network.now_us)]
        assert [owner.name for owner in owners] == [network.handover.ledger.owner[shard]]
    assert not any(network.hands[name].accounts.elsewhere for name in network.handover.workers)

"""How many connections a plan's visitors hold and open: what descriptors and local ports are reckoned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.plan.summary import busiest_moment, busiest_of_run

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile
    from entsurge.plan.summary import Moment

# Of the client (client/pool.py), which brings gevent along; tests/plan/test_connections.py holds them against it.
MOST_A_VISITOR = 6
IDLE_SECONDS = 5.0
LIVE = ("chat", "video-class")  # services whose pages keep a socket open
TIME_WAIT_SECONDS = 60  # a closed connection keeps its port so long (TCP_TIMEWAIT_LEN of linux/tcp.h)
OF_OUR_OWN = 200  # descriptors of a process for everything else


@dataclass(frozen=True, slots=True)
class Connections:
    """Towards a target that copes: open at once, opened per second, and for how many seconds a port is kept."""

    at_once: float
    opened_per_second: float
    waiting_seconds: float = TIME_WAIT_SECONDS

    def descriptors(self, processes: int) -> int:
        """The file descriptors that each of so many processes needs."""
        return round(self.at_once / processes) + OF_OUR_OWN

    @property
    def ports(self) -> int:
        """The local ports that all processes together need: those in use, and those of connections just closed."""
        return round(self.at_once + self.opened_per_second * self.waiting_seconds)


@dataclass(frozen=True)
class Demand:
    """A moment of a profile's visits, for what they need; ports of closed connections are kept for so many seconds."""

    profile: Profile
    moment: Moment
    waiting_seconds: float = TIME_WAIT_SECONDS

    def connections(self, *, multiplexed: bool) -> Connections:
        """What the visitors of the moment hold and open, towards one origin.

        Each keeps one connection for the visit; without HTTP/2 (`multiplexed`) up to five more for the seconds that
        they idle after a page; and a socket while in a chat room or a video class.
        """
        load, extra = self.moment.total, 0 if multiplexed else MOST_A_VISITOR - 1
        if not load.pages_per_second:
            return Connections(0.0, 0.0, self.waiting_seconds)
        fetching = min(load.concurrency, load.pages_per_second * IDLE_SECONDS)
        gap_seconds = load.concurrency / load.pages_per_second
        # pages that follow each other sooner than connections idle use the same ones
        bursts = load.pages_per_second if gap_seconds > IDLE_SECONDS else load.visits_per_second
        live = _live_share(self.profile, self.moment)
        return Connections(
            at_once=load.concurrency * (1 + live) + extra * fetching,
            opened_per_second=load.visits_per_second + extra * bursts + load.pages_per_second * live,
            waiting_seconds=self.waiting_seconds,
        )


def of_run(profile: Profile) -> Demand:
    """A run of the profile at its busiest, in run time; one that is shorter than a minute keeps its ports for less."""
    replay, minutes = profile.file.replay, profile.end_minute - profile.begin_minute
    run_seconds = float((minutes + replay.warm_up_minutes) * 60 / replay.compression)
    return Demand(profile, busiest_of_run(profile, TIME_WAIT_SECONDS), min(TIME_WAIT_SECONDS, run_seconds))


def at_full_scale(profile: Profile, *, day: str = "") -> Demand:
    """Everybody, in real time, in the busiest ten minutes of the profile's week (or of one day of it)."""
    return Demand(profile, busiest_moment(profile, day=day))


def _live_share(profile: Profile, moment: Moment) -> float:
    """The share of the visitors at once who are on a page of chat or video class, as their mixes say."""
    in_rooms = 0.0
    for persona, load in moment.personas.items():
        pages = profile.mixes.mix(persona).pages
        everything = sum(share.value for share in pages.values())
        in_rooms += load.concurrency * float(sum(pages[name].value for name in LIVE if name in pages) / everything)
    return in_rooms / moment.total.concurrency

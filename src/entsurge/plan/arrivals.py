"""Every visit of a run. An arrival is named (persona, group, minute, k); any process computes any minute alone.

`systematic`: a minute's count is ⌊Λ(end)+u⌋ − ⌊Λ(start)+u⌋, with u from the seed and spread evenly over the groups,
so that whole audiences come out to within one visit; pages per visit are stratified over the arrival's ordinal.
`poisson`: counts are Poisson, pages per visit independent.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Literal

from entsurge.audience.shape import SERVICES
from entsurge.errors import UsageError
from entsurge.plan import chance, visit_length
from entsurge.plan.devices import DeviceOf
from entsurge.plan.rates import EVERY_DAY, MINUTES, Rate, held, rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from entsurge.audience.devices import Device
    from entsurge.audience.profile import Profile

GOLDEN = 0x9E3779B97F4A7C15
SHARDS = 256
MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """A tenant group (an academy): its name, its share of the audience, its accounts per persona.

    `present` are the shares of its own audience that come, Monday to Sunday: less in a holiday.
    """

    name: str
    share: Fraction
    accounts: Mapping[str, int]
    present: tuple[Fraction, ...] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class PagePlan:
    """One page view to come: its service, and the time from its start to the next click, in µs of run time."""

    service: str
    gap_us: int


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """One visit to come; times in µs of run time, zero at the start of the warm-up.

    `device` is empty where the profile says nothing of devices.
    """

    name: str
    persona: str
    group: str
    account: int
    due_us: int
    phase: str
    pages: tuple[PagePlan, ...]
    attempt: int = 0
    device: Device | Literal[""] = ""

    @property
    def kind(self) -> Literal["first", "retry"]:
        """What keys.json calls it: a planned visit is a first attempt, all others are retries."""
        return "retry" if self.attempt else "first"

    @property
    def shard(self) -> int:
        """Which of the 256 shards this visit belongs to: its account's, so that one process has all visits of it."""
        return shard_of(self.persona, self.group, self.account)

    @property
    def line(self) -> str:
        """The visit as one line, for digests and for reading."""
        pages = " ".join(f"{page.service}:{page.gap_us}" for page in self.pages)
        return f"{self.name} {self.account} {self.due_us} {self.phase} {pages}{by(self.device)}\n"


def by(device: str) -> str:
    """How a visit's line ends where its device is known."""
    return f" by {device}" if device else ""


def shard_of(persona: str, group: str, account: int) -> int:
    """The shard of an account, from 0 to 255."""
    name = f"{persona}/{group}/{account}"
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=1).digest())


class Stream:
    """The arrivals of one persona in one group."""

    def __init__(self, profile: Profile, persona: str, groups: list[Group], index: int) -> None:
        replay, seed = profile.file.replay, profile.file.replay.seed
        self.profile, self.persona, self.group, self.index = profile, persona, groups[index], index
        self.groups = len(groups)
        self.rate: Rate = rate(profile, persona, share=replay.scale * self.group.share, present=self.group.present)
        if replay.steady_minutes:
            self.rate = held(self.rate, profile.file.window.begin_minute, profile.file.window.end_minute)
        of = (f"draw {replay.draw}",) if replay.draw else ()
        spread = chance.unit(chance.key(seed, "u", *of)) + Fraction(
            list(profile.personas).index(persona), len(profile.personas)
        )
        self.u = (spread % 1 + self.groups - 1 - index) / self.groups
        self.instants = chance.key(seed, persona, self.group.name, "instants", *of)
        self.visits = chance.key(seed, persona, self.group.name, "visits", *of)
        self.quantile_offset = chance.draw(chance.key(seed, persona, "pages", *of), 1)[0]
        self.mix = page_mix(profile, persona)
        self.mean_pages = profile.week.pages_per_visit
        self.draws = 3 * len(visit_length.page_thresholds(self.mean_pages)) + 2
        self._counted: dict[int, int] = {}
        self.gap_us = profile.week.minutes_per_visit * MINUTE_US / self.mean_pages

    @cached_property
    def account_step(self) -> tuple[int, int]:
        """Offset and stride (coprime with the number of accounts) that walk through all accounts before repeating."""
        count = self.group.accounts[self.persona]
        first, second = chance.draw(chance.key(self.profile.file.replay.seed, self.persona, self.group.name, "who"), 2)
        stride = chance.below(second, count) or 1
        while math.gcd(stride, count) != 1:
            stride += 1
        return chance.below(first, count), stride

    @cached_property
    def device(self) -> Callable[[int], Device | Literal[""]]:
        """The device of each account; empty where the profile says nothing of devices."""
        profile, count = self.profile, self.group.accounts[self.persona]
        if not profile.devices:
            return lambda _: ""
        stream = chance.key(profile.file.replay.seed, self.persona, "devices")
        return DeviceOf.among(
            profile.device_shares(self.persona), self.account_step, count, stream, index=self.index, groups=self.groups
        )

    def count(self, minute: int) -> tuple[int, int]:
        """The ordinal of the minute's first arrival, and how many there are."""
        start, end = self.rate.until(minute), self.rate.until(minute + 1)
        first = int(start + self.u)
        if self.profile.file.replay.arrivals == "systematic":
            return first, int(end + self.u) - first
        raw = chance.draw(self.instants, 1, block=minute, item=1)[0]
        return first, poisson(end - start, raw)

    def minute(self, minute: int, origin_minute: int) -> Iterator[VisitPlan]:
        """The visits due in this minute of the week, in order of their due time."""
        ordinal, count = self.count(minute)
        offsets = sorted(chance.below(raw, MINUTE_US) for raw in chance.draw(self.instants, count, block=minute))
        first = ordinal if self.profile.file.replay.arrivals == "systematic" else self._before(minute, origin_minute)
        for k, offset in enumerate(offsets):
            due = (minute - origin_minute) * MINUTE_US + offset
            yield self._visit(minute, k, ordinal + k, first + k, due)

    def _before(self, minute: int, origin_minute: int) -> int:
        """How many Poisson arrivals there are from the origin to this minute: ordinals of the rate would overlap."""
        if minute <= origin_minute:
            return 0
        if minute not in self._counted:
            last = max((known for known in self._counted if known < minute), default=origin_minute)
            total = self._counted.get(last, 0)
            for each in range(last, minute):
                total += self.count(each)[1]
            self._counted[minute] = total
        return self._counted[minute]

    def _visit(self, minute: int, k: int, ordinal: int, place: int, due_simulated_us: int) -> VisitPlan:
        replay, window = self.profile.file.replay, self.profile.file.window
        random = iter(chance.draw(self.visits, self.draws, block=minute, item=k))
        pages = visit_length.pages(self._quantile(ordinal, next(random)), self.mean_pages)
        services = self.mix.draw(pages, random)
        total = int(pages * self.gap_us / replay.compression)
        gaps = visit_length.gaps(list(islice(random, 2 * pages - 1)), total)
        offset, stride = self.account_step
        account = (offset + place * stride) % self.group.accounts[self.persona]
        return VisitPlan(
            name=f"{self.persona}/{self.group.name}/{minute}/{k}",
            persona=self.persona,
            group=self.group.name,
            account=account,
            due_us=int(due_simulated_us / replay.compression),
            phase=replay.phase if minute >= window.begin_minute else "warm-up",
            pages=tuple(PagePlan(service, gap) for service, gap in zip(services, gaps, strict=True)),
            device=self.device(account),
        )

    def _quantile(self, ordinal: int, raw: int) -> int:
        if self.profile.file.replay.arrivals == "poisson":
            return raw
        return ((ordinal * self.groups + self.index) * GOLDEN + self.quantile_offset) % chance.WHOLE


@dataclass(frozen=True, slots=True)
class PageMix:
    """Draws the services of a visit so that the shares of page views hold exactly in expectation.

    The first page is home as far as home's share allows; pages of one service stand together, as people read.
    """

    first_home: int
    first_other: list[int]
    rest: list[int]

    def draw(self, pages: int, random: Iterator[int]) -> list[str]:
        """The services of a visit's pages in order."""
        first = "home" if next(random) < self.first_home else self._pick(self.first_other, next(random))
        others = [self._pick(self.rest, next(random)) for _ in range(pages - 1)]
        order = list(dict.fromkeys([first, *others]))
        return sorted([first, *others], key=order.index)

    @staticmethod
    def _pick(thresholds: list[int], raw: int) -> str:
        return SERVICES[bisect_right(thresholds, raw)]


def page_mix(profile: Profile, persona: str) -> PageMix:
    """The draw for one persona's page mix and the profile's pages per visit."""
    mix, mean = profile.mixes.mix(persona), profile.week.pages_per_visit
    home = mix.page_share("home")
    first = min(Fraction(1), home * mean)
    later = (home * mean - first) / (mean - 1) if mean > 1 else Fraction(0)
    other = [Fraction(0) if name == "home" else mix.page_share(name) for name in SERVICES]
    elsewhere = sum(other, Fraction(0))
    first_other = chance.thresholds(other) if elsewhere else chance.thresholds([Fraction(1)] * len(SERVICES))
    rest = [later if name == "home" else (1 - later) * share for name, share in zip(SERVICES, other, strict=True)]
    if elsewhere:
        rest = [later if name == "home" else share / elsewhere for name, share in zip(SERVICES, rest, strict=True)]
    else:
        rest = [Fraction(name == "home") for name in SERVICES]
    return PageMix(int(first * chance.WHOLE), first_other, chance.thresholds(rest))


def poisson(mean: Fraction, raw: int) -> int:
    """A Poisson count by inversion in decimal arithmetic (no libm, the same on every machine)."""
    with localcontext() as context:
        context.prec = 40
        average = Decimal(mean.numerator) / Decimal(mean.denominator)
        target = Decimal(raw) / chance.WHOLE
        term = (-average).exp()
        total, count = term, 0
        most = int(average) + 40 + 12 * int(average.sqrt() + 1)
        while total <= target and count < most:
            count += 1
            term = term * average / count
            total += term
    return count


class Arrivals:
    """All visits of a run, from the warm-up to the end of the window."""

    def __init__(self, profile: Profile, groups: list[Group]) -> None:
        self.profile = profile
        self.origin_minute = profile.begin_minute - profile.file.replay.warm_up_minutes
        if self.origin_minute < 0:
            raise UsageError("the warm-up begins before Monday 00:00", hint="a later window, or fewer warm_up_minutes")
        self.end_minute = profile.end_minute
        if self.end_minute > MINUTES:
            raise UsageError("the steady rate is held beyond Sunday 24:00", hint="fewer steady_minutes")
        self.streams = [
            Stream(profile, persona, groups, index) for persona in profile.personas for index in range(len(groups))
        ]

    def __iter__(self) -> Iterator[VisitPlan]:
        """The visits in order of due time, drawn minute by minute."""
        for minute in range(self.origin_minute, self.end_minute):
            parts = [stream.minute(minute, self.origin_minute) for stream in self.streams]
            yield from heapq.merge(*parts, key=lambda visit: (visit.due_us, visit.name))

    def window(self) -> Iterator[VisitPlan]:
        """The visits that are due in the window, warm-up left out."""
        return (visit for visit in self if visit.phase != "warm-up")

    def digest(self) -> str:
        """SHA-256 over every planned visit: the same on every machine and for every number of workers."""
        total = hashlib.sha256()
        for visit in self:
            total.update(visit.line.encode())
        return total.hexdigest()

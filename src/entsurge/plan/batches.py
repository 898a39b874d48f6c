"""The visits of `Arrivals` by column, some minutes at a time: the same integers, drawn by whole arrays.

A plan is drawn ten to twenty times as fast (docs/adr/0018); tests hold it to `Arrivals`, line by line.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from entsurge.audience.shape import SERVICES
from entsurge.plan import visit_length
from entsurge.plan.arrivals import GOLDEN, MINUTE_US, Arrivals, PagePlan, Stream, VisitPlan, by
from entsurge.plan.chance import WHOLE
from entsurge.plan.devices import by_device
from entsurge.plan.philox import Words, high, rows, singles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from entsurge.audience.devices import Device

VISITS_A_BATCH = 8_192
MINUTES_A_BATCH = 360


@dataclass(frozen=True)
class PlanBatch:
    """Visits in order of due time, a row each; `stream` numbers those of `Arrivals`.

    `services` and `gaps_us` have as many columns as the longest visit has pages; what is past a visit's own `pages`
    means nothing.
    """

    streams: Sequence[Stream]
    stream: NDArray[np.int64]
    minute: NDArray[np.int64]
    place: NDArray[np.int64]
    account: NDArray[np.int64]
    due_us: NDArray[np.int64]
    pages: NDArray[np.int64]
    services: NDArray[np.int64]
    gaps_us: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.stream)

    @cached_property
    def window(self) -> NDArray[np.bool_]:
        """Which visits are due in the window, and not before it in the warm-up."""
        begin = self.streams[0].profile.file.window.begin_minute
        found: NDArray[np.bool_] = self.minute >= begin
        return found

    @cached_property
    def names(self) -> list[str]:
        """Each visit's name."""
        heads = [f"{each.persona}/{each.group.name}/" for each in self.streams]
        whole = zip(self.stream.tolist(), self.minute.tolist(), self.place.tolist(), strict=True)
        return [f"{heads[stream]}{minute}/{place}" for stream, minute, place in whole]

    @cached_property
    def devices(self) -> list[Device | Literal[""]]:
        """Each visit's device; empty where the profile says nothing of devices."""
        of = [each.device for each in self.streams]
        return [
            of[stream](account) for stream, account in zip(self.stream.tolist(), self.account.tolist(), strict=True)
        ]

    def visit(self, row: int) -> VisitPlan:
        """One visit as `Arrivals` gives it."""
        stream, count = self.streams[int(self.stream[row])], int(self.pages[row])
        pairs = zip(self.services[row, :count].tolist(), self.gaps_us[row, :count].tolist(), strict=True)
        return VisitPlan(
            name=self.names[row], persona=stream.persona, group=stream.group.name, account=int(self.account[row]),
            due_us=int(self.due_us[row]), phase=self._phase(row),
            pages=tuple(PagePlan(SERVICES[service], gap) for service, gap in pairs),
            device=stream.device(int(self.account[row])),
        )  # fmt: skip

    def lines(self) -> Iterator[str]:
        """Each visit as `VisitPlan.line` has it."""
        phase = self.streams[0].profile.file.replay.phase
        columns = (self.account, self.due_us, self.window, self.pages, self.services, self.gaps_us)
        whole = zip(self.names, self.devices, *(column.tolist() for column in columns), strict=True)
        for name, device, account, due, inside, count, services, gaps in whole:
            pages = " ".join([f"{SERVICES[services[k]]}:{gaps[k]}" for k in range(count)])
            yield f"{name} {account} {due} {phase if inside else 'warm-up'} {pages}{by(device)}\n"

    def _phase(self, row: int) -> str:
        return self.streams[0].profile.file.replay.phase if self.window[row] else "warm-up"


def batches(arrivals: Arrivals, visits: int = VISITS_A_BATCH) -> Iterator[PlanBatch]:
    """All visits of a plan in order of due time, about so many at a time."""
    columns = [_Columns(stream, arrivals.origin_minute) for stream in arrivals.streams]
    begin = minute = arrivals.origin_minute
    gathered = 0
    while minute < arrivals.end_minute:
        gathered += sum(each.count(minute) for each in columns)
        minute += 1
        if gathered >= visits or minute - begin >= MINUTES_A_BATCH or minute == arrivals.end_minute:
            if gathered:
                yield _joined(arrivals, [each.drawn(begin, minute) for each in columns])
            begin, gathered = minute, 0


@dataclass(frozen=True)
class Totals:
    """A whole plan: what `Arrivals.digest` and `summary.planned` give, in one pass."""

    digest: str
    planned: dict[str, Any]


def totals(arrivals: Arrivals) -> Totals:
    """Digest and counts of a plan, drawn once."""
    sha, personas = hashlib.sha256(), list(arrivals.profile.personas)
    visits, services, gap_us = np.zeros(len(personas), int), np.zeros((len(personas), len(SERVICES)), int), 0
    whose = np.array([personas.index(stream.persona) for stream in arrivals.streams])
    devices: dict[str, Counter[str]] = {name: Counter() for name in personas}
    for batch in batches(arrivals):
        sha.update("".join(batch.lines()).encode())
        asked = (np.arange(batch.services.shape[1]) < batch.pages[:, None]) & batch.window[:, None]
        persona = whose[batch.stream]
        visits += np.bincount(persona[batch.window], minlength=len(personas))
        pairs = (persona[:, None] * len(SERVICES) + batch.services)[asked]
        services += np.bincount(pairs, minlength=services.size).reshape(services.shape)
        gap_us += int(batch.gaps_us[asked].sum())
        if arrivals.profile.devices:
            for stream, device, inside in zip(batch.stream.tolist(), batch.devices, batch.window.tolist(), strict=True):
                devices[batch.streams[stream].persona][device] += inside
    found = _planned(arrivals, visits.tolist(), services.tolist(), gap_us)
    for name, of in found["personas"].items():
        of.update(by_device(devices[name]))
    return Totals(sha.hexdigest(), found)


def _planned(arrivals: Arrivals, visits: list[int], services: list[list[int]], gap_us: int) -> dict[str, Any]:
    found = {
        name: {
            "visits": count, "page_views": sum(pages),
            "services": {each: many for each, many in zip(SERVICES, pages, strict=True) if many},
        }
        for name, count, pages in zip(arrivals.profile.personas, visits, services, strict=True)
    }  # fmt: skip
    all_visits, views = sum(visits), sum(map(sum, services))
    minutes = gap_us * float(arrivals.profile.file.replay.compression) / 60e6
    window = {
        "visits": all_visits, "page_views": views,
        "minutes_per_visit": minutes / all_visits if all_visits else 0.0,
        "pages_per_visit": views / all_visits if all_visits else 0.0,
    }  # fmt: skip
    return {"personas": found, "window": window}


class _Columns:
    """The visits of one stream by column, minute after minute."""

    def __init__(self, stream: Stream, origin: int) -> None:
        self.stream, self.origin = stream, origin
        replay = stream.profile.file.replay
        self.systematic = replay.arrivals == "systematic"
        self.compression, self.past = replay.compression, 0
        self._ordinals: dict[int, int] = {}
        self._counts: dict[int, tuple[int, int, int]] = {}  # of a minute: ordinal, how many, how many came before
        thresholds = visit_length.page_thresholds(stream.mean_pages)
        self.most = len(thresholds)
        self.lengths = _thresholds(thresholds)
        self.first_other, self.rest = _thresholds(stream.mix.first_other), _thresholds(stream.mix.rest)
        self.totals = np.array(
            [int(pages * stream.gap_us / self.compression) for pages in range(self.most + 1)], np.uint64
        )

    def count(self, minute: int) -> int:
        """How many visits are due in this minute; minutes come in order."""
        if self.systematic:
            start, end = self._ordinal(minute), self._ordinal(minute + 1)
            self._ordinals.pop(minute)
            ordinal, count = start, end - start
        else:
            ordinal, count = self.stream.count(minute)
        self._counts[minute] = ordinal, count, ordinal if self.systematic else self.past
        self.past += count
        return count

    def _ordinal(self, minute: int) -> int:
        if minute not in self._ordinals:
            self._ordinals[minute] = int(self.stream.rate.until(minute) + self.stream.u)
        return self._ordinals[minute]

    def drawn(self, begin: int, end: int) -> dict[str, Any]:
        """The columns of these minutes, whose visits have been counted."""
        told = [self._counts.pop(minute) for minute in range(begin, end)]
        ordinals, counts, before = (np.array(column, np.int64) for column in zip(*told, strict=True))
        minute = np.repeat(np.arange(begin, end), counts)
        place = np.arange(len(minute)) - np.repeat(np.cumsum(counts) - counts, counts)
        raw = singles(self.stream.instants, place.astype(np.uint64), minute.astype(np.uint64))
        offset = high(raw, np.uint64(MINUTE_US)).astype(np.int64)
        offset = offset[np.lexsort((offset, minute))]
        due = self._run_time((minute - self.origin) * MINUTE_US + offset)
        pages, services, gaps = self._pages(minute, place, np.repeat(ordinals, counts) + place)
        start, stride = self.stream.account_step
        nth = np.repeat(before, counts) + place
        account = (start + nth * stride) % self.stream.group.accounts[self.stream.persona]
        return {
            "minute": minute, "place": place, "account": account, "due_us": due, "pages": pages, "services": services,
            "gaps_us": gaps,
        }  # fmt: skip

    def _run_time(self, simulated_us: NDArray[np.int64]) -> NDArray[np.int64]:
        whole, part = self.compression.numerator, self.compression.denominator
        if part == 1:
            return simulated_us // whole
        exact = simulated_us.astype(object) * part // whole
        return exact.astype(np.int64)

    def _pages(
        self, minute: NDArray[np.int64], place: NDArray[np.int64], ordinal: NDArray[np.int64]
    ) -> tuple[Any, ...]:
        """How many pages each visit has, of which services, and the gaps after them."""
        raw = rows(self.stream.visits, self.stream.draws, minute.astype(np.uint64), place.astype(np.uint64))
        quantile = raw[:, 0]
        if self.systematic:
            each = ordinal.astype(np.uint64) * np.uint64(self.stream.groups) + np.uint64(self.stream.index)
            quantile = each * np.uint64(GOLDEN) + np.uint64(self.stream.quantile_offset)
        pages = np.searchsorted(self.lengths, quantile, side="right") + 1
        at_home = raw[:, 1] < np.uint64(min(self.stream.mix.first_home, WHOLE - 1))
        at_home |= self.stream.mix.first_home >= WHOLE
        first = np.where(at_home, SERVICES.index("home"), np.searchsorted(self.first_other, raw[:, 2], side="right"))
        used = np.where(at_home, 2, 3)  # draws of the length and of the first page
        services = self._services(first, raw, used)
        gaps = self._gaps(raw, used + pages - 1, pages)
        return pages, _together(services, pages), gaps

    def _services(self, first: Any, raw: Words, used: Any) -> NDArray[np.int64]:
        later = used[:, None] + np.arange(self.most - 1)
        drawn = np.take_along_axis(raw, later, axis=1)
        others = np.searchsorted(self.rest, drawn.ravel(), side="right").reshape(drawn.shape)
        found: NDArray[np.int64] = np.concatenate([first[:, None], others], axis=1)
        return found

    def _gaps(self, raw: Words, used: Any, pages: Any) -> NDArray[np.int64]:
        """Every second of 2P−1 sorted points, and what lies between."""
        width = 2 * self.most - 1
        column = np.arange(width)
        drawn = np.take_along_axis(raw, np.minimum(used[:, None] + column, raw.shape[1] - 1), axis=1)
        total = self.totals[pages]
        points = high(drawn, (total + np.uint64(1))[:, None])
        points[column >= (2 * pages - 1)[:, None]] = np.uint64(WHOLE - 1)
        points.sort(axis=1)
        ends = np.minimum(points[:, 1::2], total[:, None]).astype(np.int64)
        last = total.astype(np.int64)[:, None]
        edges = np.concatenate([np.zeros_like(last), ends, last], axis=1)
        return np.diff(edges, axis=1)


def _thresholds(found: Sequence[int]) -> Words:
    """Those that a draw of 64 bits can pass."""
    return np.array([each for each in found if each < WHOLE], np.uint64)


def _together(services: NDArray[np.int64], pages: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pages of one service stand together, in the order in which the services first come."""
    count, most = services.shape
    column = np.arange(most)
    first = np.full((count, len(SERVICES)), most, np.int64)
    row = np.arange(count)
    for at in range(most - 1, -1, -1):
        inside = at < pages
        first[row[inside], services[inside, at]] = at
    rank = np.take_along_axis(first, services, axis=1) * most + column
    rank[column >= pages[:, None]] = most * (most + 1)
    order = np.argsort(rank, axis=1, kind="stable")
    found: NDArray[np.int64] = np.take_along_axis(services, order, axis=1)
    return found


def _joined(arrivals: Arrivals, parts: list[dict[str, Any]]) -> PlanBatch:
    """All streams' visits in the order of `Arrivals`: by due time, then as a merge by name takes them."""
    most = max(part["services"].shape[1] for part in parts)
    for part in parts:
        for name in ("services", "gaps_us"):
            lacking = most - part[name].shape[1]
            part[name] = np.pad(part[name], ((0, 0), (0, lacking)))
    stream = np.repeat(np.arange(len(parts)), [len(part["minute"]) for part in parts])
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((columns["due_us"], columns["minute"]))
    batch = PlanBatch(arrivals.streams, stream[order], **{name: column[order] for name, column in columns.items()})
    return _ties_settled(batch)


def _ties_settled(batch: PlanBatch) -> PlanBatch:
    """Visits due in the same µs of one minute: each stream's in its own order, streams merged by the visits' names."""
    same = (np.diff(batch.due_us) == 0) & (np.diff(batch.minute) == 0)
    if not same.any():
        return batch
    order, at = np.arange(len(batch)), 0
    names, ties = batch.names, np.flatnonzero(same).tolist()
    while at < len(ties):
        begin = end = ties[at]
        while at < len(ties) and ties[at] == end:
            end, at = end + 1, at + 1
        tied = list(range(begin, end + 1))
        by_stream = {
            stream: sorted((row for row in tied if batch.stream[row] == stream), key=lambda row: int(batch.place[row]))
            for stream in sorted({int(batch.stream[row]) for row in tied})
        }
        order[begin : end + 1] = list(heapq.merge(*by_stream.values(), key=lambda row: names[row]))
    fields = ("stream", "minute", "place", "account", "due_us", "pages", "services", "gaps_us")
    return PlanBatch(batch.streams, **{name: getattr(batch, name)[order] for name in fields})

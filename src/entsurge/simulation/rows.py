"""Finished visits as columns of visits.arrows: what `visit/log.py` says of one, of many at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from entsurge.population.uai import synthetic_uai
from entsurge.record.schema import PAGE_OUTCOMES, RETRIES, VISITS
from entsurge.simulation.journeys import PUBLISHES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from entsurge.audience.persona import Persona
    from entsurge.plan.arrivals import Stream
    from entsurge.population import Population
    from entsurge.simulation.costs import Page
    from entsurge.simulation.visits import Stay

_NOT_ASKED = len(PAGE_OUTCOMES)
NOT_STARTED = "not-started"


@dataclass(frozen=True)
class _Pages:
    """All pages of some visits, one after the other: whose, which code, what became of it."""

    row: NDArray[np.int64]
    code: NDArray[np.int64]
    outcome: NDArray[np.int64]


class VisitRows:
    """Makes rows; knows which pages are somebody's work, and where an account's school is."""

    def __init__(
        self, pages: Sequence[Page], streams: Sequence[Stream], people: Population, personas: Mapping[str, Persona]
    ) -> None:
        self.streams, self.people = streams, people
        self.span_us = 0  # of all visits written that began, as far as it lies in the window
        self.services = sorted({page.service for page in pages})
        self._service = np.array([self.services.index(page.service) for page in pages])
        works = [personas[streams[page.stream].persona].work for page in pages]
        self._of_work = np.array(
            [work is not None and page.service in work.services for work, page in zip(works, pages, strict=True)]
        )
        self._is_work = np.array(
            [
                work is not None and (page.action in PUBLISHES if work.publishes else page.service in work.services)
                for work, page in zip(works, pages, strict=True)
            ]
        )
        self._uai = [synthetic_uai(school) for school in range(people.schools)]
        self._academies = {name: index for index, name in enumerate(people.academy_names)}

    def batch(self, stays: Sequence[Stay], *, retries: bool) -> pa.RecordBatch:
        """These visits, a row each."""
        pages = _flat(stays)
        planned = np.array([len(stay.codes) for stay in stays], np.int64)
        by_outcome = np.bincount(pages.row * (_NOT_ASKED + 1) + pages.outcome, minlength=len(stays) * (_NOT_ASKED + 1))
        counts = by_outcome.reshape(len(stays), _NOT_ASKED + 1)
        columns: dict[str, Any] = {
            **self._texts(stays),
            **{name: [getattr(stay, name) for stay in stays] for name in ("due_us", "start_us", "end_us")},
            "planned": planned,
            **{name: counts[:, number] for number, name in enumerate(PAGE_OUTCOMES)},
            "unserved": counts[:, _NOT_ASKED],
            "planned_gap_us": [sum(stay.gaps_us) for stay in stays],
            "waiting_us": [stay.waiting_us for stay in stays],
            "work_planned": self._any(pages, self._of_work[pages.code], len(stays)),
            "work_served": self._any(pages, self._is_work[pages.code] & (pages.outcome == 0), len(stays)),
            "services": self._services(pages, len(stays)),
            "sign_on": [PAGE_OUTCOMES[stay.sign_on] for stay in stays],
            "end": [stay.end for stay in stays],
            "device": [stay.device for stay in stays],
            "attempt": [stay.attempt for stay in stays],
        }
        schema = RETRIES if retries else VISITS
        return pa.RecordBatch.from_arrays([_array(columns[each.name], each.type) for each in schema], schema=schema)

    def held_us(self, stays: Sequence[Stay], begin_us: int, end_us: int) -> None:
        """Note how much of these visits lies in the window: the other side of Little's law."""
        self.span_us += sum(
            max(0, min(stay.end_us, end_us) - max(stay.start_us, begin_us)) for stay in stays if stay.end != NOT_STARTED
        )

    def little(self, area_us: int, begin_us: int, end_us: int) -> dict[str, Any]:
        """The `little` of finish.json: mean visitors by counting them in and out, and by the visits' own times."""
        length_us, most_us = end_us - begin_us, max(area_us, self.span_us)
        return {
            "presence": area_us / length_us, "from_visits": self.span_us / length_us,
            "residual": abs(area_us - self.span_us) / most_us if most_us else 0.0, "judged": most_us > 0,
        }  # fmt: skip

    def _texts(self, stays: Sequence[Stay]) -> dict[str, list[str]]:
        streams = [self.streams[stay.stream] for stay in stays]
        return {
            "name": [stay.name for stay in stays],
            "persona": [stay.persona for stay in stays],
            "group": [stream.group.name for stream in streams],
            "school": [self._school(stream, stay) for stream, stay in zip(streams, stays, strict=True)],
            "phase": [stay.phase for stay in stays],
        }

    def _school(self, stream: Stream, stay: Stay) -> str:
        """Whose account it is; nobody's school is known of who never signed on."""
        if stay.end == NOT_STARTED:
            return ""
        people = self.people
        nth = stay.account // people.per_school(stay.persona)
        return self._uai[self._academies[stream.group.name] + nth * people.academies]

    @staticmethod
    def _any(pages: _Pages, of: NDArray[np.bool_], rows: int) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.bincount(pages.row, of, minlength=rows) > 0
        return found

    def _services(self, pages: _Pages, rows: int) -> pa.ListArray:
        """Per visit and service, in the order in which the services first come: planned, and by outcome."""
        many = len(self.services)
        pairs, first, whose = np.unique(
            pages.row * many + self._service[pages.code], return_index=True, return_inverse=True
        )
        order = np.argsort(first, kind="stable")
        counts = np.bincount(whose * (_NOT_ASKED + 1) + pages.outcome, minlength=len(pairs) * (_NOT_ASKED + 1))
        table = counts.reshape(len(pairs), _NOT_ASKED + 1)[order]
        offsets = np.zeros(rows + 1, np.int32)
        offsets[1:] = np.cumsum(np.bincount(pairs // many, minlength=rows))
        names = pa.array(self.services).take(pa.array(pairs[order] % many))
        numbers = [table.sum(axis=1), *(table[:, number] for number in range(_NOT_ASKED))]
        arrays = [names, *(pa.array(each.astype(np.int32)) for each in numbers)]
        kind = VISITS.field("services").type
        structs = pa.StructArray.from_arrays(arrays, fields=list(kind.value_type))
        return pa.ListArray.from_arrays(pa.array(offsets), structs)


def _flat(stays: Sequence[Stay]) -> _Pages:
    planned = [len(stay.codes) for stay in stays]
    row = np.repeat(np.arange(len(stays)), planned)
    code = np.fromiter(chain.from_iterable(stay.codes for stay in stays), np.int64, sum(planned))
    asked = np.array([len(stay.outcomes) for stay in stays], np.int64)
    outcome = np.full(len(code), _NOT_ASKED, np.int64)
    place = np.arange(len(code)) - np.repeat(np.cumsum(planned) - planned, planned)
    outcome[place < np.repeat(asked, planned)] = np.frombuffer(b"".join(stay.outcomes for stay in stays), np.uint8)
    return _Pages(row, code, outcome)


def _array(found: Any, kind: pa.DataType) -> pa.Array:
    return found if isinstance(found, pa.Array) else pa.array(found, kind)

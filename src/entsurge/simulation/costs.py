"""What the pages of a plan cost on a deployment: actions, workers' and connections' time, drawn by whole batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

from entsurge.audience.shape import SERVICES
from entsurge.plan import chance
from entsurge.simulation.journeys import WRITES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from entsurge.plan.arrivals import Stream
    from entsurge.plan.batches import PlanBatch
    from entsurge.simulation.deployment import Deployment
    from entsurge.simulation.journeys import Journeys
    from entsurge.simulation.measures import InForce

SIGN_ON = "sign-on"
REFUSED = -1  # work of a page that a measure closes
_GOLDEN = 0x9E3779B1
Numbers = Any  # NDArray of int64 or float64


class Page(NamedTuple):
    """What a code stands for: a persona's and group's page of a service, opened by an action."""

    stream: int
    service: str
    action: str


@dataclass(frozen=True)
class Costed:
    """A batch's visits: codes of their pages and worker's µs of each (0: none is needed; REFUSED), by row.

    `sign_on_us` and `landing_us` are what signing on and the page that it ends on take of a worker.
    """

    codes: NDArray[np.int64]
    work_us: NDArray[np.int64]
    sign_on_us: NDArray[np.int64]
    landing_us: NDArray[np.int64]


class Costs:
    """Numbers pages, and draws what they cost. The same seed gives every deployment the same luck, page by page."""

    def __init__(
        self, deployment: Deployment, in_force: InForce, journeys: Mapping[str, Journeys], streams: Sequence[Stream],
        seed: int,
    ) -> None:  # fmt: skip
        self.deployment, self.in_force, self.seed = deployment, in_force, seed
        self.pages: list[Page] = []
        self.sign_on_codes = [self._code(Page(number, SIGN_ON, SIGN_ON)) for number in range(len(streams))]
        self._batch = 0
        self._number(streams, journeys)
        times = [deployment.of_service(page.service) for page in self.pages]
        self.around_us = [
            int(1e6 * (deployment.sign_on.around_seconds if page.service == SIGN_ON else of.around_seconds or 0.0))
            for page, of in zip(self.pages, times, strict=True)
        ]
        self.database_share = [self._database_share(page.service) for page in self.pages]
        self._refused = np.array([self._is_refused(page) for page in self.pages])

    def _code(self, page: Page) -> int:
        self.pages.append(page)
        return len(self.pages) - 1

    def _number(self, streams: Sequence[Stream], journeys: Mapping[str, Journeys]) -> None:
        """Tables of codes by stream, service, journey and place in it; of lengths, and of how many journeys."""
        lists = [[self._of(number, each, service, journeys) for service in SERVICES]
                 for number, each in enumerate(streams)]  # fmt: skip
        widest = max(len(of) for row in lists for of in row)
        longest = max(len(one) for row in lists for of in row for one in of)
        self._table = np.zeros((len(streams), len(SERVICES), widest, longest), np.int64)
        self._lengths = np.ones((len(streams), len(SERVICES), widest), np.int64)
        self._many = np.array([[len(of) for of in row] for row in lists])
        for stream, row in enumerate(lists):
            for service, of in enumerate(row):
                for journey, codes in enumerate(of):
                    self._table[stream, service, journey, : len(codes)] = codes
                    self._lengths[stream, service, journey] = len(codes)

    def _of(self, number: int, stream: Stream, service: str, journeys: Mapping[str, Journeys]) -> list[list[int]]:
        known: dict[str, int] = {}
        found = journeys.get(stream.persona, {}).get(service) or ((f"open-{service}",),)
        for action in (action for journey in found for action in journey):
            if action not in known:
                known[action] = self._code(Page(number, service, action))
        return [[known[action] for action in journey] for journey in found]

    def _database_share(self, service: str) -> float:
        if service == SIGN_ON:
            return self.deployment.sign_on.database_share
        return self.deployment.of_service(service).database_share or 0.0

    def _is_refused(self, page: Page) -> bool:
        in_force = self.in_force
        return page.service in in_force.closed or (page.service in in_force.read_only and page.action in WRITES)

    # -- a batch -------------------------------------------------------------------------------------------------------

    def codes(self, stream: Numbers, services: Numbers, which: Numbers) -> NDArray[np.int64]:
        """The code of each page, by row; `which` number chooses among several journeys of a service."""
        place = np.zeros_like(services)
        for at in range(1, services.shape[1]):
            place[:, at] = np.where(services[:, at] == services[:, at - 1], place[:, at - 1] + 1, 0)
        of = stream[:, None]
        journey = ((which[:, None] * _GOLDEN + services) >> 7) % self._many[of, services]
        found: NDArray[np.int64] = self._table[of, services, journey, place % self._lengths[of, services, journey]]
        return found

    def codes_again(self, codes: Sequence[int], stream: int) -> list[int]:
        """The codes of the same services' pages when they are asked for once more: journeys begin again."""
        services = np.array([[SERVICES.index(self.pages[code].service) for code in codes]], np.int64)
        if not len(codes):
            return []
        found: list[int] = self.codes(np.array([stream]), services, np.zeros(1, np.int64))[0].tolist()
        return found

    def without_landing(self, codes: Sequence[int], work_us: list[int], landing_us: int) -> None:
        """Sign-on ends on a page anew: the first of its kind costs nothing, one that cost nothing before costs now."""
        lands_on, first = self.deployment.sign_on.lands_on, True
        for at, code in enumerate(codes):
            if self.pages[code].service == lands_on and work_us[at] != REFUSED:
                work_us[at] = 0 if first else work_us[at] or landing_us
                first = False

    def of_batch(self, batch: PlanBatch) -> Costed:
        """What the batch costs; batches come in their order."""
        self._batch += 1
        random = np.random.Generator(np.random.Philox(key=np.array(self._key(), np.uint64)))
        luck, hit = random.random(batch.services.shape), random.random(batch.services.shape)
        at_door = random.random((3, len(batch)))
        codes = self.codes(batch.stream, batch.services, batch.place)
        work = self._work_us(batch.services, luck, hit)
        work[self._refused[codes]] = REFUSED
        landing = self._landing(batch, work, *at_door[1:])
        sign_on = self.deployment.sign_on
        return Costed(codes, work, _us(sign_on.seconds * factor(sign_on.spread, at_door[0])), landing)

    def _key(self) -> tuple[int, int]:
        return chance.key(self.seed, "simulation", str(self._batch))

    def _work_us(self, services: Numbers, luck: Numbers, hit: Numbers) -> Numbers:
        work = np.zeros(services.shape, np.int64)
        for number, name in enumerate(SERVICES):
            of, mine = self.deployment.of_service(name), services == number
            if name in self.in_force.static or not mine.any():
                continue
            taken = _us((of.seconds or 0.0) * factor(of.spread or "fixed", luck[mine]))
            taken[hit[mine] < (of.cached_share or 0.0)] = 0
            work[mine] = taken
        return work

    def _landing(self, batch: PlanBatch, work: Numbers, luck: Numbers, hit: Numbers) -> Numbers:
        """The page that sign-on ends on; the visit's first page of that kind has then been served already."""
        lands_on = self.deployment.sign_on.lands_on
        if lands_on is None:
            return np.zeros(len(batch), np.int64)
        number = SERVICES.index(lands_on)
        there = (batch.services == number) & (np.arange(batch.services.shape[1]) < batch.pages[:, None])
        first = there & (np.cumsum(there, axis=1) == 1)
        work[first & (work > 0)] = 0
        every = np.full((len(batch), 1), number)
        found: Numbers = self._work_us(every, luck[:, None], hit[:, None])[:, 0]
        return found


def factor(spread: str, luck: Numbers) -> Numbers:
    """Numbers whose mean is 1, from the quantiles of a distribution."""
    name, _, parameter = spread.partition(":")
    match name:
        case "exponential":
            return -np.log1p(-luck)
        case "gamma":
            return special.gammaincinv(float(parameter), luck) / float(parameter)
        case "lognormal":
            sigma = float(parameter)
            return np.exp(sigma * special.ndtri(luck) - sigma * sigma / 2)
        case _:
            return np.ones_like(luck)


def _us(seconds: Numbers) -> NDArray[np.int64]:
    """Whole µs, at least one of what takes any time."""
    found: NDArray[np.int64] = np.maximum(np.rint(1e6 * seconds), seconds > 0).astype(np.int64)
    return found

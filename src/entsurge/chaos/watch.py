"""Stop conditions: read each second from the run and from the target's own metrics; a breach ends every fault.

A metric that cannot be read is a guard that cannot see: so many seconds of that are a breach too.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field, model_validator

from entsurge.audience.shape import PersonaKey
from entsurge.client.failure import ClientError
from entsurge.metrics.exposition import Wanted, names, readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from entsurge.client.access import Access

READ_SECONDS = 0.8
READ_MOST_BYTES = 4_000_000
NAMES_SHOWN = 3


class StopCondition(BaseModel):
    """A limit that may not be passed for so many seconds: of a persona's pages, or of a metric of the target's.

    failed, shed: shares of the pages asked; p95_seconds: of service time. `metric` is a sample name of the target's
    /metrics (`url`, relative to the target), summed over the samples whose labels match; `absent` is what it counts as
    where there is none. Without a value for `blind_seconds` in a row the guard is blind, which is a breach.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    above: Annotated[float, Field(ge=0)]
    for_seconds: Annotated[int, Field(ge=1, le=600)] = 5
    least_pages: Annotated[int, Field(ge=1)] = 20
    persona: PersonaKey | Literal["*"] = "*"
    measure: Literal["failed", "shed", "p95_seconds"] | None = None
    metric: str = ""
    labels: dict[str, str] = {}
    url: Annotated[str, Field(pattern="^/[^/]")] = "/metrics"  # on the target, nowhere else
    absent: Annotated[float, Field(ge=0)] | None = None
    blind_seconds: Annotated[int, Field(ge=1, le=600)] = 5

    @model_validator(mode="after")
    def _one_of_two(self) -> StopCondition:
        if (self.measure is None) == (not self.metric):
            raise ValueError("expected either measure (failed, shed, p95_seconds) or metric (a name of the target's)")
        return self

    def __str__(self) -> str:
        what = self.metric or f"{self.measure} of {'everyone' if self.persona == '*' else self.persona}"
        return f"{what} above {self.above:g} for {self.for_seconds} s"


@dataclass(frozen=True)
class Reading:
    """What a metric was; `value` is None where it could not be told, and `said` is then what was read instead."""

    value: float | None
    said: str = ""


class Watch:
    """One condition, fed once a second."""

    def __init__(self, condition: StopCondition, read: Callable[[StopCondition], Reading]) -> None:
        self.condition, self.read = condition, read
        self.recent: deque[dict[str, Any]] = deque(maxlen=condition.for_seconds)
        self.above_since = self.blind_since = 0

    def second(self, row: dict[str, Any]) -> str:
        """What is to be said of a breach; empty while there is none.

        A row: {"personas": {persona: {"ok", "shed", "failed", "p95_seconds"}}}.
        """
        if self.condition.metric:
            return self._metric(self.read(self.condition))
        self.recent.append(row["personas"])
        if self.condition.measure == "p95_seconds":
            value = self._slowest(row["personas"])
            return self._lasting(value, above=value is not None and value > self.condition.above)
        return self._share()

    def _metric(self, found: Reading) -> str:
        if found.value is None:
            self.blind_since += 1
            blind = self.blind_since >= self.condition.blind_seconds
            return f"the guard is blind: {found.said}, for {self.blind_since} s" if blind else ""
        self.blind_since = 0
        return self._lasting(found.value, above=found.value > self.condition.above)

    def _lasting(self, value: float | None, *, above: bool) -> str:
        self.above_since = self.above_since + 1 if above else 0
        return f"{self.condition}: {value:.3g}" if self.above_since >= self.condition.for_seconds else ""

    def _share(self) -> str:
        """Pages are added up over the seconds of the condition, so that a quiet second is no breach."""
        pages = [of for second in self.recent for of in self._wanted(second)]
        asked = sum(of["ok"] + of["shed"] + of["failed"] for of in pages)
        found = sum(of[str(self.condition.measure)] for of in pages)
        full = len(self.recent) == self.condition.for_seconds
        if full and asked >= self.condition.least_pages and found > self.condition.above * asked:
            return f"{self.condition}: {found} of {asked} pages"
        return ""

    def _slowest(self, personas: dict[str, Any]) -> float | None:
        return max((of["p95_seconds"] for of in self._wanted(personas) if of["p95_seconds"] is not None), default=None)

    def _wanted(self, personas: dict[str, Any]) -> Iterable[dict[str, Any]]:
        return [of for name, of in personas.items() if self.condition.persona in ("*", name)]


def target_metric(base_url: str, access: Access) -> Callable[[StopCondition], Reading]:
    """A reader of the target's own Prometheus metrics: a value, or what was read instead of one; raises nothing."""
    client = access.blocking()

    def read(condition: StopCondition) -> Reading:
        url = urljoin(base_url, condition.url)
        try:
            answer = client.request("GET", url, deadline_seconds=READ_SECONDS, largest=READ_MOST_BYTES)
            if answer.status != 200:
                where = answer.redirects_to
                return _none(condition, url, f"answered {answer.status}{f', a way to {where}' if where else ''}")
            return _reading(answer.text, condition, url)
        except ClientError as error:
            return _none(condition, url, error.said)
        except Exception as error:  # whatever a parser makes of a page that is none of metrics
            return _none(condition, url, f"not Prometheus' text format: {error}")

    return read


def _none(condition: StopCondition, url: str, why: str) -> Reading:
    return Reading(None, f"no value of {condition.metric} at {url}: {why}")


def _reading(text: str, condition: StopCondition, url: str) -> Reading:
    """The sum over the samples meant. Raises ValueError for what are no metrics."""
    wanted = Wanted(condition.metric, tuple(condition.labels.items()))
    meant = [each.value for each in readings(text, [wanted], finite=False)]
    if meant:
        total = sum(meant)
        return Reading(total) if math.isfinite(total) else _none(condition, url, f"it is {_number(total)}")
    if condition.absent is not None:
        return Reading(condition.absent)
    known = names(text)
    hint = '"absent": 0, if it only appears once there is something to count'
    if known[condition.metric]:
        samples = f"{known[condition.metric]} samples of that name"
        return _none(condition, url, f"{samples}, none with {condition.labels} ({hint})")
    near = get_close_matches(condition.metric, known, NAMES_SHOWN)
    like = f", such as {', '.join(near)}" if near else ""
    return _none(condition, url, f"{known.total()} samples of other names{like} ({hint})")


def _number(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinite"

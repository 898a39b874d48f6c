"""Stop conditions: read each second from the run and from the target's own metrics; a breach ends every fault."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field, model_validator

from entsurge.audience.shape import PersonaKey
from entsurge.client.failure import ClientError
from entsurge.metrics.exposition import Wanted, readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from entsurge.client.access import Access

READ_SECONDS = 0.8
READ_MOST_BYTES = 4_000_000


class StopCondition(BaseModel):
    """A limit that may not be passed for so many seconds: of a persona's pages, or of a metric of the target's.

    failed, shed: shares of the pages asked; p95_seconds: of service time. `metric` is a sample name of the target's
    /metrics (`url`, relative to the target), summed over the samples whose labels match.
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

    @model_validator(mode="after")
    def _one_of_two(self) -> StopCondition:
        if (self.measure is None) == (not self.metric):
            raise ValueError("expected either measure (failed, shed, p95_seconds) or metric (a name of the target's)")
        return self

    def __str__(self) -> str:
        what = self.metric or f"{self.measure} of {'everyone' if self.persona == '*' else self.persona}"
        return f"{what} above {self.above:g} for {self.for_seconds} s"


class Watch:
    """One condition, fed once a second."""

    def __init__(self, condition: StopCondition, read: Callable[[StopCondition], float | None]) -> None:
        self.condition, self.read = condition, read
        self.recent: deque[dict[str, Any]] = deque(maxlen=condition.for_seconds)
        self.above_since = 0

    def second(self, row: dict[str, Any]) -> str:
        """What is to be said of a breach; empty while there is none.

        A row: {"personas": {persona: {"ok", "shed", "failed", "p95_seconds"}}}.
        """
        if self.condition.metric:
            value = self.read(self.condition)
            return self._lasting(value, above=value is not None and value > self.condition.above)
        self.recent.append(row["personas"])
        if self.condition.measure == "p95_seconds":
            value = self._slowest(row["personas"])
            return self._lasting(value, above=value is not None and value > self.condition.above)
        return self._share()

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


def target_metric(base_url: str, access: Access) -> Callable[[StopCondition], float | None]:
    """A reader of the target's own Prometheus metrics; None when it does not answer, or in more than 4 MB."""
    client = access.blocking()

    def read(condition: StopCondition) -> float | None:
        try:
            answer = client.request(
                "GET", urljoin(base_url, condition.url), deadline_seconds=READ_SECONDS, largest=READ_MOST_BYTES
            )
            return _sum(answer.text, condition) if answer.status == 200 else None
        except (ClientError, ValueError):
            return None

    return read


def _sum(text: str, condition: StopCondition) -> float | None:
    wanted = [Wanted(condition.metric, tuple(condition.labels.items()))]
    values = [each.value for each in readings(text, wanted)]
    return sum(values) if values else None

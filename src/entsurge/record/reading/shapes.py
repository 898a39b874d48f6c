"""What the JSON files of a run directory hold: the shape of each document and of each line, older ones too."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

LONGEST_SECONDS = 1_000_000  # over eleven days: a larger second is damage, not a run
Seconds = Annotated[float, Field(ge=-LONGEST_SECONDS, le=LONGEST_SECONDS, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Counts = dict[str, Count]
_OPEN = ConfigDict(extra="allow")  # a newer entsurge may say more


@with_config(_OPEN)
class Phase(TypedDict):
    """A stretch of the run, in run seconds."""

    name: str
    start_s: Seconds
    end_s: Seconds


@with_config(_OPEN)
class Planned(TypedDict):
    """What a persona's visits in the window were to ask for."""

    visits: Count
    page_views: Count
    services: NotRequired[Counts]


@with_config(_OPEN)
class FourFigures(TypedDict):
    """The four figures of an audience."""

    visits: Finite
    page_views: Finite
    minutes_per_visit: Finite
    pages_per_visit: Finite


@with_config(_OPEN)
class Published(TypedDict):
    """A published figure, and by how much it changed."""

    value: Finite | None
    change_percent: Finite | None


@with_config(_OPEN)
class Figures(TypedDict):
    """What was published, and what was planned of it: for the week, and in the window."""

    published: NotRequired[dict[str, Published] | None]
    week: FourFigures
    window: FourFigures


@with_config(_OPEN)
class TargetTold(TypedDict):
    """Whom the run asked."""

    url: str
    name: NotRequired[str]
    driver: NotRequired[str]
    file: NotRequired[str]
    connection: NotRequired[dict[str, Any] | None]


@with_config(_OPEN)
class PerturbationTold(TypedDict):
    """A fault or measure as it was planned, in run seconds."""

    id: str
    kind: str
    title: dict[str, str]
    defers: list[str]
    start_s: Seconds
    end_s: Seconds
    whole_run: NotRequired[bool]
    when: NotRequired[str]
    lease_seconds: NotRequired[Seconds]


@with_config(_OPEN)
class ContentFile(TypedDict):
    """A content file that the run used."""

    kind: str
    name: NotRequired[str]
    path: NotRequired[str]
    sha256: str


@with_config(_OPEN)
class Manifest(TypedDict):
    """manifest.json: what the run was to be."""

    format: int
    name: str
    profile: str
    scale: str
    compression: Annotated[float, Field(gt=0, le=10**6, allow_inf_nan=False)]
    phases: Annotated[list[Phase], Field(min_length=1)]
    objectives: list[dict[str, Any]]
    planned: dict[str, Planned]
    figures: Figures
    perturbations: list[PerturbationTold]
    target: TargetTold
    title: NotRequired[dict[str, str]]
    seed: NotRequired[int]
    arrivals: NotRequired[str]
    plan_digest: NotRequired[str]
    versions: NotRequired[dict[str, str]]
    content: NotRequired[list[ContentFile]]
    started_utc: NotRequired[str]
    window: NotRequired[dict[str, str]]
    protected: NotRequired[list[str]]
    unmeasured: NotRequired[dict[str, str]]
    unmeasured_by_device: NotRequired[dict[str, dict[str, str]]]
    perturbation_phases: NotRequired[list[Phase]]
    population: NotRequired[dict[str, Any]]
    scrape: NotRequired[list[dict[str, Any]]]
    control_share: NotRequired[Finite]
    edge_of: NotRequired[str]
    devices: NotRequired[dict[str, Any] | None]


@with_config(_OPEN)
class Whose(TypedDict):
    """Of a manifest, what taking back what was written needs: the rest of it may be damaged."""

    target: TargetTold
    seed: NotRequired[int]
    content: NotRequired[list[ContentFile]]


@with_config(_OPEN)
class Quantiles(TypedDict):
    """Of times in µs."""

    p50: Finite
    p99: Finite
    max: Finite


@with_config(_OPEN)
class Little(TypedDict):
    """Both sides of Little's law, in visitors."""

    residual: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    judged: bool


@with_config(_OPEN)
class Descriptors(TypedDict):
    """Open files of the generator."""

    most_open: Count
    allowed: Count


@with_config(_OPEN)
class Finish(TypedDict, total=False):
    """finish.json: how the run ended, and what its generator came to."""

    ended_utc: str
    end: str
    offered: Count
    started: Count
    lost: Count
    retries: dict[str, Counts]
    cpu_share: Finite
    processes: dict[str, Finite]
    limits: Counts
    descriptors: Descriptors
    signatures: Counts
    little: Little
    start_lag_us: Quantiles
    stall_us: Quantiles


@with_config(_OPEN)
class Gauge(TypedDict):
    """One second's line of gauges.jsonl."""

    t: Annotated[int, Field(ge=0, le=LONGEST_SECONDS)]
    visitors: NotRequired[Counts]
    cpu_share: NotRequired[Finite]


@with_config(_OPEN)
class Event(TypedDict):
    """One line of events.jsonl."""

    t: Seconds
    kind: str
    id: NotRequired[str]
    state: NotRequired[str]
    detail: NotRequired[str]
    count: NotRequired[Count]


@with_config(_OPEN)
class Failure(TypedDict):
    """One example of what went wrong."""

    signature: str
    t: NotRequired[Seconds]
    count: NotRequired[Count]
    outcome: NotRequired[str]
    persona: NotRequired[str]
    service: NotRequired[str]
    page: NotRequired[str]
    request: NotRequired[dict[str, Any] | None]
    response: NotRequired[dict[str, Any] | None]
    traceback: NotRequired[str | None]


@with_config(_OPEN)
class TargetReading(TypedDict):
    """What one of the target's own series was at one moment."""

    t: Seconds
    series: str
    value: Finite
    kind: NotRequired[str]


@with_config(_OPEN)
class CreatedRow(TypedDict):
    """Something that the run wrote on the target."""

    service: str
    action: str
    url: str
    persona: str
    group: str | int
    account: int
    values: NotRequired[dict[str, str] | None]
    device: NotRequired[str]

"""A deployment as it is written in TOML: nodes, pages, sign-on, database, sessions, waiting room, measures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from entsurge import content
from entsurge.audience.shape import Service
from entsurge.bilingual import Title
from entsurge.config_file import check, read_toml
from entsurge.errors import UsageError
from entsurge.simulation.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = "deployments"
HINT = "docs/simulation.md lists the keys"
KNOWN_SPREADS = "fixed, exponential, gamma:SHAPE or lognormal:SIGMA"
Balancer = Literal["random", "round-robin", "least-busy", "sticky"]
Seconds = Annotated[float, Field(ge=0, le=3_600)]
Share = Annotated[float, Field(ge=0, le=1)]
Servers = Annotated[int, Field(ge=1, le=1_000_000)]


def _spread(found: str) -> str:
    name, colon, parameter = found.partition(":")
    if name in ("fixed", "exponential") and not colon:
        return found
    try:
        value = float(parameter) if name in ("gamma", "lognormal") else math.nan
    except ValueError:
        value = math.nan
    if not 0 < value < 100:
        raise ValueError(f"expected {KNOWN_SPREADS}")
    return found


Spread = Annotated[str, AfterValidator(_spread)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nodes(_Strict):
    """The application's nodes, all alike, and how pages are dealt to them."""

    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    workers: Servers
    """How many pages a node works on at once."""
    pool: Servers | None = None
    """Database connections of a node; without it there are as many as workers."""
    queue: Annotated[int, Field(ge=0, le=1_000_000)] = 2_000
    """How many pages may wait for a worker of a node; one more is refused, and has failed."""
    queue_timeout_seconds: Annotated[float, Field(gt=0, le=3_600)] | None = None
    """After how long a page that still waits is refused; without it, never."""
    abandoned: Literal["served", "dropped"] = "served"
    """What becomes of a page that waits when its visitor has given up: most servers do not notice, and serve it."""
    balancer: Balancer = "random"


class PageTimes(_Strict):
    """What a page costs; a service's own table replaces single keys of `[pages]`."""

    seconds: Seconds | None = None
    """How long a worker is held, on average."""
    spread: Spread | None = None
    database_share: Share | None = None
    """The last part of that time, during which a connection of the database is held too."""
    cached_share: Share | None = None
    """The share of pages that a cache answers: without a worker."""
    around_seconds: Seconds | None = None
    """What a page takes besides: network, static files, background calls; no worker is held for it."""


class Pages(PageTimes):
    """What every page costs, and what those of single services do."""

    seconds: Seconds
    spread: Spread = "fixed"
    database_share: Share = 0.0
    cached_share: Share = 0.0
    around_seconds: Seconds = 0.0
    service: dict[Service, PageTimes] = {}


class SignOn(_Strict):
    """What signing on costs. With `workers` it is a service of its own, else it takes a node's."""

    seconds: Seconds
    spread: Spread = "fixed"
    database_share: Share = 0.0
    around_seconds: Seconds = 0.0
    workers: Servers | None = None
    queue: Annotated[int, Field(ge=0, le=1_000_000)] = 2_000
    lands_on: Service | Literal["none"] | None = "home"
    """The page that sign-on ends on, served as any other; it is then the visit's first page of this service."""

    @field_validator("lands_on")
    @classmethod
    def _nowhere(cls, found: str | None) -> str | None:
        return None if found == "none" else found


class Database(_Strict):
    """What all nodes share: so many queries are worked on at once."""

    connections: Servers


class Sessions(_Strict):
    """How many may be signed on, and after how much silence a session ends."""

    limit: Servers
    idle_minutes: Annotated[float, Field(gt=0, le=10_080)] = 60.0


class WaitingRoom(_Strict):
    """The desk that every newcomer passes."""

    per_second: Annotated[float, Field(gt=0, le=1e9)]
    places: Annotated[int, Field(ge=0, le=1_000_000)] = 500


class Prices(_Strict):
    """What a month costs, for sweeps; nothing of it is simulated."""

    node_per_month: Annotated[float, Field(ge=0, le=1e9)] | None = None
    worker_per_month: Annotated[float, Field(ge=0, le=1e9)] | None = None
    """Of each worker of a node, beside the node itself."""
    currency: Annotated[str, Field(min_length=1, max_length=12)] = "€"


class FittedFrom(_Strict):
    """The runs that a file was fitted from: it is believed for their profile alone."""

    profile: str
    target: str = ""
    runs: list[str] = []


class Deployment(_Strict):
    """A deployment on paper."""

    title: Title
    source: str
    """Where its numbers come from."""
    nodes: Nodes
    pages: Pages
    sign_on: SignOn
    database: Database | None = None
    sessions: Sessions | None = None
    waiting_room: WaitingRoom | None = None
    costs: Prices = Prices()
    fitted: FittedFrom | None = None
    measures: list[str] = []
    """Measures in force all the time, beside those of the profile."""

    @field_validator("measures")
    @classmethod
    def _known(cls, found: list[str]) -> list[str]:
        known_measures(found)
        return found

    def of_service(self, service: str) -> PageTimes:
        """What a page of a service costs, every key filled in."""
        general = self.pages.model_dump(exclude={"service"})
        own = self.pages.service.get(service)  # type: ignore[call-overload]  # any name may be asked for
        return PageTimes(**(general | (own.model_dump(exclude_none=True) if own else {})))


def known_measures(names: Sequence[str]) -> None:
    """Raise ValueError that names every measure which nobody can simulate."""
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        raise ValueError(f"no measure {', '.join(unknown)} can be simulated; expected of {', '.join(MEASURES)}")


def find(name: str) -> Path:
    """A shipped deployment by its bare name, or a file of your own by its path. Raises UsageError."""
    if "/" in name or Path(name).suffix:
        return content.find("profiles", name)
    shipped = {each.stem: each for each in sorted((content.root("profiles") / FOLDER).glob("*.toml"))}
    if name not in shipped:
        raise UsageError(
            f"--on {name[:80]}: no such deployment",
            hint=f"shipped: {', '.join(shipped)}; a file of your own needs a / or .toml",
        )
    return shipped[name]


def load(path: Path) -> Deployment:
    """The deployment of a file. Raises UsageError that lists every fault with file and key."""
    return check(Deployment, read_toml(path), path, hint=HINT)


def schema() -> dict[str, Any]:
    """The JSON Schema of such files."""
    return {"title": "entsurge: a deployment on paper", **Deployment.model_json_schema()}

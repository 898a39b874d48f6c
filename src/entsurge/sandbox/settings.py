"""What a sandbox is asked to be: its capacity, its limits, its people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from entsurge.errors import UsageError
from entsurge.population import Population
from entsurge.sandbox.live.limits import LiveLimits
from entsurge.sandbox.services import BY_NAME, NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

_AT_LEAST = {
    "workers": 1,
    "pool": 1,
    "session_limit": 1,
    "queue_limit": 0,
    "port": 0,
    "default_seconds": 0,
    "idle_seconds": 1,
}
_ABOVE_ZERO = ("capacity_factor", "compression")


@dataclass(frozen=True)
class Settings:
    """A sandbox's settings; every impossible one is reported at once.

    A page's document holds one of `workers` for the seconds of its service: `service_seconds[service]`,
    else `default_seconds`, divided by `capacity_factor`. Idle limits are divided by `compression`, and
    `simulated_hour` (0 to 24; the local clock if none) runs that many times faster. `unlimited` lifts
    workers, pool, queue and sessions; pages still take their time.
    """

    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 12
    default_seconds: float = 0.25
    service_seconds: Mapping[str, float] = field(default_factory=dict)
    capacity_factor: float = 1.0
    pool: int = 10
    session_limit: int = 10_000
    queue_limit: int = 2_000
    unlimited: bool = False
    idle_seconds: float = 3_600.0
    compression: float = 1.0
    simulated_hour: float | None = None
    database: str = "sqlite://"
    files_folder: str | None = None
    seed: int = 1
    academies: int = 4
    schools: int = 8
    classes_per_school: int = 6
    pupils_per_class: int = 30
    live: LiveLimits = field(default_factory=LiveLimits)

    def __post_init__(self) -> None:
        faults = [*self._size_faults(), *self._service_faults()]
        if self.simulated_hour is not None and not 0 <= self.simulated_hour < 24:
            faults.append(f"simulated_hour is {self.simulated_hour}, outside 0 to 24")
        if faults:
            raise UsageError(f"no such sandbox: {'; '.join(faults)}", hint=f"services are {', '.join(NAMES)}")

    @property
    def population(self) -> Population:
        """The people who have accounts here."""
        return Population(self.seed, self.academies, self.schools, self.classes_per_school, self.pupils_per_class)

    def seconds(self, service: str) -> float:
        """How long a page of a service holds a worker."""
        return self.service_seconds.get(service, self.default_seconds) / self.capacity_factor

    def database_seconds(self, service: str) -> float:
        """How long a page of a service holds a connection, the last part of its time on a worker."""
        known = BY_NAME.get(service)
        return self.seconds(service) * known.database_share if known else 0.0

    def to_json(self) -> str:
        """The settings as one JSON object."""
        return json.dumps(asdict(self) | {"service_seconds": dict(self.service_seconds)})

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """The settings of a JSON object; what it leaves out keeps its default, what is unknown is refused."""
        try:
            found: Any = json.loads(text)
        except ValueError as error:
            raise UsageError(f"the sandbox's settings are not JSON: {error}") from error
        known = {entry.name for entry in fields(cls)}
        if not isinstance(found, dict) or not known.issuperset(found):
            unknown = ", ".join(sorted(set(found) - known)) if isinstance(found, dict) else "not an object"
            raise UsageError(f"unknown sandbox settings: {unknown}", hint=f"known: {', '.join(sorted(known))}")
        try:
            if "live" in found:
                found["live"] = LiveLimits.of(found["live"])
            return cls(**found)
        except TypeError as error:
            raise UsageError(f"a sandbox setting has the wrong type: {error}") from error

    def _size_faults(self) -> list[str]:
        low = [
            f"{name} is {getattr(self, name)}, below {least}"
            for name, least in _AT_LEAST.items()
            if getattr(self, name) < least
        ]
        return low + [
            f"{name} is {getattr(self, name)}, not above 0" for name in _ABOVE_ZERO if getattr(self, name) <= 0
        ]

    def _service_faults(self) -> list[str]:
        faults = [f"no service {name!r}" for name in self.service_seconds if name not in NAMES]
        return faults + [f"{name} takes {seconds} s" for name, seconds in self.service_seconds.items() if seconds < 0]

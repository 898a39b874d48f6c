"""What a sandbox is asked to be: its capacity, its limits, its people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from entsandbox.live_limits import LiveLimits
from entsandbox.service_time_distribution import CONSTANT
from entsandbox.service_time_distribution import fault as spread_fault
from entsandbox.services import BY_NAME, NAMES
from entsurge.errors import UsageError
from entsurge.population import PERSONAS, SHIPPED, Persona, Population

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
    "parents_marks_hours": 0,
    "token_seconds": 1,
    "processes": 1,
    "burst": 1,
    "upload_bytes": 0,
    "quota_bytes": 0,
    "waiting_room_places": 0,
}
REFUSALS = ("page", "close")
PRODUCTS = ("skolengo", "entcore", "moodle")
_ABOVE_ZERO = ("capacity_factor", "compression", "reread_seconds")


@dataclass(frozen=True)
class Settings:
    """A sandbox's settings; every impossible one is reported at once.

    A page's document holds one of `workers` for the seconds of its service: `service_seconds[service]`,
    else `default_seconds`, divided by `capacity_factor`. Idle limits are divided by `compression`, and
    `simulated_hour` (0 to 24; the local clock if none) runs that many times faster. `unlimited` lifts
    workers, pool, queue, sessions and waiting room; pages still take their time.

    Each of `processes` has workers, pool and queue of its own. `spread` (by service: `service_spread`) is the
    distribution of page times around their mean. A full queue answers a page, or closes the connection if
    `refusal` is `close`. An account may ask for `pages_per_minute`, `burst` of them at once; the session limit
    is re-read every `reread_seconds`: both compressed like the day. Each process's waiting room looks after
    `waiting_room_per_second` newcomers, let through or not, and `waiting_room_places` stand before it.
    Those of `personas` live here: always the shipped ones, and any others.
    It answers as the product `speak` does.
    Parents see marks `parents_marks_hours` after pupils, compressed like the day.
    Mobile access tokens are good for `token_seconds`, divided by `compression`; codes go to `mobile_redirects` alone.
    """

    speak: str = PRODUCTS[0]
    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 12
    default_seconds: float = 0.25
    service_seconds: Mapping[str, float] = field(default_factory=dict)
    spread: str = CONSTANT
    service_spread: Mapping[str, str] = field(default_factory=dict)
    capacity_factor: float = 1.0
    pool: int = 10
    session_limit: int = 10_000
    reread_seconds: float = 300.0
    queue_limit: int = 2_000
    refusal: str = "page"
    pages_per_minute: float | None = None
    burst: int = 30
    waiting_room_per_second: float | None = None
    waiting_room_places: int = 500
    unlimited: bool = False
    idle_seconds: float = 3_600.0
    compression: float = 1.0
    simulated_hour: float | None = None
    parents_marks_hours: float = 24.0
    token_seconds: float = 3_600.0
    mobile_redirects: tuple[str, ...] = ("skoapp-prod://sign-in-callback",)
    database: str = "sqlite://"
    files_folder: str | None = None
    processes: int = 1
    password_cost: int = 10
    upload_bytes: int = 10_000_000
    quota_bytes: int = 100_000_000
    seed: int = 1
    academies: int = 4
    schools: int = 8
    classes_per_school: int = 6
    pupils_per_class: int = 30
    personas: tuple[Persona, ...] = SHIPPED
    live: LiveLimits = field(default_factory=LiveLimits)

    def __post_init__(self) -> None:
        faults = [*self._size_faults(), *self._service_faults()]
        faults += [found for each in (self.spread, *self.service_spread.values()) if (found := spread_fault(each))]
        if self.refusal not in REFUSALS:
            faults.append(f"refusal is {self.refusal!r}, expected one of {', '.join(REFUSALS)}")
        if self.speak not in PRODUCTS:
            faults.append(f"speak is {self.speak!r}, expected one of {', '.join(PRODUCTS)}")
        for name in ("pages_per_minute", "waiting_room_per_second"):
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                faults.append(f"{name} is {getattr(self, name)}, not above 0")
        if not 1 <= self.password_cost <= 20:
            faults.append(f"password_cost is {self.password_cost}, outside 1 to 20")
        if self.processes > 1 and not self.database.startswith("postgresql"):
            faults.append(f"{self.processes} processes share no {self.database.partition(':')[0]}: name a PostgreSQL")
        if self.simulated_hour is not None and not 0 <= self.simulated_hour < 24:
            faults.append(f"simulated_hour is {self.simulated_hour}, outside 0 to 24")
        keys = [each.key for each in self.personas]
        if not set(PERSONAS) <= set(keys) or len(set(keys)) < len(keys):
            faults.append(f"personas are {', '.join(keys)}: expected {', '.join(PERSONAS)}, others once each")
        if faults:
            raise UsageError(f"no such sandbox: {'; '.join(faults)}", hint=f"services are {', '.join(NAMES)}")

    @property
    def population(self) -> Population:
        """The people who have accounts here."""
        return Population(
            self.seed, self.academies, self.schools, self.classes_per_school, self.pupils_per_class, self.personas
        )

    def seconds(self, service: str) -> float:
        """How long a page of a service holds a worker."""
        return self.service_seconds.get(service, self.default_seconds) / self.capacity_factor

    @property
    def allowance_per_minute(self) -> float | None:
        """How many pages an account may ask for in a minute of the run; none when there is no allowance."""
        return None if self.pages_per_minute is None else self.pages_per_minute * self.compression

    def spread_of(self, service: str) -> str:
        """The distribution of a service's page times."""
        return self.service_spread.get(service, self.spread)

    def database_seconds(self, service: str) -> float:
        """How long a page of a service holds a connection, the last part of its time on a worker."""
        known = BY_NAME.get(service)
        return self.seconds(service) * known.database_share if known else 0.0

    def to_json(self) -> str:
        """The settings as one JSON object."""
        return json.dumps(
            asdict(self) | {"service_seconds": dict(self.service_seconds), "service_spread": dict(self.service_spread)}
        )

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
        if isinstance(found.get("mobile_redirects"), list):
            found["mobile_redirects"] = tuple(found["mobile_redirects"])  # JSON knows lists alone
        try:
            if isinstance(found.get("personas"), list):
                found["personas"] = tuple(map(Persona.of, found["personas"]))
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
        faults = [f"no service {name!r}" for name in (*self.service_seconds, *self.service_spread) if name not in NAMES]
        return faults + [f"{name} takes {seconds} s" for name, seconds in self.service_seconds.items() if seconds < 0]

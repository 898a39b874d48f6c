"""Conservation measures: switches that an operator sets, for good or on a lease that ends by itself."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from entsandbox.measure_options import DEFAULTS, text_for
from entsandbox.state.state import Order
from entsurge.population import deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsandbox.settings import Settings

PUPILS_AND_TEACHERS, PARENTS_TIME_SLOTS = "pupils-and-teachers-first", "parents-time-slots"
TIME_SLOTS, RESERVED_PLACES = "persona-time-slots", "reserved-places"
SHORT_SESSIONS, PRIORITY = "short-sessions", "priority-services"
READ_ONLY, CAPPED, SUSPENDED = "messaging-read-only", "attachments-capped", "updates-suspended"
ROOM_OVERLOADED = "waiting-room-overloaded"  # a fault, switched as they are
PASSWORD_CHANGE = "password-change"  # noqa: S105  a day that comes over everybody, switched as they are

NOT_ADMITTED: Mapping[str, tuple[str, ...]] = {PUPILS_AND_TEACHERS: ("parent", "staff")}
CLOSES_PAGE: Mapping[str, str] = {"news-closed": "news", "messaging-off": "messages", "video-off": "video-class"}
STATIC_PAGE: Mapping[str, str] = {"static-home": "home", "news-static": "news"}
NOT_ON: Mapping[str, tuple[str, ...]] = {"entcore": (PASSWORD_CHANGE,)}  # by face: its scripts do it, no page
MEASURES = (
    *NOT_ADMITTED,
    PARENTS_TIME_SLOTS,
    TIME_SLOTS,
    RESERVED_PLACES,
    PRIORITY,
    *CLOSES_PAGE,
    READ_ONLY,
    SUSPENDED,
    CAPPED,
    *STATIC_PAGE,
    SHORT_SESSIONS,
    ROOM_OVERLOADED,
    PASSWORD_CHANGE,
)
_ROUNDING = 1e-6  # of a place


class Refusal(NamedTuple):
    """What somebody is told, and the measure on whose account."""

    measure: str
    text: str


class Measures:
    """Which measures are on, and what each says of a person, a page and a session."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._not_admitted = {name: deferred(settings.personas, keys) for name, keys in NOT_ADMITTED.items()}
        self._clock = clock
        self._began = clock()
        self._orders: Mapping[str, Order] = {}
        self._options: dict[str, Any] = {}

    def order(self, lease_seconds: float | None, options: Mapping[str, Any] | None = None) -> Order:
        """What stands for a measure that is on from now, for a lease if it has one."""
        now = self._clock()
        until = None if lease_seconds is None else now + lease_seconds
        return Order(until, json.dumps(dict(options or {})), now)

    def renewed(self, name: str, order: Order) -> Order:
        """The same order, in force since the one that it renews, if that has not ended."""
        return order._replace(since=self._orders[name].since) if self.on(name) else order

    def follow(self, orders: Mapping[str, Order]) -> None:
        """Take over the orders as they now are."""
        self._orders = dict(orders)
        self._options = {name: DEFAULTS.get(name, {}) | json.loads(order.options) for name, order in orders.items()}

    def put(self, name: str, *, on: bool = True, lease_seconds: float | None = None, **options: object) -> None:
        """Turn a measure on, until its lease ends if it has one, or off."""
        others = {key: order for key, order in self._orders.items() if key != name}
        self.follow(others | ({name: self.renewed(name, self.order(lease_seconds, options))} if on else {}))

    def options(self, name: str) -> Mapping[str, Any]:
        """What a measure that is on was ordered with; nothing for one that is off."""
        return self._options[name] if self.on(name) else {}

    def on(self, name: str) -> bool:
        """Whether a measure is on at this instant."""
        order = self._orders.get(name)
        return order is not None and (order.until is None or self._clock() < order.until)

    def state(self, name: str) -> dict[str, object]:
        """A measure as the administration lists it; no remaining time when it has no lease."""
        on = self.on(name)
        until = self._orders[name].until if on else None
        left = None if until is None else until - self._clock()
        options = self._options[name] if on else DEFAULTS.get(name, {})
        return {"name": name, "on": on, "remaining_seconds": left, "options": options}

    def refusal(self, persona: str, *, hour: float | None = None) -> Refusal | None:
        """What a persona is told that may not come in at this hour; none when it may."""
        for name, personas in self._not_admitted.items():
            if persona in personas and self.on(name):
                return Refusal(name, text_for(name))
        at = self.hour() if hour is None else hour
        for name in (PARENTS_TIME_SLOTS, TIME_SLOTS):
            slots = self._options[name]["slots"].get(persona) if self.on(name) else None
            if slots is not None and not any(begin <= at < end for begin, end in slots):
                return Refusal(name, text_for(name))
        return None

    def no_place(self, persona: str, present: Mapping[str, int], limit: float) -> Refusal | None:
        """What a newcomer is told whose persona has its share of places and for whom no other is left.

        Each persona may always take its reserved places; beyond them it may take of those that are nobody's.
        """
        if not self.on(RESERVED_PLACES):
            return None
        shares: Mapping[str, float] = self._options[RESERVED_PLACES]["shares"]
        if present.get(persona, 0) < shares.get(persona, 0.0) * limit:
            return None
        beyond = sum(max(0.0, here - shares.get(name, 0.0) * limit) for name, here in present.items())
        free = (1.0 - sum(shares.values())) * limit
        return None if beyond + 1 <= free + _ROUNDING else Refusal(RESERVED_PLACES, text_for(RESERVED_PLACES))

    def closed(self, service: str) -> Refusal | None:
        """What stands on the page of a service that is closed; none when it is open."""
        for name, closes in CLOSES_PAGE.items():
            if closes == service and self.on(name):
                return Refusal(name, text_for(name))
        return None

    def closed_to_writing(self, service: str) -> Refusal | None:
        """What is told to who writes in a service that may only be read; none when it may be written in."""
        if service == "messages" and self.on(READ_ONLY):
            return Refusal(READ_ONLY, text_for(READ_ONLY))
        return None

    def keeps(self, service: str) -> bool:
        """Whether what is written in a service now is kept, to be given out when the pause ends."""
        return self.silent() and service in self._options[SUSPENDED]["services"]

    def silent(self) -> bool:
        """Whether the digital pause lasts: nobody is told of anything new, and nothing is lost.

        It lasts from its order to the next `until_hour` of the run's clock, and again each day from `from_hour` on.
        """
        if not self.on(SUSPENDED):
            return False
        begin, end = (float(self._options[SUSPENDED][name]) for name in ("from_hour", "until_hour"))
        hour, hours = self.hour(), self._hours_since(self._orders[SUSPENDED].since)
        to_its_end = (end - (hour - hours)) % 24 or 24.0
        return hours < to_its_end or (hour - begin) % 24 < ((end - begin) % 24 or 24.0)

    def new_password_wanted(self) -> bool:
        """Whether everybody has to change their password at their next sign-on."""
        return self.on(PASSWORD_CHANGE)

    def attachment_bytes(self) -> float:
        """How large an attachment or a file may be."""
        capped = self._options[CAPPED]["bytes"] if self.on(CAPPED) else self._settings.upload_bytes
        return float(min(capped, self._settings.upload_bytes))

    def static(self, service: str) -> str | None:
        """The measure by which a page is served without a worker and without background requests; none if none."""
        return next((name for name, page in STATIC_PAGE.items() if page == service and self.on(name)), None)

    def hurried(self, service: str) -> bool:
        """Whether a service's pages pass before the others in the queue."""
        return self.on(PRIORITY) and service in self._options[PRIORITY]["services"]

    def idle_seconds(self) -> float:
        """After how much silence a session ends."""
        seconds = self._settings.idle_seconds
        if self.on(SHORT_SESSIONS):
            seconds = min(seconds, 60.0 * self._options[SHORT_SESSIONS]["idle_minutes"])
        return seconds / self._settings.compression

    def newcomers_per_second(self) -> float | None:
        """How many newcomers the waiting room of a process can look after in a second; none: as many as come."""
        usual = None if self._settings.unlimited else self._settings.waiting_room_per_second
        if not self.on(ROOM_OVERLOADED):
            return usual
        left = float(self._options[ROOM_OVERLOADED]["per_second"])
        return left if usual is None else min(usual, left)

    def hour(self) -> float:
        """The hour of the day, simulated or local, from 0 to 24."""
        if self._settings.simulated_hour is None:
            now = time.localtime()
            return now.tm_hour + now.tm_min / 60
        return (self._settings.simulated_hour + self._hours_since(self._began)) % 24

    def _hours_since(self, instant: float) -> float:
        """How many hours of the run's clock have passed since an instant of the clock of leases."""
        faster = 1.0 if self._settings.simulated_hour is None else self._settings.compression
        return (self._clock() - instant) * faster / 3_600

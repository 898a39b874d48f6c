"""What master and workers say to each other: every message, field by field, and the one way onto the wire and back.

Locust's channel carries plain dicts (msgpack). `to_wire` makes one of a message, `from_wire` a message of one, or says
in a sentence what is wrong with it. Times are µs of run time (`_us`) or seconds of a monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

Account = tuple[str, str, int]  # persona, group, number
Counts = dict[str, int]  # by persona


class Misshapen(Exception):
    """A message is not of its kind's shape; the text is a sentence without its end."""


@dataclass(frozen=True)
class Message:
    """What is said at once. `name` is its kind on the wire; fields that are not its own are refused."""

    name: ClassVar[str]
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


# -- from a worker to the master ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hello(Message):
    """A worker is there."""

    name = "hello"
    version: str
    pid: int
    host: str


@dataclass(frozen=True)
class Ready(Message):
    """It has loaded its task: SHA-256 of plan and scenarios by name; or why it cannot take part."""

    name = "ready"
    digests: dict[str, str]
    problem: str


@dataclass(frozen=True)
class ClockTold(Message):
    """Its monotonic clock, to a question that the master sent at `sent` by its own."""

    name = "clock-told"
    sent: float
    there: float


@dataclass(frozen=True)
class Vitals(Message):
    """A process's second: share of one core, latenesses of its loop in µs, descriptors open and allowed."""

    name = "vitals"
    cpu_share: float
    stalls_us: list[int]
    descriptors: int
    descriptors_most: int


@dataclass(frozen=True)
class PresenceTold(Message):
    """Both sides of Little's law at one instant, in visitors × µs: all of it, and what belongs to open visits."""

    name = "presence"
    area_us: int
    open_us: int


@dataclass(frozen=True)
class Pulse(Message):
    """A process at the end of a second: counts so far, and what happened since the last one (µs, answers)."""

    name = "process"
    second: int
    offered: Counts
    started: Counts
    lost: Counts
    retries: dict[str, Counts]
    present: Counts
    presence: PresenceTold
    lags_us: list[int]
    unreachable: int
    answers: int
    signatures: dict[str, int]
    limits: dict[str, int]
    over: bool
    health: Vitals


@dataclass(frozen=True)
class Parcel(Message):
    """A second's record, as record/parcel.py packs it: new keys, columns of counts, rows of visits, lines by file."""

    name = "parcel"
    second: int
    keys: list[dict[str, str]]
    columns: list[bytes]
    visits: list[dict[str, Any]]
    lines: list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Report(Message):
    """A worker's second; numbered without gaps, sent again until it is acknowledged."""

    name = "report"
    sequence: int
    pulse: Pulse
    parcel: Parcel


@dataclass(frozen=True)
class Ended(Message):
    """It has ended, after so many reports."""

    name = "ended"
    reports: int


@dataclass(frozen=True)
class Released(Message):
    """It offers the shards of a release until this instant; these of their accounts are still in use there."""

    name = "released"
    number: int
    until_us: int
    busy: list[Account]


@dataclass(frozen=True)
class Leaving(Message):
    """It was told to stop, and will go when its shards are others' and its visits over."""

    name = "leaving"


# -- both ways ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AccountsMoved(Message):
    """Accounts whose shards have moved: in use where they came from, or free again there."""

    name = "accounts"
    taken: list[Account]
    freed: list[Account]


# -- from the master to a worker ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task(Message):
    """What is to be run: a RunSpec as JSON."""

    name = "task"
    spec: str


@dataclass(frozen=True)
class ClockAsked(Message):
    """What does your clock say? Sent at `sent` by the master's."""

    name = "clock-asked"
    sent: float


@dataclass(frozen=True)
class Begin(Message):
    """Run time was zero at this time of the worker's own clock."""

    name = "begin"
    zero: float


@dataclass(frozen=True)
class Gain(Message):
    """Offer these shards from an instant on; these accounts are still in use elsewhere."""

    name = "gain"
    shards: list[int]
    from_us: int
    busy: list[Account]


@dataclass(frozen=True)
class Release(Message):
    """Offer these shards only until an instant; answer with the number."""

    name = "release"
    number: int
    shards: list[int]
    until_us: int


@dataclass(frozen=True)
class Alive(Message):
    """The master lives; its second."""

    name = "alive"
    second: int


@dataclass(frozen=True)
class Acknowledged(Message):
    """The report of this number has come."""

    name = "acknowledged"
    sequence: int


@dataclass(frozen=True)
class End(Message):
    """Offer nothing due from this instant on, report, go."""

    name = "end"
    at_us: int


@dataclass(frozen=True)
class Refused(Message):
    """You are not of this run, or no more; why."""

    name = "refused"
    reason: str


M = TypeVar("M", bound=Message)
_READERS: dict[str, TypeAdapter[Any]] = {}  # made when first needed, by the message's name


def to_wire(message: Message) -> dict[str, Any]:
    """The message as plain data; what is in it is not copied."""
    data = {}
    for field in fields(message):
        value = getattr(message, field.name)
        data[field.name] = to_wire(value) if isinstance(value, Message) else value
    return data


def from_wire(kind: type[M], data: object) -> M:
    """The message that plain data stands for. Raises Misshapen, naming the first field that is wrong."""
    try:
        found: M = _reader(kind).validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(each) for each in first["loc"]) or "the whole"
        raise Misshapen(f"a message '{kind.name}' of the wrong shape: {where}: {first['msg']}") from None
    return found


def _reader(kind: type[Message]) -> TypeAdapter[Any]:
    if kind.name not in _READERS:
        _READERS[kind.name] = TypeAdapter(kind)
    return _READERS[kind.name]

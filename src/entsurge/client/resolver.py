"""Names to addresses, for all visitors together: kept for a while, asked again, and used on while asking fails."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from entsurge.client.failure import ClientError, ConnectFailed, DeadlinePassed, NameNotFound, OwnLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KEPT_SECONDS = 60.0  # the system's resolver does not tell how long an answer holds
MOST_STALE = 10  # intervals that an old answer is used on while asking fails (RFC 8767 section 5 allows days)
FAILURE_SECONDS = 1.0  # a failure is kept so long (RFC 2308 section 7), so that a storm does not hammer a resolver
PATIENCE_SECONDS = 1.8  # waited for a new answer where an old one is at hand (RFC 8767 section 5)
MOST_NAMES = 4096
NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})

Address = tuple[str, int] | tuple[str, int, int, int]


class Endpoint(NamedTuple):
    """One address of a name: family and what `connect` takes."""

    family: int
    address: Address

    def __str__(self) -> str:
        host, port = self.address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Lookup(Protocol):
    """Asks for a name, as `socket.getaddrinfo` does; what is found stands in the order of RFC 6724."""

    def __call__(self, host: str, port: None, /, *, type: int) -> Iterable[tuple[Any, ...]]:  # noqa: A002  as theirs
        """Tuples that begin with the family and end with the address. Raises socket.gaierror and other OSErrors."""
        ...


class Task(Protocol):
    """What runs beside its maker: a gevent.Greenlet or a threading.Thread."""

    def start(self) -> None:
        """Begin."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end, at most so many seconds."""


@dataclass(slots=True)
class LookupCounts:
    """How often a resolver asked, how often that failed, and how often an old answer was kept on because it failed."""

    asked: int = 0
    failed: int = 0
    kept_on: int = 0


class Resolver:
    """The addresses of names; one for all visitors of a process, so that a run tests the ENT and not a resolver.

    An answer is kept for `seconds`. Whoever comes after that asks again and waits for it; meanwhile the others use the
    old one, and everybody does when asking fails or takes long, for ten intervals at most. That a name does not exist
    is an answer, not a failure. Several who ask for one name at once make one lookup.

    `lookup`, `now` (monotonic seconds) and `task` are injected; without them names are asked for in gevent's loop.
    """

    def __init__(
        self,
        lookup: Lookup | None = None,
        seconds: float = KEPT_SECONDS,
        now: Callable[[], float] = monotonic,
        task: Callable[[Callable[[], None]], Task] | None = None,
    ) -> None:
        self.seconds, self.counts = seconds, LookupCounts()
        self._lookup, self._now, self._task = lookup or _gevent_lookup, now, task or _greenlet
        self._kept: dict[str, _Answer] = {}
        self._asking: dict[str, _Question] = {}

    @classmethod
    def blocking(cls, seconds: float = KEPT_SECONDS) -> Resolver:
        """One for processes without gevent's loop: it asks in a thread, so that it can be waited for with a limit."""
        return cls(socket.getaddrinfo, seconds, task=_thread)

    def endpoints(self, host: str, port: int, *, seconds: float | None = None) -> tuple[Endpoint, ...]:
        """All addresses of a name, waited for so long; never empty, and the same tuple as long as an answer is kept.

        Raises NameNotFound, ConnectFailed when names cannot be asked for, DeadlinePassed, OwnLimit.
        """
        kept = self._kept.get(host)
        if kept is None or kept.until <= self._now():
            literal = _literal(host)
            kept = self._learnt(host, literal) if literal else self._renewed(host, kept, seconds)
        return kept.at(port)

    def _renewed(self, host: str, old: _Answer | None, seconds: float | None) -> _Answer:
        usable = old if old is not None and self._usable(old) else None
        question = self._asking.get(host)
        if question is None:
            question = self._asked(host)
        elif usable is not None:
            return usable
        limit = seconds if usable is None else min(PATIENCE_SECONDS, PATIENCE_SECONDS if seconds is None else seconds)
        question.task.join(limit)
        found = question.answer or usable
        if found is None:
            raise DeadlinePassed(f"no address of {host} before the deadline")
        return found

    def _asked(self, host: str) -> _Question:
        question = _Question(self._task(lambda: self._ask(host, question)))
        self._asking[host] = question
        try:
            question.task.start()
        except RuntimeError as error:  # no thread left
            del self._asking[host]
            raise OwnLimit(f"{host} cannot be resolved: {error}") from None
        return question

    def _ask(self, host: str, question: _Question) -> None:
        """Runs beside whoever asked first, who may be gone when the answer comes."""
        try:
            answer, old = self._answer(host), self._kept.get(host)
            if answer.temporary and old is not None and self._usable(old):
                self.counts.kept_on += 1
                old.until, answer = answer.until, old
            question.answer = self._learnt(host, answer)
        finally:
            self._asking.pop(host, None)

    def _learnt(self, host: str, answer: _Answer) -> _Answer:
        if len(self._kept) >= MOST_NAMES:
            self._kept.clear()
        self._kept[host] = answer
        return answer

    def _answer(self, host: str) -> _Answer:
        self.counts.asked += 1
        try:
            found = self._lookup(host, None, type=socket.SOCK_STREAM)
            endpoints = tuple(dict.fromkeys(Endpoint(family, address) for family, *_, address in found))
        except socket.gaierror as error:
            known = error.errno in NO_SUCH_NAME
            return self._failure(NameNotFound, f"{host} has no address: {error.strerror}", temporary=not known)
        except (UnicodeError, ValueError):
            return self._failure(NameNotFound, f"{host} is not a host name", temporary=False)
        except (OSError, RuntimeError) as error:  # gevent's threads may be used up
            return self._failure(ConnectFailed, f"{host} cannot be resolved: {error}", temporary=True)
        if not endpoints:
            return self._failure(NameNotFound, f"{host} has no address", temporary=False)
        now = self._now()
        return _Answer(now + self.seconds, now + self.seconds * (1 + MOST_STALE), endpoints)

    def _failure(self, kind: type[ClientError], message: str, *, temporary: bool) -> _Answer:
        self.counts.failed += 1
        return _Answer(self._now() + FAILURE_SECONDS, failure=(kind, message), temporary=temporary)

    def _usable(self, old: _Answer) -> bool:
        return bool(old.endpoints) and self._now() < old.stale_until


@dataclass(slots=True, eq=False)
class _Answer:
    """What is known of a name until it is asked for again; addresses or a failure, which may be temporary."""

    until: float
    stale_until: float = 0.0
    endpoints: tuple[Endpoint, ...] = ()
    failure: tuple[type[ClientError], str] | None = None
    temporary: bool = False
    ports: dict[int, tuple[Endpoint, ...]] = field(default_factory=dict)

    def at(self, port: int) -> tuple[Endpoint, ...]:
        if self.failure is not None:
            kind, message = self.failure
            raise kind(message)
        found = self.ports.get(port)
        if found is None:
            found = self.ports[port] = tuple(
                Endpoint(family, (address[0], port, *address[2:])) for family, address in self.endpoints
            )
        return found


@dataclass(slots=True)
class _Question:
    """A lookup that is under way, and its answer once there is one."""

    task: Task
    answer: _Answer | None = None


def _literal(host: str) -> _Answer | None:
    """An address that is written as one needs no resolver; one with a zone does, which knows interfaces by number."""
    try:
        number = ip_address(host)
    except ValueError:
        return None
    if number.version == 4:
        return _Answer(float("inf"), endpoints=(Endpoint(socket.AF_INET, (host, 0)),))
    if "%" in host:
        return None
    return _Answer(float("inf"), endpoints=(Endpoint(socket.AF_INET6, (host, 0, 0, 0)),))


def _gevent_lookup(host: str, port: None, /, *, type: int) -> Iterable[tuple[Any, ...]]:  # noqa: A002  as theirs
    from gevent.socket import getaddrinfo

    found: Iterable[tuple[Any, ...]] = getaddrinfo(host, port, type=type)
    return found


def _greenlet(work: Callable[[], None]) -> Task:
    from gevent import Greenlet

    made: Task = Greenlet(work)
    return made


def _thread(work: Callable[[], None]) -> Task:
    from threading import Thread

    return Thread(target=work, daemon=True)

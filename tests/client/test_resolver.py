"""Names to addresses: kept, asked again, used on while asking fails, and never asked for twice at once."""

import socket
import subprocess
import sys

import gevent
import pytest
from gevent.event import Event
from tests.client.names import Names, found

from entsurge.client import resolver as resolving
from entsurge.client.failure import ConnectFailed, DeadlinePassed, NameNotFound
from entsurge.client.resolver import Endpoint, Resolver

AGAIN = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
NEVER = 3600.0


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def addresses(resolver: Resolver, host: str = "ent.test", seconds: float = 10) -> list[str]:
    return [endpoint.address[0] for endpoint in resolver.endpoints(host, 443, seconds=seconds)]


def test_all_addresses_of_a_name_with_the_port_asked_for() -> None:
    """Both families, each once, in the resolver's order, whatever the port."""
    names = Names(**{"ent.test": ["::1", "127.0.0.2", "127.0.0.3", "127.0.0.2"]})
    resolver = Resolver(names)
    assert resolver.endpoints("ent.test", 443) == (
        Endpoint(socket.AF_INET6, ("::1", 443, 0, 0)),
        Endpoint(socket.AF_INET, ("127.0.0.2", 443)),
        Endpoint(socket.AF_INET, ("127.0.0.3", 443)),
    )
    assert str(resolver.endpoints("ent.test", 80)[0]) == "[::1]:80"
    assert names.asked == ["ent.test"]


def test_a_name_is_asked_for_again_after_the_interval() -> None:
    """Within it nobody asks; after it the new answer holds, for every port."""
    names, clock = Names(**{"ent.test": ["127.0.0.2"]}), Clock()
    resolver = Resolver(names, 60.0, clock)
    kept = resolver.endpoints("ent.test", 443)
    names.held["ent.test"] = ["127.0.0.3"]
    clock.now += 59.9
    assert resolver.endpoints("ent.test", 443) is kept
    clock.now += 0.1
    assert addresses(resolver) == ["127.0.0.3"]
    assert resolver.endpoints("ent.test", 80)[0].address == ("127.0.0.3", 80)
    assert len(names.asked) == 2


def test_an_old_answer_is_used_on_while_asking_fails() -> None:
    """For ten intervals, asked again each second meanwhile, and counted; then the name has no address."""
    names, clock = Names(**{"ent.test": ["127.0.0.2"]}), Clock()
    resolver = Resolver(names, 60.0, clock)
    addresses(resolver)
    names.held["ent.test"] = AGAIN
    for _ in range(3):
        clock.now += 60
        assert [addresses(resolver) for _ in range(5)] == [["127.0.0.2"]] * 5
    assert (resolver.counts.asked, resolver.counts.failed, resolver.counts.kept_on) == (4, 3, 3)
    clock.now += 1
    names.held["ent.test"] = ["127.0.0.3"]
    assert addresses(resolver) == ["127.0.0.3"]
    names.held["ent.test"] = AGAIN
    clock.now += 60 * 11
    with pytest.raises(NameNotFound, match="Temporary failure"):
        addresses(resolver)


def test_that_a_name_is_gone_is_an_answer() -> None:
    """A name that exists no longer is not used on."""
    names, clock = Names(**{"ent.test": ["127.0.0.2"]}), Clock()
    resolver = Resolver(names, 60.0, clock)
    addresses(resolver)
    del names.held["ent.test"]
    clock.now += 60
    with pytest.raises(NameNotFound, match=r"ent.test has no address: Name or service not known"):
        addresses(resolver)


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (AGAIN, NameNotFound, "Temporary failure"),
        (OSError(24, "Too many open files"), ConnectFailed, "Too many open files"),
        (UnicodeError("label too long"), NameNotFound, "is not a host name"),
        (ValueError("embedded null character"), NameNotFound, "is not a host name"),
        ([], NameNotFound, "has no address"),
    ],
)
def test_a_failure_is_kept_for_a_second(answer, kind, told) -> None:
    """A storm of visitors asks once a second; each is told the reason."""
    names, clock = Names(**{"ent.test": answer}), Clock()
    resolver = Resolver(names, 60.0, clock)
    for _ in range(100):
        with pytest.raises(kind, match=told):
            addresses(resolver)
    assert (len(names.asked), resolver.counts.failed) == (1, 1)
    clock.now += 1
    names.held["ent.test"] = ["127.0.0.2"]
    assert addresses(resolver) == ["127.0.0.2"]


class Slow(Names):
    """Answers once it may."""

    def __init__(self, **held) -> None:
        super().__init__(**held)
        self.may = Event()

    def __call__(self, host, port, /, *, type):  # noqa: A002
        self.asked.append(host)
        assert self.may.wait(60)
        return found(*self.held[host])


def test_many_who_ask_at_once_make_one_lookup() -> None:
    """Fifty greenlets, one question, the same answer."""
    names = Slow(**{"ent.test": ["127.0.0.2"]})
    resolver = Resolver(names)
    asking = [gevent.spawn(addresses, resolver) for _ in range(50)]
    gevent.sleep(0)
    names.may.set()
    assert [each.get(timeout=30) for each in asking] == [["127.0.0.2"]] * 50
    assert names.asked == ["ent.test"]


def test_a_resolver_that_does_not_answer_costs_no_more_than_the_deadline() -> None:
    """Nobody waits longer than they may; when the answer comes at last, it is kept."""
    names = Slow(**{"ent.test": ["127.0.0.2"]})
    resolver = Resolver(names)
    with pytest.raises(DeadlinePassed, match=r"no address of ent.test before the deadline"):
        addresses(resolver, seconds=0.05)
    names.may.set()
    assert addresses(resolver) == ["127.0.0.2"]
    assert len(names.asked) == 1


def test_a_visitor_who_is_ended_takes_no_answer_along() -> None:
    """The lookup goes on for the others."""
    names = Slow(**{"ent.test": ["127.0.0.2"]})
    resolver = Resolver(names)
    first, second = gevent.spawn(addresses, resolver), gevent.spawn(addresses, resolver)
    gevent.sleep(0)
    first.kill()
    names.may.set()
    assert second.get(timeout=30) == ["127.0.0.2"]
    assert len(names.asked) == 1


def test_where_an_old_answer_is_at_hand_nobody_waits_long_for_a_new_one(monkeypatch) -> None:
    """One waits for a moment, the others not at all; the new answer is used from when it is there."""
    monkeypatch.setattr(resolving, "PATIENCE_SECONDS", 0.05)
    names, clock = Slow(**{"ent.test": ["127.0.0.2"]}), Clock()
    resolver = Resolver(names, 60.0, clock)
    names.may.set()
    addresses(resolver)
    names.may.clear()
    names.held["ent.test"] = ["127.0.0.3"]
    clock.now += 60
    assert [addresses(resolver, seconds=NEVER) for _ in range(3)] == [["127.0.0.2"]] * 3
    assert len(names.asked) == 2
    names.may.set()
    gevent.sleep(0)
    with gevent.Timeout(30):
        while addresses(resolver) != ["127.0.0.3"]:
            gevent.sleep(0.001)
    assert len(names.asked) == 2


def test_an_interval_of_nothing_asks_each_time() -> None:
    """Zero seconds: every connection asks."""
    names = Names(**{"ent.test": ["127.0.0.2"]})
    resolver = Resolver(names, 0.0)
    assert [addresses(resolver) for _ in range(3)] == [["127.0.0.2"]] * 3
    assert len(names.asked) == 3


def test_an_address_needs_no_resolver() -> None:
    """127.0.0.1 and ::1 are what they are; what only the system understands is left to it."""
    names = Names(**{"127.1": ["127.0.0.1"], "fe80::1%lo": ["fe80::1%lo"]})
    resolver = Resolver(names)
    assert resolver.endpoints("127.0.0.1", 80) == (Endpoint(socket.AF_INET, ("127.0.0.1", 80)),)
    assert resolver.endpoints("::1", 80) == (Endpoint(socket.AF_INET6, ("::1", 80, 0, 0)),)
    assert resolver.endpoints("::1", 80) is resolver.endpoints("::1", 80)
    assert names.asked == []
    assert addresses(resolver, "127.1") == ["127.0.0.1"]
    assert addresses(resolver, "fe80::1%lo") == ["fe80::1%lo"]


def test_names_without_end_do_not_fill_the_memory(monkeypatch) -> None:
    """A page that redirects to ever new names is bounded too."""
    monkeypatch.setattr(resolving, "MOST_NAMES", 8)
    resolver = Resolver(Names(**{f"n{number}.test": ["127.0.0.2"] for number in range(100)}))
    for number in range(100):
        addresses(resolver, f"n{number}.test")
        addresses(resolver, f"127.0.0.{number}")
    assert len(resolver._kept) <= 8


def test_the_systems_own_resolver() -> None:
    """What a machine calls localhost is loopback; what cannot be a name is said so."""
    resolver = Resolver()
    assert set(addresses(resolver, "localhost")) <= {"127.0.0.1", "::1"}
    with pytest.raises(NameNotFound, match="is not a host name"):
        addresses(resolver, f"{'a' * 64}.test")


def test_processes_without_gevent_ask_in_a_thread() -> None:
    """The same policy, the limit included, and gevent is not even imported."""
    program = """
import socket, sys, threading
from entsurge.client.allow_list import AllowList
from entsurge.client.failure import DeadlinePassed
from entsurge.client.resolver import Resolver
assert AllowList(resolver=Resolver.blocking()).endpoints("localhost", 80)[0].address[1] == 80
resolver, may = Resolver.blocking(30.0), threading.Event()
resolver._lookup = lambda *_, **__: may.wait(60) and [(socket.AF_INET, 1, 6, "", ("127.0.0.2", 0))]
try:
    resolver.endpoints("ent.test", 80, seconds=0.05)
except DeadlinePassed as error:
    print(error)
may.set()
print(resolver.endpoints("ent.test", 80, seconds=60)[0])
assert "gevent" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.splitlines() == ["no address of ent.test before the deadline", "127.0.0.2:80"], done.stderr

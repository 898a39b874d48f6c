"""Connecting to whichever address answers: refused, swallowed, cut off, in every mixture (RFC 8305)."""

import errno
import os
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from tests.client.names import IPV6, Swallowing, found, free_port

from entsurge.client import happy_eyeballs
from entsurge.client.failure import ClientError, ConnectFailed, ConnectRefused, DeadlinePassed, OwnLimit
from entsurge.client.happy_eyeballs import connected
from entsurge.client.resolver import Endpoint
from entsurge.client.wire import Wire

LONG = 60.0  # seconds that no test comes near


def endpoints(port: int, *addresses: str) -> list[Endpoint]:
    return [Endpoint(family, (address[0], port, *address[2:])) for family, *_, address in found(*addresses)]


def dialed(port: int, *addresses: str, source: str = "", seconds: float = LONG) -> str:
    """The address that was connected to; the connection is closed again."""
    ends_ns = time.monotonic_ns() + int(seconds * 1e9)
    wire, endpoint = connected(endpoints(port, *addresses), source=source, ends_ns=ends_ns)
    assert wire._sock.getpeername()[:2] == endpoint.address[:2]
    wire.close()
    return endpoint.address[0]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def listening() -> Iterator[int]:
    """A port that 127.0.0.4 listens at, and that is free elsewhere."""
    port = free_port("127.0.0.2", "127.0.0.3", "127.0.0.4", *(["::1"] if IPV6 else []))
    with socket.create_server(("127.0.0.4", port), backlog=64):
        yield port


@pytest.fixture
def swallowing() -> Iterator[int]:
    """A port that 127.0.0.2 and 127.0.0.3 swallow connections at, and that 127.0.0.4 listens at."""
    port = free_port("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5")
    both = [Swallowing("127.0.0.2", port), Swallowing("127.0.0.3", port)]
    with socket.create_server(("127.0.0.4", port), backlog=64):
        yield port
    for each in both:
        each.close()


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """Whatever happened, no attempt of ours stays open."""
    gevent.get_hub()
    gevent.sleep(0)
    before = descriptors()
    yield
    with gevent.Timeout(30):
        while descriptors() > before:
            gevent.sleep(0.001)


@pytest.mark.skipif(not IPV6, reason="needs ::1, which this machine does not have")
def test_localhost_that_leads_to_ipv6_first(listening) -> None:
    """Nothing listens at ::1: the next address is asked at once."""
    assert dialed(listening, "::1", "127.0.0.4") == "127.0.0.4"


def test_refused_addresses_are_left_for_the_next_at_once(listening, monkeypatch) -> None:
    """Not after the delay, which is endless here."""
    monkeypatch.setattr(happy_eyeballs, "ATTEMPT_DELAY_NS", int(LONG * 1e9))
    assert dialed(listening, "127.0.0.2", "127.0.0.3", "127.0.0.4") == "127.0.0.4"


def test_an_address_that_swallows_is_left_for_the_next_after_the_delay(swallowing) -> None:
    """After 250 ms each, and not sooner."""
    began = time.monotonic_ns()
    assert dialed(swallowing, "127.0.0.2", "127.0.0.4") == "127.0.0.4"
    assert dialed(swallowing, "127.0.0.2", "127.0.0.3", "127.0.0.4") == "127.0.0.4"
    assert time.monotonic_ns() - began >= 3 * 250_000_000


def test_refused_and_swallowed_together(swallowing) -> None:
    """A refusal in the middle moves on at once; what swallowed is waited for no longer than the winner takes."""
    assert dialed(swallowing, "127.0.0.2", "127.0.0.5", "127.0.0.4") == "127.0.0.4"


def test_who_waits_longest_is_not_given_up(monkeypatch) -> None:
    """The first address answers after the second was tried, which never does: the first one wins."""
    monkeypatch.setattr(happy_eyeballs, "ATTEMPT_DELAY_NS", 1_000_000)
    port = free_port("127.0.0.2", "127.0.0.3")
    first, second = Swallowing("127.0.0.2", port), Swallowing("127.0.0.3", port)
    before = connections_to(port, "127.0.0.3")
    asked = gevent.spawn(dialed, port, "127.0.0.2", "127.0.0.3")
    with gevent.Timeout(LONG):
        while connections_to(port, "127.0.0.3") == before:
            gevent.sleep(0.001)
        while not asked.ready():  # the system sends its SYN again after a second, and finds room
            first.take()
            gevent.sleep(0.01)
    assert asked.get() == "127.0.0.2"
    first.close()
    second.close()


def connections_to(port: int, address: str) -> int:
    """Connections of this machine that are being made to an address, or are."""
    number = "".join(f"{int(each):02X}" for each in reversed(address.split(".")))
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    return sum(line.split()[2] == f"{number}:{port:04X}" for line in lines)


def test_one_address_is_waited_for_until_the_deadline(swallowing) -> None:
    """There is no other: the page's deadline ends it, and says where to."""
    with pytest.raises(DeadlinePassed, match=f"no connection to 127.0.0.2:{swallowing} before the deadline"):
        dialed(swallowing, "127.0.0.2", seconds=0.1)


def test_the_deadline_ends_all_attempts(swallowing) -> None:
    """Several under way, others not yet begun: all end with it."""
    with pytest.raises(DeadlinePassed, match=r"127.0.0.2:.*127.0.0.3:"):
        dialed(swallowing, "127.0.0.2", "127.0.0.3", seconds=0.4)
    with pytest.raises(DeadlinePassed):
        dialed(swallowing, "127.0.0.2", "127.0.0.3", "127.0.0.4", seconds=0.1)
    with pytest.raises(DeadlinePassed, match="no connection before the deadline"):
        dialed(swallowing, "127.0.0.4", seconds=0)


def test_a_visitor_who_is_ended_leaves_nothing_open(swallowing) -> None:
    """Killed while two attempts are under way: both are closed (the fixture looks)."""
    before = descriptors()
    visitor = gevent.spawn(dialed, swallowing, "127.0.0.2", "127.0.0.3")
    with gevent.Timeout(30):
        while descriptors() < before + 2:
            gevent.sleep(0.001)
    visitor.kill()
    assert visitor.successful()


def test_when_all_refuse_all_are_named() -> None:
    """The message names each address and port; a long list is cut."""
    port = free_port(*(f"127.0.0.{number}" for number in range(2, 12)))
    with pytest.raises(ConnectRefused) as one:
        dialed(port, "127.0.0.2")
    assert str(one.value) == f"127.0.0.2:{port} refuses connections"
    with pytest.raises(ConnectRefused) as two:
        dialed(port, "127.0.0.2", "127.0.0.3")
    assert str(two.value) == f"127.0.0.2:{port}, 127.0.0.3:{port} refuse connections"
    with pytest.raises(ConnectRefused, match=r"127.0.0.7:.*, 4 more refuse connections"):
        dialed(port, *(f"127.0.0.{number}" for number in range(2, 12)))


class Failing(Wire):
    """A wire whose connecting fails as told, by address."""

    __slots__ = ()
    told: dict[str, int] = {}

    def connect(self, endpoint: Endpoint, source: str = "") -> bool:
        code = self.told.get(endpoint.address[0], 0)
        if code:
            raise OSError(code, os.strerror(code))
        return super().connect(endpoint, source)


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        ({"127.0.0.2": errno.EHOSTUNREACH}, ConnectFailed, ["127.0.0.2", "No route to host", "127.0.0.3", "refused"]),
        ({"127.0.0.2": errno.EMFILE}, OwnLimit, ["127.0.0.2", "Too many open files"]),
        ({"127.0.0.2": errno.EADDRNOTAVAIL}, OwnLimit, ["127.0.0.2", "Cannot assign"]),
        ({"127.0.0.3": errno.ENOBUFS}, OwnLimit, ["127.0.0.3", "No buffer space"]),
    ],
)
def test_reasons_that_differ_are_all_named_and_ours_come_first(listening, monkeypatch, told, kind, words) -> None:
    """A limit of this machine ends it at once: the address that listens is not tried."""
    monkeypatch.setattr(happy_eyeballs, "Wire", Failing)
    monkeypatch.setattr(Failing, "told", told)
    last = ["127.0.0.4"] if kind is OwnLimit else []
    with pytest.raises(ClientError) as raised:
        dialed(listening, "127.0.0.2", "127.0.0.3", *last)
    assert type(raised.value) is kind
    assert [word for word in words if word not in str(raised.value)] == []


@pytest.mark.skipif(not IPV6, reason="needs ::1, which this machine does not have")
def test_a_machine_without_ipv6_goes_on_with_ipv4(listening, monkeypatch) -> None:
    """There, connecting to ::1 fails as if ports were used up: only when nothing else is left is it a limit of ours."""
    monkeypatch.setattr(happy_eyeballs, "Wire", Failing)
    monkeypatch.setattr(Failing, "told", {"::1": errno.EADDRNOTAVAIL})
    assert dialed(listening, "::1", "127.0.0.4") == "127.0.0.4"
    with pytest.raises(ConnectFailed, match=r"Cannot assign.*; 127.0.0.2:.*refused"):
        dialed(listening, "::1", "127.0.0.2")
    with pytest.raises(OwnLimit):
        dialed(listening, "::1")


def test_without_descriptors_it_ends_at_once(listening) -> None:
    """The real limit of the system, not a told one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OwnLimit, match="Too many open files"):
            dialed(listening, "127.0.0.2", "127.0.0.4")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_limit_of_ours_does_not_end_an_attempt_under_way(monkeypatch) -> None:
    """No descriptor for a second address: the first one, which is only slow, is still waited for."""
    monkeypatch.setattr(happy_eyeballs, "ATTEMPT_DELAY_NS", 1_000_000)
    monkeypatch.setattr(happy_eyeballs, "Wire", Failing)
    monkeypatch.setattr(Failing, "told", {"127.0.0.3": errno.EMFILE})
    swallowing = Swallowing("127.0.0.2")
    with pytest.raises(DeadlinePassed, match=r"no connection to 127.0.0.2:"):
        dialed(swallowing.port, "127.0.0.2", "127.0.0.3", seconds=0.2)
    swallowing.close()


def test_from_an_address_of_ours_only_its_family_is_tried(listening) -> None:
    """Addresses of the other family cannot be reached from there; if there are no others, it is said."""
    assert dialed(listening, "::1", "127.0.0.4", source="127.0.3.7") == "127.0.0.4"
    with pytest.raises(OwnLimit, match=r"\[::1\]:.* cannot be reached from 127.0.3.7: not of its family"):
        dialed(listening, "::1", source="127.0.3.7")
    with pytest.raises(OwnLimit, match="not of its family"):
        dialed(listening, "127.0.0.4", source="::1")


def test_a_loop_that_was_late_does_not_leave_an_address_that_has_answered(listening, monkeypatch) -> None:
    """The delay has passed while the loop stood still; the connection was there before: nobody else is asked."""
    monkeypatch.setattr(happy_eyeballs, "ATTEMPT_DELAY_NS", 1_000_000)
    gevent.get_hub().loop.run_callback(time.sleep, 0.05)
    assert dialed(listening, "127.0.0.4", "127.0.0.2") == "127.0.0.4"


def test_no_addresses_are_a_failure_too() -> None:
    """Not an IndexError."""
    with pytest.raises(ConnectFailed, match="no address to connect to"):
        dialed(80)

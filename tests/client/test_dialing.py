"""From a name to a connection: visitors spread over its addresses, each keeping to its own while that one works."""

from collections.abc import Callable, Iterator

import gevent
import pytest
from tests.client.conftest import Raw, ok
from tests.client.names import IPV6, Names, Swallowing, free_port

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.client.failure import ConnectRefused, DeadlinePassed, NotAllowed
from entsurge.client.resolver import Resolver

FOUR = [f"127.0.0.{number}" for number in range(2, 6)]


class House:
    """A name, the servers at its addresses, and a clock."""

    def __init__(self, raw: Callable[..., Raw], *addresses: str) -> None:
        self.now, self.raw, self.clients = 0.0, raw, []
        self.names = Names(**{"ent.test": list(addresses)})
        self.allow = AllowList(resolver=Resolver(self.names, 60.0, lambda: self.now))
        self.port = free_port(*addresses)
        self.servers: dict[str, Raw] = {}

    def serve(self, *addresses: str, fields: tuple[bytes, ...] = ()) -> None:
        for address in addresses:
            self.servers[address] = self.raw(ok(address.encode(), *fields), address=(address, self.port))

    def client(self) -> Client:
        self.clients.append(Client(allow=self.allow))
        return self.clients[-1]

    def ask(self, client: Client, *, seconds: float = 30) -> str:
        """The address that answers."""
        return client.request("GET", f"http://ent.test:{self.port}/", deadline_seconds=seconds).text


@pytest.fixture
def house(raw) -> Iterator[Callable[..., House]]:
    """Makes houses, and closes their visitors."""
    made = []

    def make(*addresses: str) -> House:
        made.append(House(raw, *addresses))
        return made[-1]

    with gevent.Timeout(120):
        yield make
    for each in made:
        for client in each.clients:
            client.close()


def test_visitors_are_spread_over_all_addresses(house) -> None:
    """Four addresses, 32 visitors of two pages: eight visitors and connections each, one lookup."""
    ent = house(*FOUR)
    ent.serve(*FOUR)
    pages = [[ent.ask(client), ent.ask(client)] for client in [ent.client() for _ in range(32)]]
    assert [one == other for one, other in pages] == [True] * 32
    assert {address: server.connections for address, server in ent.servers.items()} == dict.fromkeys(FOUR, 8)
    assert ent.names.asked == ["ent.test"]


def test_a_visitors_connections_all_go_to_its_address(house) -> None:
    """Six in parallel, as browsers do: one address."""
    ent = house(*FOUR)
    ent.serve(*FOUR)
    ent.client()
    second = ent.client()
    answers = second.fetch_many([f"http://ent.test:{ent.port}/{number}" for number in range(12)], deadline_seconds=30)
    assert {answer.text for answer in answers} == {FOUR[1]}
    assert ent.servers[FOUR[1]].connections > 1


def test_a_new_answer_is_used_after_the_interval(house) -> None:
    """The name moves: who comes after a minute goes there; connections that were made before stay."""
    ent = house("127.0.0.2", "127.0.0.3")
    ent.serve("127.0.0.2", "127.0.0.3")
    ent.names.held["ent.test"] = ["127.0.0.2"]
    before = ent.client()
    assert ent.ask(before) == "127.0.0.2"
    ent.names.held["ent.test"] = ["127.0.0.3"]
    ent.now = 59.0
    assert ent.ask(ent.client()) == "127.0.0.2"
    ent.now = 60.0
    assert ent.ask(ent.client()) == "127.0.0.3"
    assert ent.ask(before) == "127.0.0.2"
    assert ent.servers["127.0.0.2"].connections == 2


def test_a_visitor_keeps_to_its_address_though_the_order_changes(house) -> None:
    """A resolver that rotates its answers does not move who is there already."""
    ent = house(*FOUR)
    ent.serve(*FOUR, fields=(b"Connection: close",))
    visitor = ent.client()
    assert ent.ask(visitor) == FOUR[0]
    ent.names.held["ent.test"], ent.now = [*FOUR[2:], *FOUR[:2]], 60.0
    assert ent.ask(visitor) == FOUR[0]
    assert ent.servers[FOUR[0]].connections == 2
    assert ent.ask(ent.client()) == FOUR[3]


def test_a_visitor_whose_address_goes_away_goes_on_with_the_next_and_stays_there(house) -> None:
    """The server cuts its connection and ends; the next page comes from the next address, and so do those after it."""
    ent = house(*FOUR)
    ent.serve(*FOUR, fields=(b"Connection: close",))
    visitor = ent.client()
    assert ent.ask(visitor) == FOUR[0]
    ent.servers[FOUR[0]].server.stop(timeout=0.1)
    assert ent.ask(visitor) == FOUR[1]
    ent.serve(FOUR[0])
    assert ent.ask(visitor) == FOUR[1]
    assert ent.servers[FOUR[0]].connections == 0


@pytest.mark.skipif(not IPV6, reason="needs ::1, which this machine does not have")
def test_localhost_that_leads_to_ipv6_first_just_works(raw) -> None:
    """What ended `doctor` and `run` with an AttributeError: nothing listens at ::1, the server at 127.0.0.1."""
    server = raw(ok(b"here"), address=("127.0.0.1", free_port("127.0.0.1", "::1")))
    client = Client(allow=AllowList(resolver=Resolver(Names(localhost=["::1", "127.0.0.1"]))))
    try:
        answer = client.request("GET", f"http://localhost:{server.server.server_port}/", deadline_seconds=30)
    finally:
        client.close()
    assert answer.text == "here"
    assert answer.timing.connect_us > 0


def test_an_address_that_swallows_costs_a_visitor_the_delay_once(house) -> None:
    """The first connection waits for 250 ms, which its timing says; the others go where it went."""
    ent = house("127.0.0.2", "127.0.0.3")
    ent.serve("127.0.0.3")
    swallowing = Swallowing("127.0.0.2", ent.port)
    visitor = ent.client()
    first = visitor.request("GET", f"http://ent.test:{ent.port}/", deadline_seconds=30)
    assert (first.text, first.timing.connect_us >= 250_000) == ("127.0.0.3", True)
    visitor.fetch_many([f"http://ent.test:{ent.port}/{number}" for number in range(6)], deadline_seconds=30)
    assert [each.address[0] for each in visitor.route.endpoints("ent.test", ent.port, 30)] == ["127.0.0.3", "127.0.0.2"]
    swallowing.close()


def test_addresses_outside_the_allow_list_are_left_out(house) -> None:
    """One of two is ours: every visitor goes there; none is ours: nothing is connected to."""
    ent = house("127.0.0.2")
    ent.serve("127.0.0.2")
    ent.names.held["ent.test"] = ["10.255.255.1", "127.0.0.2"]
    assert [ent.ask(ent.client()) for _ in range(4)] == ["127.0.0.2"] * 4
    ent.names.held["ent.test"], ent.now = ["10.255.255.1"], 60.0
    with pytest.raises(NotAllowed, match=r"ent.test leads to 10\.255\.255\.1"):
        ent.ask(ent.client())


def test_how_it_fails(house) -> None:
    """All refuse: all are named. The name or the connection takes too long: the page's deadline holds."""
    ent = house(*FOUR)
    with pytest.raises(ConnectRefused, match=f"{FOUR[0]}:.*{FOUR[3]}:.* refuse connections"):
        ent.ask(ent.client())
    both = [Swallowing(address, ent.port) for address in FOUR[:2]]
    ent.names.held["ent.test"], ent.now = FOUR[:2], 60.0
    with pytest.raises(DeadlinePassed):
        ent.ask(ent.client(), seconds=0.1)
    for each in both:
        each.close()

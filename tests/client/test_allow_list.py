"""Where a visitor may connect: by name, by network, by both, whatever a name leads to."""

import pytest
from tests.client.names import Names

from entsurge.client.allow_list import AllowList
from entsurge.client.failure import NameNotFound, NotAllowed
from entsurge.client.resolver import Resolver


def shown(allow: AllowList, host: str, turn: int = 0) -> list[str]:
    return [endpoint.address[0] for endpoint in allow.endpoints(host, 443, turn=turn)]


@pytest.mark.parametrize(
    ("hosts", "networks", "allowed", "refused"),
    [
        ((), (), [("x", "127.9.9.9"), ("x", "::1"), ("x", "::ffff:127.0.0.1")], [("x", "10.0.0.1"), ("x", "0.0.0.1")]),
        (("ent.test",), (), [("ent.test", "10.0.0.1")], [("x", "10.0.0.1")]),
        ((), ("10.0.0.0/8",), [("x", "10.0.0.1"), ("x", "::ffff:10.0.0.1")], [("x", "127.0.0.1"), ("x", "fd00::1")]),
        (("ent.test",), ("fd00::/8",), [("ent.test", "fd00::1%eth0")], [("x", "fd00::1"), ("ent.test", "127.0.0.1")]),
        (
            ("ENT.test.", "[::1]", "FD00:0::1"),
            (),
            [("ent.test", "10.0.0.1"), ("::1", "::1"), ("fd00::1", "fd00::1")],
            [],
        ),
        (("école.test",), (), [("xn--cole-9oa.test", "10.0.0.1")], [("ecole.test", "10.0.0.1")]),
    ],
)
def test_what_is_allowed(hosts, networks, allowed, refused) -> None:
    """The table of AllowList, row by row, and the ways in which a host can be written."""
    allow = AllowList(hosts, networks)
    assert [each for each in allowed if not allow.allows(*each)] == []
    assert [each for each in refused if allow.allows(*each)] == []


def test_it_is_asked_of_each_address() -> None:
    """Addresses outside are left out; when all are, they are named and nothing is connected to."""
    names = Names(**{"ent.test": ["127.0.0.2", "10.0.0.1", "127.0.0.3"], "other.test": ["10.0.0.1", "fd00::1"]})
    allow = AllowList(resolver=Resolver(names))
    assert shown(allow, "ent.test") == ["127.0.0.2", "127.0.0.3"]
    assert shown(allow, "ent.test", turn=1) == ["127.0.0.3", "127.0.0.2"]
    for _ in range(2):
        with pytest.raises(NotAllowed, match=r"other.test leads to 10.0.0.1, fd00::1, which is outside the allow-list"):
            shown(allow, "other.test")


def test_a_name_that_turns_elsewhere_during_a_run_is_refused() -> None:
    """Each new answer is looked at anew."""
    names, now = Names(**{"ent.test": ["127.0.0.2"]}), [0.0]
    allow = AllowList(resolver=Resolver(names, 60.0, lambda: now[0]))
    assert shown(allow, "ent.test") == ["127.0.0.2"]
    names.held["ent.test"], now[0] = ["10.0.0.1"], 60.0
    with pytest.raises(NotAllowed):
        shown(allow, "ent.test")
    names.held["ent.test"], now[0] = ["127.0.0.3"], 120.0
    assert shown(allow, "ent.test") == ["127.0.0.3"]


def test_a_host_that_is_not_named_is_not_even_asked_for() -> None:
    """A redirect elsewhere costs no question to a resolver."""
    names = Names(**{"other.test": ["127.0.0.2"]})
    allow = AllowList(["ent.test"], resolver=Resolver(names))
    with pytest.raises(NotAllowed, match=r"other.test is not among the target's hosts"):
        shown(allow, "other.test")
    assert names.asked == []
    with pytest.raises(NameNotFound):
        shown(allow, "ent.test")


def test_each_visitor_has_a_turn() -> None:
    """In the order in which they are made."""
    allow = AllowList()
    assert [allow.turn() for _ in range(3)] == [0, 1, 2]

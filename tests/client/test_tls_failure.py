"""Why TLS failed, against real servers: each trouble of a pre-production in words, with its remedy, by both clients."""

import contextlib
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest
from tests.authority import Authority

from entsurge.client.access import Access
from entsurge.client.failure import ConnectionLost, TlsFailed
from entsurge.client.tls_failure import OF_CERTIFICATE, OF_CLIENT_CERTIFICATE, OF_HANDSHAKE, lost, tls_failure

pytestmark = pytest.mark.needs("openssl")
WEAK = "ALL:@SECLEVEL=0"
Serve = Callable[..., int]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def alive(command: list[str | Path], port: int) -> Iterator[int]:
    with subprocess.Popen([str(each) for each in command], stdin=-1, stdout=-3, stderr=-3) as server:
        try:
            limit = time.monotonic() + 30
            while True:
                assert server.poll() is None, "the server has ended"
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                assert time.monotonic() < limit
                time.sleep(0.05)
            yield port
        finally:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private authority of three levels."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def s_server(authority: Authority) -> Iterator[Serve]:
    """OpenSSL's own server with a certificate, its chain if told, and other options; the port."""
    with contextlib.ExitStack() as stack:

        def serve(made: Path, *options: str | Path, chain: Path | None = None) -> int:
            port = free_port()
            more = ("-cert_chain", chain) if chain else ()
            command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", made, "-key",
                       made.with_suffix(".key"), "-www", "-quiet", *more, *options]  # fmt: skip
            return stack.enter_context(alive(command, port))

        yield serve


def failures(access: Access, port: int, host: str = "localhost") -> list[TlsFailed]:
    """What each of the two clients says of this server."""
    url, found = f"https://{host}:{port}/", []
    with gevent.Timeout(60):
        client = access.client()
        with pytest.raises(TlsFailed) as caught:
            client.request("GET", url, deadline_seconds=20)
        found.append(caught.value)
        client.close()
    with pytest.raises(TlsFailed) as caught:
        access.blocking().request("GET", url, deadline_seconds=20)
    return [*found, caught.value]


def says(access: Access, port: int, what: str, remedy: str, host: str = "localhost") -> None:
    for each in failures(access, port, host):
        assert str(each).startswith(f"{host}: ")
        assert what in str(each)
        assert remedy in each.hint
        assert each.said == f"{each}: {each.hint}"


def trusting(authority: Authority, **more: object) -> Access:
    return Access(certificates=str(authority.root), **more)


def test_whose_chain_is_whole_is_spoken_to(authority: Authority, s_server: Serve) -> None:
    """The control: root trusted, intermediate sent."""
    made = authority.server()
    port = s_server(made, chain=authority.folder / "between.pem")
    access = trusting(authority)
    client = access.client()
    assert client.request("GET", f"https://localhost:{port}/", deadline_seconds=20).status == 200
    client.close()


def test_an_unknown_authority_whose_root_is_sent(authority: Authority, s_server: Serve) -> None:
    """19: the remedy is `certificates` alone."""
    chain = authority.folder / "all.pem"
    chain.write_bytes((authority.folder / "between.pem").read_bytes() + authority.root.read_bytes())
    port = s_server(authority.server(), chain=chain)
    says(Access(), port, "not signed by an authority that is trusted here", "`certificates` in the target file")


def test_a_certificate_signed_by_itself(authority: Authority, s_server: Serve) -> None:
    """18: its own file is to be named."""
    says(Access(), s_server(authority.alone("seule")), "signed by itself", "its own file as `certificates`")


def test_a_missing_intermediate(authority: Authority, s_server: Serve) -> None:
    """20, though the root is trusted: the server must send its whole chain."""
    port = s_server(authority.server())
    says(trusting(authority), port, "an authority that is not known here", "leaves out an intermediate certificate")


def test_an_unknown_authority_whose_root_is_not_sent(authority: Authority, s_server: Serve) -> None:
    """20 as well: both remedies, `certificates` first."""
    port = s_server(authority.server(), chain=authority.folder / "between.pem")
    says(Access(), port, "an authority that is not known here", "name the authority's file as `certificates`")


def test_another_name_and_another_address(authority: Authority, s_server: Serve) -> None:
    """62 and 64, in the client's words and OpenSSL's."""
    port = s_server(authority.server("ailleurs", names="DNS:ailleurs.test"), chain=authority.folder / "between.pem")
    says(trusting(authority), port, "is for other names (Hostname mismatch", "name the ENT as it does")
    says(trusting(authority), port, "is not for this address", "by a host of its certificate", "127.0.0.1")


def test_an_expired_certificate(authority: Authority, s_server: Serve) -> None:
    """10: whoever runs the ENT must renew it."""
    port = s_server(authority.server("perime", days="-1"), chain=authority.folder / "between.pem")
    says(trusting(authority), port, "has expired", "renew it on the server")


@pytest.mark.needs("gnutls-serv")
def test_a_server_without_secure_renegotiation(authority: Authority) -> None:
    """RFC 5746 is named, and what has to be updated; GnuTLS can still do without it, as old balancers do."""
    made, port = authority.server(), free_port()
    command = ["gnutls-serv", "--port", str(port), "--http", "--quiet", "--x509certfile", made.with_suffix(".chain"),
               "--x509keyfile", made.with_suffix(".key"),
               "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION"]  # fmt: skip
    with alive(command, port):
        says(trusting(authority), port, "no secure renegotiation (RFC 5746)", "update its TLS")


def test_no_version_or_cipher_in_common(authority: Authority, s_server: Serve) -> None:
    """TLS 1.1 alone, and a cipher without forward secrecy."""
    made, chain = authority.server(), authority.folder / "between.pem"
    port = s_server(made, "-tls1_1", "-cipher", WEAK, chain=chain)
    says(trusting(authority), port, "no version of TLS", "TLS 1.2 or 1.3")
    port = s_server(made, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "-sigalgs", "ECDSA+SHA256",
                    "-curves", "P-521", chain=chain)  # fmt: skip
    says(trusting(authority), port, "shares no cipher with browsers", "ECDHE")


def test_no_protocol_in_common(authority: Authority, s_server: Serve) -> None:
    """ALPN that offers what nobody asked for."""
    port = s_server(authority.server(), "-alpn", "spdy/1", chain=authority.folder / "between.pem")
    says(trusting(authority), port, "none of the protocols", 'http = "auto"')


def test_plain_http_at_the_port() -> None:
    """What answers is no TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            for _ in range(2):
                wire, _ = listening.accept()
                with wire:
                    wire.recv(4096)
                    wire.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        gevent.get_hub().threadpool.spawn(answer)
        says(Access(), listening.getsockname()[1], "no TLS at this port", "http://")


def test_a_server_that_hangs_up() -> None:
    """Closed in the middle of the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            for _ in range(2):
                wire, _ = listening.accept()
                with wire:
                    wire.recv(4096)

        gevent.get_hub().threadpool.spawn(answer)
        says(Access(), listening.getsockname()[1], "hung up in the middle of the handshake", "TLS at this port")


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_a_client_certificate_that_is_asked_for(authority: Authority, s_server: Serve, version: str) -> None:
    """Named, whether the server says so in the handshake (1.2) or after it (1.3)."""
    port = s_server(authority.server(), version, "-Verify", "1", "-CAfile", authority.root, "-verify_return_error",
                    chain=authority.folder / "between.pem")  # fmt: skip
    says(trusting(authority), port, "for a client certificate", "`client_certificate` and `client_key`")
    ours = authority.client()
    shown = trusting(authority, client_certificate=str(ours), client_key=str(ours.with_suffix(".key")))
    assert shown.blocking().request("GET", f"https://localhost:{port}/", deadline_seconds=20).status == 200
    client = shown.client()
    assert client.request("GET", f"https://localhost:{port}/", deadline_seconds=20).status == 200
    client.close()


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_a_client_certificate_that_is_not_accepted(authority: Authority, s_server: Serve, version: str) -> None:
    """Of an authority that the server does not know."""
    port = s_server(authority.server(), version, "-Verify", "1", "-CAfile", authority.root, "-verify_return_error",
                    chain=authority.folder / "between.pem")  # fmt: skip
    stranger = authority.alone("inconnue")
    shown = trusting(authority, client_certificate=str(stranger), client_key=str(stranger.with_suffix(".key")))
    says(shown, port, "does not accept the client certificate", "an authority that the server trusts")


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "as OpenSSL says"
    return error


def refused(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return error


@pytest.mark.parametrize("code", [*OF_CERTIFICATE, 24])
def test_every_row_of_certificates(code: int) -> None:
    """One sentence: host, what, OpenSSL's words, remedy; what is not in the table has OpenSSL's words alone."""
    found = tls_failure("ent.test", verification(code))
    assert str(found).startswith("ent.test: ")
    assert str(found).endswith("(as OpenSSL says)")
    assert bool(found.hint) is (code in OF_CERTIFICATE)
    assert "\n" not in found.said


@pytest.mark.parametrize("reason", [*OF_HANDSHAKE, *OF_CLIENT_CERTIFICATE, "BAD_LENGTH"])
def test_every_row_of_handshakes(reason: str) -> None:
    """The words of the table; only what is about a client's certificate is a failure of TLS later on, too."""
    found = tls_failure("ent.test", refused(reason))
    words = OF_HANDSHAKE.get(reason) or OF_CLIENT_CERTIFICATE.get(reason)
    assert (str(found), found.hint) == ((f"ent.test: {words.what}", words.remedy) if words else
                                        ("ent.test: [SSL: BAD_LENGTH]", ""))  # fmt: skip
    later = TlsFailed if reason in OF_CLIENT_CERTIFICATE else ConnectionLost
    assert type(lost("ent.test", refused(reason))) is later


def test_a_reset_is_no_failure_of_tls_once_connected() -> None:
    """In the handshake it is; afterwards the connection was lost."""
    assert "hung up" in str(tls_failure("ent.test", ConnectionResetError(104, "reset by peer")))
    assert isinstance(lost("ent.test", ConnectionResetError(104, "reset by peer")), ConnectionLost)

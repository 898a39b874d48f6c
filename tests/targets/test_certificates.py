"""The certificate files of a target: what is none, expired, no pair or too open is said when the file is read."""

import contextlib
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.authority import Authority

from entsurge.engine.target_access import access
from entsurge.errors import UsageError
from entsurge.targets.certificates import not_after
from entsurge.targets.file import load

pytestmark = pytest.mark.needs("openssl")
URL = 'url = "https://127.0.0.1:8443"\n'


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private authority, a client's certificate of hers, and two that have expired."""
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.client()
    made.client("dernier", days="-1")
    made.alone("ancienne", days="-1")
    return made


def said(write, authority: Authority, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(write("cible.toml", URL + text.format(at=authority.folder)))
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_what_stands_in_the_file_reaches_every_client(write, authority: Authority) -> None:
    """Paths beside the target file become absolute; certificate, key, protocol and interval are the policy's."""
    for name in ("root.pem", "injecteur.pem", "injecteur.key"):
        write(name, (authority.folder / name).read_text())
    target = load(write("cible.toml", URL + 'certificates = "root.pem"\nclient_certificate = "injecteur.pem"\n'
                        'client_key = "injecteur.key"\nhttp = "1.1"\nnames_seconds = 5\n'))  # fmt: skip
    policy = access(target)
    here = str(target.path.parent.resolve())
    assert policy.certificates == f"{here}/root.pem"
    assert (policy.client_certificate, policy.client_key) == (f"{here}/injecteur.pem", f"{here}/injecteur.key")
    assert (policy.http, policy.tls.http, policy.names_seconds, policy.allow.resolver.seconds) == ("1.1", "1.1", 5, 5)
    assert policy.tls.context.get_ca_certs()
    usual = access(load(write("b.toml", URL)))
    assert (usual.http, usual.names_seconds, usual.certificates) == ("auto", 60, "")


def test_a_file_that_is_no_certificate(write, authority: Authority) -> None:
    """Named, with what was expected; a key, a certificate in DER and a broken one too."""
    write("rien.pem", "bonjour")
    write("casse.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    write("faux.pem", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n")
    der = write("binaire.pem", "")
    der.write_bytes(ssl.PEM_cert_to_DER_cert(authority.root.read_text()))
    for name in ("rien", "casse", "faux"):
        found = said(write, authority, f'certificates = "{name}.pem"\n')
        assert f"certificates: {name}.pem: " in found
        assert "expected certificates in PEM" in found
    assert "openssl x509 -inform der" in said(write, authority, 'certificates = "binaire.pem"\n')
    assert "no certificate in it" in said(write, authority, 'certificates = "{at}/root.key"\n')
    assert "certificates: no file nulle-part.pem" in said(write, authority, 'certificates = "nulle-part.pem"\n')


def test_what_has_expired(write, authority: Authority) -> None:
    """The day is told, of an authority as of a client's certificate; a bundle with one in force is no mistake."""
    day = datetime.fromtimestamp(time.time() - 86400, UTC)
    found = said(write, authority, 'certificates = "{at}/ancienne.pem"\n')
    assert f"ancienne.pem: expired on {day:%Y-%m-}" in found
    client = 'client_certificate = "{at}/dernier.pem"\nclient_key = "{at}/dernier.key"\n'
    assert "client_certificate: dernier.pem: expired on" in said(write, authority, client)
    bundle = write("bouquet.pem", (authority.folder / "ancienne.pem").read_text() + authority.root.read_text())
    assert load(write("c.toml", f'{URL}certificates = "{bundle}"\n')).certificates == str(bundle.resolve())


def test_a_key_is_its_certificate_s_and_its_owner_s(write, authority: Authority) -> None:
    """Another's key, none, one that others may read, one with a passphrase, one without a certificate."""
    client = 'client_certificate = "{at}/injecteur.pem"\n'
    assert "not the key of the certificate" in said(write, authority, client + 'client_key = "{at}/dernier.key"\n')
    write("seul.pem", (authority.folder / "injecteur.pem").read_text())
    assert "no private key in it" in said(write, authority, 'client_certificate = "seul.pem"\n')
    write("ouvert.key", (authority.folder / "injecteur.key").read_text(), 0o644)
    assert "others may read it (mode 644)" in said(write, authority, client + 'client_key = "ouvert.key"\n')
    locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n"
    write("ferme.key", locked)
    assert "has a passphrase" in said(write, authority, client + 'client_key = "ferme.key"\n')
    assert "client_certificate: missing" in said(write, authority, 'client_key = "x"\n')
    both = (authority.folder / "injecteur.pem").read_text() + (authority.folder / "injecteur.key").read_text()
    write("deux.pem", both, 0o644)
    assert "others may read it" in said(write, authority, 'client_certificate = "deux.pem"\n')
    write("deux.pem", both)
    assert load(write("d.toml", f'{URL}client_certificate = "deux.pem"\n')).client_certificate[1] == ""


def test_all_files_are_told_of_at_once(write, authority: Authority) -> None:
    """One line a key."""
    lines = said(write, authority, 'certificates = "a.pem"\nclient_certificate = "b.pem"\n').splitlines()
    assert [line.split(": ")[1] for line in lines] == ["certificates", "client_certificate"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('url = "http://127.0.0.1"\nhttp = "2"\n', 'http: "2" needs https'),
        (f'{URL}http = "2"\n[[tenant]]\nschool = "e"\nurl = "http://127.0.0.1/e"\n', 'http: "2" needs https'),
        (f'{URL}http = "3"\n', "http: found '3'"),
        (f"{URL}names_seconds = 0\n", "names_seconds"),
    ],
)
def test_protocol_and_interval_are_checked(write, text: str, said: str) -> None:
    """HTTP/2 without TLS is what no browser speaks; names are asked again after a second to an hour."""
    with pytest.raises(UsageError, match=said):
        load(write("cible.toml", text))


def test_when_a_certificate_expires_is_what_openssl_says(authority: Authority) -> None:
    """To the second, for each of them."""
    for path in (authority.root, authority.folder / "between.pem"):
        der = ssl.PEM_cert_to_DER_cert(path.read_text())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(path)
        told = context.get_ca_certs()[0]["notAfter"]
        assert not_after(der).timestamp() == ssl.cert_time_to_seconds(told)


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_no_bytes_make_it_stumble(data: bytes) -> None:
    """What is no certificate is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        not_after(data)


@given(st.data())
@settings(max_examples=200)
def test_no_damage_makes_it_stumble(authority: Authority, data) -> None:
    """A certificate with a byte changed or cut off: a date or a ValueError."""
    der = bytearray(ssl.PEM_cert_to_DER_cert(Path(authority.root).read_text()))
    der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        assert not_after(bytes(der[: data.draw(st.integers(0, len(der)))])).tzinfo is UTC

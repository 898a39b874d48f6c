"""The certificate that an edge shows visitors: for the target's own names, by an authority that lives for one run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DAYS = 30


@dataclass(frozen=True)
class EdgeCertificate:
    """Files in PEM: what visitors trust, what the edge shows, and its key, which its owner alone may read."""

    authority: Path
    certificate: Path
    key: Path


def made_for(hosts: Iterable[str], folder: Path) -> EdgeCertificate:
    """A certificate for these names and addresses, with its files in the folder.

    The authority's own key is never written, and gone when this returns: it vouches for this certificate alone.
    """
    made = EdgeCertificate(folder / "authority.pem", folder / "edge.pem", folder / "edge.key")
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _signed("entsurge edge authority", authority_key.public_key(), None, authority_key)
    leaf = _signed("entsurge edge", key.public_key(), authority, authority_key, sorted(set(hosts)))
    made.authority.write_bytes(authority.public_bytes(Encoding.PEM))
    made.certificate.write_bytes(leaf.public_bytes(Encoding.PEM))
    with open(made.key, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
        stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


def _signed(
    name: str,
    public: ec.EllipticCurvePublicKey,
    by: x509.Certificate | None,
    key: ec.EllipticCurvePrivateKey,
    hosts: Iterable[str] = (),
) -> x509.Certificate:
    """A certificate signed with this key: an authority's by itself, a server's `by` its authority for its hosts."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.subject if by else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    if by is not None:
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        made = made.add_extension(names, critical=False).add_extension(usage, critical=False)
    return made.sign(key, SHA256())


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)

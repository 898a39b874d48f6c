"""The certificate files that a target names: readable, in force, key and certificate a pair; or what is wrong."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from entsurge.secret import too_open

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPECTED = "expected certificates in PEM (-----BEGIN CERTIFICATE-----)"
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_KEY, _LOCKED = b"PRIVATE KEY-----", b"ENCRYPTED"
_DER = b"\x30\x82"  # how a certificate begins that is not in PEM
_UTC_TIME, _GENERALIZED_TIME, _VERSION, _SEQUENCE = 0x17, 0x18, 0xA0, 0x30
_MISMATCH = "KEY_VALUES_MISMATCH"


def of_authority(path: Path) -> str:
    """What is wrong with a file of authorities to trust; empty for nothing."""
    wrong = _certificates(path)
    if wrong:
        return wrong
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ValueError) as error:
        return f"{path.name}: cannot be read as certificates ({_short(error)}); {EXPECTED}"
    return ""


def of_client(certificate: Path, key: Path | None) -> str:
    """What is wrong with a client's certificate and its key, which may stand in the same file; empty for nothing."""
    wrong = (
        _certificates(certificate) or (_without_key(certificate) if key is None else "") or too_open(key or certificate)
    )
    if wrong:
        return wrong
    held = (key or certificate).read_bytes()
    if _KEY not in held:
        return f"{(key or certificate).name}: no private key in it; name the key's file as client_key"
    if _LOCKED in held:
        return f"{(key or certificate).name}: the key has a passphrase; expected one without, in a file of mode 600"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        if isinstance(error, ssl.SSLError) and error.reason == _MISMATCH:
            return f"{(key or certificate).name}: not the key of the certificate in {certificate.name}"
        return f"{certificate.name}: cannot be used ({_short(error)}); expected a certificate and its key in PEM"
    return ""


def _without_key(certificate: Path) -> str:
    """A certificate alone is no secret: that its key is missing is said before who may read it."""
    there = _KEY in certificate.read_bytes()
    return "" if there else f"{certificate.name}: no private key in it; name the key's file as client_key"


def _certificates(path: Path) -> str:
    """What is wrong with a file that should hold certificates of today."""
    try:
        held = path.read_bytes()
    except OSError as error:
        return f"no file {path.name}" if isinstance(error, FileNotFoundError) else f"{path.name}: {error.strerror}"
    blocks = _BLOCK.findall(held)
    if not blocks:
        found = f"; openssl x509 -inform der -in {path.name} makes them of it" if held.startswith(_DER) else ""
        return f"{path.name}: no certificate in it; {EXPECTED}{found}"
    try:
        ends = max(not_after(ssl.PEM_cert_to_DER_cert(block.decode("ascii"))) for block in blocks)
    except ValueError as error:
        return f"{path.name}: a certificate cannot be read ({_short(error)}); {EXPECTED}"
    if ends < datetime.now(UTC):
        return f"{path.name}: expired on {ends:%Y-%m-%d}; expected a certificate that is in force"
    return ""


def not_after(der: bytes) -> datetime:
    """When a certificate expires (RFC 5280 section 4.1). Raises ValueError for what is none.

    The standard library decodes the certificates of connections and of authorities, and no other.
    """
    try:
        ((_, whole), *_) = _elements(der)
        ((_, signed), *_) = _elements(whole)
        fields = [(tag, content) for tag, content in _elements(signed) if tag != _VERSION]
        _, _, _, (tag, validity), *_ = fields
        _, (kind, written) = _elements(validity)
    except (ValueError, IndexError):
        raise ValueError("no certificate (X.509)") from None
    if tag != _SEQUENCE or kind not in (_UTC_TIME, _GENERALIZED_TIME):
        raise ValueError("no certificate (X.509)")
    text = written.decode("ascii")
    if kind == _UTC_TIME:  # RFC 5280 section 4.1.2.5.1
        text = ("20" if text < "5" else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element of a DER sequence's content (X.690). Raises IndexError, ValueError."""
    at = 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + size > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + size]
        at += size


def _short(error: Exception) -> str:
    """OpenSSL's own words without where they stand in its sources."""
    return (getattr(error, "reason", None) or str(error)).partition(" (_ssl")[0]

"""Why TLS failed, in one sentence, with the remedy: the words of OpenSSL as whoever runs the test needs them."""

from __future__ import annotations

import ssl
from typing import NamedTuple

from entsurge.client.failure import ClientError, ConnectionLost, TlsFailed


class Words(NamedTuple):
    """What is wrong, and what to do about it."""

    what: str
    remedy: str


_AUTHORITY = "name the authority's file as `certificates` in the target file"
_CLIENT = "name yours as `client_certificate` and `client_key` in the target file"
_UNKNOWN = Words(
    "the server's certificate is signed by an authority that is not known here",
    f"{_AUTHORITY}; if that has been done, or the authority is a public one, the server leaves out an intermediate "
    "certificate: it must send its whole chain",
)
# the numbers of openssl-verify(1)
OF_CERTIFICATE: dict[int, Words] = {
    9: Words("the server's certificate is not valid yet", "set the clock of this machine, or have it reissued"),
    10: Words("the server's certificate, or one of its chain, has expired", "renew it on the server"),
    18: Words(
        "the server's certificate is signed by itself, which is not trusted here",
        "name its own file as `certificates` in the target file",
    ),
    19: Words("the server's certificate is not signed by an authority that is trusted here", _AUTHORITY),
    2: _UNKNOWN, 20: _UNKNOWN, 21: _UNKNOWN,
    26: Words("the server's certificate was not made for servers", "have it made with the purpose serverAuth"),
    62: Words("the server's certificate is for other names", "name the ENT as it does, or have it reissued"),
    64: Words("the server's certificate is not for this address", "name the ENT by a host of its certificate"),
    66: Words("the key of the server's certificate is too weak", "have it reissued: RSA of 2048 bits or more, or EC"),
    67: Words("the key of the server's authority is too weak", "have the chain reissued: RSA of 2048 bits, or EC"),
    68: Words("the server's chain is signed with a digest that is too weak", "have it reissued with SHA-256"),
}  # fmt: skip
_PLAIN = Words("there is no TLS at this port: what answers is something else", "write http://, or the port of https")
_VERSION = Words("the server speaks no version of TLS that browsers still speak", "let it speak TLS 1.2 or 1.3")
_PROTOCOL = Words(
    "the server speaks none of the protocols that it is offered (ALPN)", 'set http = "auto" or "1.1" in the target file'
)
_REFUSED = Words(
    "the server does not accept the client certificate",
    "is `client_certificate` of an authority that the server trusts, valid, and sent with its chain?",
)
_WEAK = Words("the server agrees on keys that are too weak", "have it use ECDHE, or keys of 2048 bits or more")
# the names of OpenSSL's reasons, as `ssl.SSLError.reason` has them
OF_HANDSHAKE: dict[str, Words] = {
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": Words(
        "the server knows no secure renegotiation (RFC 5746)",
        "update its TLS, or that of the balancer in front of it: OpenSSL 3 speaks to no such server",
    ),
    "WRONG_VERSION_NUMBER": _PLAIN, "RECORD_LAYER_FAILURE": _PLAIN, "HTTP_REQUEST": _PLAIN,
    "PACKET_LENGTH_TOO_LONG": _PLAIN,
    "UNSUPPORTED_PROTOCOL": _VERSION, "VERSION_TOO_LOW": _VERSION, "TLSV1_ALERT_PROTOCOL_VERSION": _VERSION,
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": _PROTOCOL, "NO_APPLICATION_PROTOCOL": _PROTOCOL,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": Words(
        "the server broke the handshake off: it shares no cipher with browsers, or asks for a client certificate",
        f"let it use ciphers of TLS 1.2 with ECDHE or TLS 1.3; if it asks for a client certificate, {_CLIENT}",
    ),
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": _WEAK, "DH_KEY_TOO_SMALL": _WEAK, "WRONG_SIGNATURE_TYPE": _WEAK,
    "TLSV1_UNRECOGNIZED_NAME": Words("the server knows no such host (SNI)", "is the host that of the ENT?"),
}  # fmt: skip
OF_CLIENT_CERTIFICATE: dict[str, Words] = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": Words("the server asks for a client certificate", _CLIENT),
    "TLSV1_ALERT_UNKNOWN_CA": _REFUSED, "SSLV3_ALERT_BAD_CERTIFICATE": _REFUSED, "TLSV1_ALERT_ACCESS_DENIED": _REFUSED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _REFUSED, "SSLV3_ALERT_CERTIFICATE_REVOKED": _REFUSED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _REFUSED, "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _REFUSED,
    "TLSV1_ALERT_DECRYPT_ERROR": _REFUSED,
}  # fmt: skip
_HUNG_UP = Words(
    "the server hung up in the middle of the handshake", "does it speak TLS at this port, and to this machine?"
)


def tls_failure(host: str, error: OSError) -> TlsFailed:
    """The failure of a handshake; its hint is the remedy."""
    words = _words(error)
    detail = f" ({error.verify_message})" if isinstance(error, ssl.SSLCertVerificationError) else ""
    return TlsFailed(f"{host}: {words.what}{detail}", hint=words.remedy)


def lost(host: str, error: OSError) -> ClientError:
    """The failure of a connection that was made.

    With TLS 1.3 a server says what it thinks of a client's certificate only after the handshake (RFC 8446, 4.4.2.4):
    that is a failure of TLS too.
    """
    reason = error.reason if isinstance(error, ssl.SSLError) else ""
    if reason in OF_CLIENT_CERTIFICATE:
        return tls_failure(host, error)
    return ConnectionLost(f"the connection was lost: {error}")


def _words(error: OSError) -> Words:
    if isinstance(error, ssl.SSLCertVerificationError):
        return OF_CERTIFICATE.get(error.verify_code) or Words("the server's certificate is not valid", "")
    if isinstance(error, ssl.SSLEOFError) or not isinstance(error, ssl.SSLError):
        return _HUNG_UP
    reason = error.reason or ""
    return OF_HANDSHAKE.get(reason) or OF_CLIENT_CERTIFICATE.get(reason) or Words(str(error), "")

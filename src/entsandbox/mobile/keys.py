"""The provider's signing key, and the identity tokens it signs.

RS256, since that is what a client expects that was told nothing else (OpenID Connect Core, 2). The library is
loaded with the first key, so that a sandbox without mobile users does without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joserfc.jwk import KeyParameters

_BITS = 2048
_PARAMETERS: KeyParameters = {"use": "sig", "alg": "RS256"}


class SigningKey:
    """One RSA key, given in PEM."""

    def __init__(self, pem: str) -> None:
        from joserfc.jwk import RSAKey

        self._key = RSAKey.import_key(pem, parameters=_PARAMETERS)
        self._key.ensure_kid()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A signed token of these claims."""
        from joserfc import jwt

        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, dict(claims), self._key)

    def public_keys(self) -> dict[str, Any]:
        """The key set (RFC 7517) that clients check signatures with."""
        return {"keys": [dict(self._key.as_dict(private=False))]}


def new_key() -> str:
    """A key that nobody has had before, in PEM."""
    from joserfc.jwk import RSAKey

    return RSAKey.generate_key(_BITS).as_pem(private=True).decode()

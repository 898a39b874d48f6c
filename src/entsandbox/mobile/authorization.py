"""What an app asks of the authorization endpoint, and what is wrong with it (RFC 6749, RFC 7636, RFC 9700)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

OPENID, PROFILE, OFFLINE, READ, WRITE = "openid", "profile", "offline_access", "skoapp.read", "skoapp.write"
SCOPES = (OPENID, PROFILE, OFFLINE, READ, WRITE)
_CLIENT = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_LONGEST = 500
_METHOD = {"response_type": "code", "code_challenge_method": "S256"}


class Unredirectable(Exception):  # it is the page that says so
    """A request whose answer may not go to the address it names: app or address unknown."""


class AuthorizationError(Exception):
    """A request that is answered at the app's address, with an error code of RFC 6749."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """One request that can be granted; its fields are the names of the parameters."""

    client_id: str
    redirect_uri: str
    scope: str
    code_challenge: str
    state: str = ""
    nonce: str = ""
    prompt: str = ""

    def address(self, base: str) -> str:
        """The address that carries it through the sign-on and back; the same fields give the same address."""
        carried = {name: value for name, value in asdict(self).items() if value and name != "prompt"}
        return f"{base}?{urlencode(carried | _METHOD)}"

    def back(self, **parameters: str) -> str:
        """The app's address with an answer in it, and the app's own state."""
        said = parameters | ({"state": self.state} if self.state else {})
        joint = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{joint}{urlencode(said)}"


def read_client(parameters: Mapping[str, str], redirects: Collection[str]) -> tuple[str, str]:
    """The app and the address it may be answered at, compared letter by letter. Raises Unredirectable."""
    client, redirect = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    if not _CLIENT.fullmatch(client):
        raise Unredirectable("L'application qui vous envoie ne dit pas qui elle est.")
    if redirect not in redirects:
        raise Unredirectable("L'adresse de retour n'est pas connue de l'ENT.")
    return client, redirect


def read_request(parameters: Mapping[str, str], client: str, redirect: str) -> AuthorizationRequest:
    """What is asked for. PKCE with S256 is demanded of everyone: an app on a phone keeps no secret.

    Raises AuthorizationError.
    """
    given = {name: parameters.get(name, "") for name in ("state", "nonce", "prompt")}
    scope = granted_scope(parameters.get("scope", ""))
    challenge = parameters.get("code_challenge", "")
    if parameters.get("response_type", "") != "code":
        raise AuthorizationError("unsupported_response_type", "the response_type is code")
    if any(len(value) > _LONGEST or not value.isprintable() for value in given.values()):
        raise AuthorizationError(
            "invalid_request", f"state and nonce have at most {_LONGEST} characters, all printable"
        )
    if parameters.get("code_challenge_method", "") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise AuthorizationError("invalid_request", "a code_challenge by the method S256 is needed")
    return AuthorizationRequest(client, redirect, scope, challenge, **given)


def granted_scope(asked: str) -> str:
    """The scopes known here of those asked for, in one order. Raises AuthorizationError without `openid`."""
    wanted = set(asked.split())
    if OPENID not in wanted:
        raise AuthorizationError("invalid_scope", "the scope openid is needed")
    return " ".join(scope for scope in SCOPES if scope in wanted)


def narrowed(asked: str, granted: str) -> str | None:
    """The scope of a renewed token: what was granted, or the part of it asked for; none when it is more."""
    if not asked:
        return granted
    held = {right for right in (READ, WRITE) if allows(granted, right)} | set(granted.split())
    return " ".join(scope for scope in SCOPES if scope in asked.split()) if set(asked.split()) <= held else None


def allows(scope: str, right: str) -> bool:
    """Whether a token of this scope may read or write: `openid` alone is the app's whole right."""
    held = scope.split()
    return right in held or (OPENID in held and READ not in held and WRITE not in held)


def proves(verifier: str, challenge: str) -> bool:
    """Whether a verifier is the one of a challenge by S256: BASE64URL(SHA256(verifier))."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return secrets.compare_digest(made, challenge.encode())

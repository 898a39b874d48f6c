"""One HTTP call of a measure's, under the run's policy; secrets come from the environment."""

from __future__ import annotations

import json
import os
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from entsurge.client.failure import ClientError, NotAllowed, TlsFailed
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from entsurge.client.access import Access
    from entsurge.client.response import Response

CALL_SECONDS = 5.0
MOST_SAID = 2000  # bytes of an answer's reason
LARGEST = 1_000_000  # bytes of an answer
REFUSED = frozenset({400, 401, 403, 404, 405})  # a server that answers so has done nothing


class NothingSent(EntsurgeError):
    """The call cannot have had any effect: it never reached the target, or was refused there."""


def call(method: str, url: str, body: bytes | None, headers: dict[str, str], access: Access) -> Response:
    """Send it to an allowed host or to loopback, and follow where it leads, a token never to another origin.

    Returns the last answer. Raises EntsurgeError with the status or the reason; NothingSent where nothing can have come
    of it.
    """
    if not url.startswith(("http://", "https://")):
        raise NothingSent(f"{url}: expected http:// or https://")
    client, ends = access.blocking(loopback=True), monotonic() + CALL_SECONDS
    try:
        first = client.request(method, url, headers=headers, body=body, deadline_seconds=CALL_SECONDS, largest=LARGEST)
    except ClientError as error:
        kind = NothingSent if isinstance(error, TlsFailed) or not client.sent else EntsurgeError
        raise kind(_failed(method, url, error)) from None
    try:
        answer = client.follow(first, deadline_seconds=ends - monotonic(), largest=LARGEST)
    except ClientError as error:
        raise EntsurgeError(_failed(method, url, error)) from None
    if answer.status >= 300:
        said = _of_the_token(headers) if answer.status in (401, 403) else _said(answer)
        kind = NothingSent if answer is first and answer.status in REFUSED else EntsurgeError
        raise kind(f"the target answered {answer.status} to {method} {url}{said}")
    return answer


def unreachable(url: str, access: Access) -> str:
    """Why nobody can be asked at this address; empty where somebody answers HEAD /, which changes nothing."""
    if not url.startswith(("http://", "https://")):
        return f"{url}: expected http:// or https://"
    root = urljoin(url, "/")
    try:
        access.blocking(loopback=True).request("HEAD", root, deadline_seconds=CALL_SECONDS, largest=LARGEST)
    except ClientError as error:
        return _failed("HEAD", root, error)
    return ""


def _failed(method: str, url: str, error: ClientError) -> str:
    if isinstance(error, NotAllowed):
        return f"{method} {url}: {error}: a measure speaks to loopback and to the target's `hosts` alone"
    return f"{method} {url}: {error.said}"


def _of_the_token(headers: dict[str, str]) -> str:
    """What to look at when a call is refused for who sends it."""
    return " (is the token right?)" if "Authorization" in headers else " (no token was sent: is its variable set?)"


def _said(answer: Response) -> str:
    """What an API says is wrong, where it says so in the usual way: {"error": "..."}."""
    try:
        found = json.loads(answer.body[:MOST_SAID])
    except (ClientError, ValueError):
        return ""
    said = found.get("error") if isinstance(found, dict) else None
    return f": {said}" if isinstance(said, str) else ""


def bearer(variable: str) -> dict[str, str]:
    """The header of the token in this variable; none without one."""
    token = os.environ.get(variable, "")
    return {"Authorization": f"Bearer {token}"} if token else {}

"""One HTTP call of a measure's, with the standard library; secrets come from the environment."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request

from entsurge.errors import EntsurgeError

CALL_SECONDS = 5.0
MOST_SAID = 2000  # bytes of an answer's reason


def call(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> None:
    """Send it. Raises EntsurgeError with the status or the reason."""
    if not url.startswith(("http://", "https://")):
        raise EntsurgeError(f"{url}: expected http:// or https://")
    asked = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310  http(s): see above
    try:
        with urllib.request.urlopen(asked, timeout=CALL_SECONDS):  # noqa: S310  http(s): see above
            return
    except urllib.error.HTTPError as error:
        with error:
            said = _said(error.read(MOST_SAID))
        hint = " (is the token right?)" if error.code in (401, 403) else said
        raise EntsurgeError(f"the target answered {error.code} to {method} {url}{hint}") from None
    except OSError as error:
        raise EntsurgeError(f"{method} {url}: {error}") from None


def _said(body: bytes) -> str:
    """What an API says is wrong, where it says so in the usual way: {"error": "..."}."""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    said = found.get("error") if isinstance(found, dict) else None
    return f": {said}" if isinstance(said, str) else ""


def bearer(variable: str) -> dict[str, str]:
    """The header of the token in this variable; none without one."""
    token = os.environ.get(variable, "")
    return {"Authorization": f"Bearer {token}"} if token else {}

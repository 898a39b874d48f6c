"""Which targets may be loaded: loopback only, until a target file says who authorised more."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from entsurge.errors import UsageError


def loopback(url: str) -> None:
    """Raise UsageError unless the URL is http(s) on a loopback address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--target {url}: expected a URL such as http://127.0.0.1:8080")
    try:
        local = parts.hostname == "localhost" or ip_address(parts.hostname).is_loopback
    except ValueError:
        local = False
    if not local:
        raise UsageError(
            f"--target {url}: only loopback addresses are loaded", hint="try the embedded ENT: entsurge sandbox"
        )

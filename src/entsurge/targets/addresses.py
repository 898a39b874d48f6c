"""The addresses that a target file names besides its URL: where something of the ENT is known to listen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.targets.file import Target

_ORIGIN = re.compile(r"https?://[^\s/?#@{}\"']+")


def addresses(target: Target) -> list[str]:
    """Of schools' portals, of the app, of the sign-ons', and of hosts named with a port (https); without paths."""
    hosts = target.file.all_hosts
    app = target.file.app
    written = [target.file.sign_on, app.url if app else None, app.sign_on if app else None]
    signs_on = [url for each in written for url in _urls(each) if (urlsplit(url).hostname or "") in hosts]
    return [
        *target.portals.values(),
        *signs_on,
        *(f"https://{host}" for host in target.file.hosts if host.count(":") == 1),
    ]


def _urls(written: object) -> Iterator[str]:
    """Every address that stands in a table."""
    if isinstance(written, dict):
        written = list(written.values())
    if isinstance(written, str):
        yield from _ORIGIN.findall(written)
    elif isinstance(written, (list, tuple)):
        for each in written:
            yield from _urls(each)

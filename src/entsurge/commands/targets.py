"""Which targets may be loaded: loopback by its URL; anything else by a target file that says who authorised it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from entsurge.drivers import registry
from entsurge.errors import UsageError
from entsurge.said import said
from entsurge.targets import file as targets

if TYPE_CHECKING:
    from entsurge.client.tls import Http


@dataclass(frozen=True)
class Chosen:
    """What `--target` and `--driver` come to: where, by which driver, by which target file if any, over which HTTP.

    `name` is what reports call the target: that of its file, else host and port. `has_app`: visits can come by an app.
    """

    url: str
    driver: str
    name: str
    file: str = ""
    production: bool = False
    http: Http = "auto"
    has_app: bool = False


def choose(target: str, driver: str | None = None) -> Chosen:
    """The target that the options name: a URL on loopback, or a target file. Raises UsageError."""
    if "://" in target:
        loopback(target)
        driver = driver or "portal"
        return Chosen(target, driver, targets.host_and_port(target), has_app=driver in registry.APPS)
    found = targets.load(Path(target))
    return Chosen(
        found.file.url, driver or found.driver, found.name, target, found.file.production, found.file.http,
        has_app=bool(found.app_driver),
    )  # fmt: skip


def loopback(url: str) -> None:
    """Raise UsageError unless the URL is http(s) on a loopback address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(said("--target {url}: expected a URL such as http://127.0.0.1:8080", url=url))
    if not targets.is_loopback(parts.hostname):
        raise UsageError(
            said("--target {url}: only loopback addresses are loaded without a target file", url=url),
            hint="docs/target-files.md says how to write one; or try the embedded ENT: entsurge sandbox",
        )

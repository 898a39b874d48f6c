"""Pushes a run's metrics to a Prometheus Pushgateway, for runs that are over before anybody scrapes them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from prometheus_client.exposition import push_to_gateway

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

JOB = "entsurge"
SECONDS_TO_ANSWER = 5.0


class PushFailed(Exception):
    """The gateway did not take the metrics; a run goes on without."""


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the metrics go where the operator said, or nowhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """None, which makes the redirect an error."""
        return


def checked(url: str) -> tuple[str, int]:
    """Host and port of a gateway's URL. Raises UsageError for what is none."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or not port or parts.username or parts.query:
        raise UsageError(f"--push-gateway {url}: expected a URL such as http://127.0.0.1:9091")
    return parts.hostname, port


def push(url: str, registry: CollectorRegistry, run: str) -> None:
    """Replace what the gateway holds of this run (`job="entsurge", run=<its name>`). Raises PushFailed."""
    try:
        push_to_gateway(
            url.rstrip("/"), JOB, registry, grouping_key={"run": run}, timeout=SECONDS_TO_ANSWER, handler=_handler
        )
    except (OSError, ValueError) as error:
        raise PushFailed(f"{url}: {getattr(error, 'reason', None) or error}") from None


def _handler(
    url: str, method: str, timeout: float | None, headers: list[tuple[str, str]], data: bytes
) -> Callable[[], None]:
    """Sends one push: no proxy of the environment, no redirect."""

    def send() -> None:
        request = Request(url, data=data, method=method, headers=dict(headers))  # noqa: S310  http(s): see `checked`
        with build_opener(ProxyHandler({}), _Stay()).open(request, timeout=timeout) as answer:
            answer.read()

    return send

"""Pushes a run's metrics to a Prometheus Pushgateway, for runs that are over before anybody scrapes them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from prometheus_client.exposition import push_to_gateway

from entsurge.client.failure import ClientError
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

    from entsurge.client.blocking import BlockingClient

JOB = "entsurge"
SECONDS_TO_ANSWER = 5.0


class PushFailed(Exception):
    """The gateway did not take the metrics; a run goes on without."""


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


def push(url: str, client: BlockingClient, registry: CollectorRegistry, run: str) -> None:
    """Replace what the gateway holds of this run (`job="entsurge", run=<its name>`). Raises PushFailed.

    No redirect is followed: the metrics go where the operator said, or nowhere.
    """

    def handler(
        url: str, method: str, timeout: float | None, headers: list[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        return lambda: _send(client, url, method, timeout or SECONDS_TO_ANSWER, headers, data)

    try:
        push_to_gateway(
            url.rstrip("/"), JOB, registry, grouping_key={"run": run}, timeout=SECONDS_TO_ANSWER, handler=handler
        )
    except ClientError as error:
        raise PushFailed(f"{url}: {error.said}") from None


def _send(
    client: BlockingClient, url: str, method: str, seconds: float, headers: list[tuple[str, str]], data: bytes
) -> None:
    answer = client.request(method, url, headers=dict(headers), body=data, deadline_seconds=seconds)
    if not 200 <= answer.status < 300:
        raise PushFailed(f"{url}: answered {answer.status}")

"""What the live services say of themselves, for Prometheus."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge


class LiveMeters:
    """Sockets, people, messages and media bytes; `direction` is seen from the sandbox."""

    def __init__(self, registry: CollectorRegistry) -> None:
        together: dict[str, Any] = {"registry": registry, "multiprocess_mode": "livesum"}
        self.sockets = Gauge("entsandbox_live_sockets", "WebSockets open.", ("service",), **together)
        self.waiting = Gauge("entsandbox_live_waiting", "People in waiting rooms.", ("service",), **together)
        self.seconds = Counter("entsandbox_live_seconds", "Seconds of people inside.", ("service",), registry=registry)
        self.messages = Counter(
            "entsandbox_live_messages", "Messages in JSON.", ("service", "direction"), registry=registry
        )
        media = Counter("entsandbox_live_media_bytes", "Bytes of media chunks.", ("direction",), registry=registry)
        self.media_in, self.media_out = media.labels("in"), media.labels("out")
        self.dropped = Counter(
            "entsandbox_live_dropped_chunks", "Media chunks not sent to people whose line was full.", registry=registry
        )
        self.refused = Counter(
            "entsandbox_live_refused", "Sockets refused or closed, and why.", ("service", "reason"), registry=registry
        )

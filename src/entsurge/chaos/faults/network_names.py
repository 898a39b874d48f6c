"""Names do not resolve: questions to name servers get no answer."""

from typing import ClassVar

from pydantic import Field

from entsurge.chaos.nft import NetworkFault


class NetworkNames(NetworkFault):
    """Everything to and from port 53 (or `ports`) is dropped, UDP and TCP."""

    kind: ClassVar[str] = "network-names"
    ports: list[int] = Field(default_factory=lambda: [53])
    protocols: ClassVar[tuple[str, ...]] = ("udp", "tcp")

    def verdict(self) -> tuple[str, str]:
        """Dropped."""
        return "", "drop"

"""Connections are refused: nobody listens there any more."""

from typing import ClassVar

from entsurge.chaos.nft import NetworkFault


class NetworkReject(NetworkFault):
    """Every packet is answered with a reset."""

    kind: ClassVar[str] = "network-reject"

    def verdict(self) -> tuple[str, str]:
        """A reset, but for what is one: our own resets must get through."""
        return "tcp flags & rst == 0", "reject with tcp reset"

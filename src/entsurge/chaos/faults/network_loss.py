"""Packets are lost: the network of a school that is too narrow, or a bad line."""

from typing import Annotated, ClassVar

from pydantic import Field

from entsurge.chaos.nft import NetworkFault


class NetworkLoss(NetworkFault):
    """`percent` of the packets are dropped."""

    kind: ClassVar[str] = "network-loss"
    percent: Annotated[float, Field(gt=0, le=100)]

    def verdict(self) -> tuple[str, str]:
        """Dropped by chance."""
        return f"numgen random mod 10000 < {round(self.percent * 100)}", "drop"

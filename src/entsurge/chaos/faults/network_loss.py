"""Packets are lost: the network of a school that is too narrow, or a bad line."""

from typing import Annotated, ClassVar

from pydantic import Field

from entsurge.chaos.nft import NetworkFault


class NetworkLoss(NetworkFault):
    """`percent` of the packets are dropped."""

    kind: ClassVar[str] = "network-loss"
    percent: Annotated[float, Field(gt=0, le=100)]

    def verdict(self) -> tuple[str, str]:
        """Dropped by chance; all of them without one."""
        of_ten_thousand = round(self.percent * 100)
        return f"numgen random mod 10000 < {of_ten_thousand}" if of_ten_thousand < 10_000 else "", "drop"

"""A line has so many kilobytes a second: what comes beyond is dropped."""

from typing import Annotated, ClassVar

from pydantic import Field

from entsurge.chaos.nft import NetworkFault


class NetworkRate(NetworkFault):
    """At most `kbytes_per_second` in each direction."""

    kind: ClassVar[str] = "network-rate"
    kbytes_per_second: Annotated[int, Field(ge=1)]

    def verdict(self) -> tuple[str, str]:
        """Dropped beyond the rate."""
        return f"limit rate over {self.kbytes_per_second} kbytes/second", "drop"

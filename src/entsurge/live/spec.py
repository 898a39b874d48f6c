"""What the live page's process is told: one JSON argument. The operator's token travels in the environment."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

TOKEN = "ENTSURGE_LIVE_TOKEN"  # noqa: S105  the variable's name


@dataclass(frozen=True)
class LiveSpec:
    """Which run, or folder of several days, and where the page is served; without a certificate, over plain HTTP."""

    folder: str
    host: str
    port: int
    certificate: str = ""
    key: str = ""

    def to_json(self) -> str:
        """The specification as one line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> LiveSpec:
        """The specification that such a line stands for."""
        return LiveSpec(**json.loads(text))

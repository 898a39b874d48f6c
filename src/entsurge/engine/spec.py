"""What the engine's process is told: one JSON argument. Secrets travel in the environment, never here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

ADMIN_TOKEN = "ENTSURGE_ADMIN_TOKEN"  # noqa: S105  the variable's name


@dataclass(frozen=True)
class RunSpec:
    """One run: profile with overrides, target, perturbations, where the run directory goes, who offers it.

    `processes` are started here; `workers` are waited for from elsewhere, at `bind`; with one process and no worker
    the engine itself offers the plan. `target_name` is what reports call a target that has no file. With an edge of
    ours in front of the target, `edge` says where it stands for each origin (client/connect_to.py) and
    `edge_authority` is the file of who vouches for it; `control_share` of the visits are left alone by faults there.
    """

    profile: str
    url: str
    out: str
    name: str = ""
    overrides: dict[str, Any] = field(default_factory=dict)
    chaos: list[str] = field(default_factory=list)
    scenarios: dict[str, str] = field(default_factory=dict)
    driver: str = "portal"
    target: str = ""  # the target file; without one, only loopback is spoken to
    target_name: str = ""
    exporter_port: int = 9646
    exporter_host: str = "127.0.0.1"
    push_gateway: str = ""
    web_port: int = 0
    scrape: list[dict[str, Any]] = field(default_factory=list)  # {url, series}: the target's own metrics
    sources: list[str] = field(default_factory=list)
    processes: int = 1
    workers: int = 0
    bind: str = "127.0.0.1:5557"
    progress: bool = True
    edge: list[str] = field(default_factory=list)
    edge_authority: str = ""
    control_share: float = 0.0

    def to_json(self) -> str:
        """The specification as one line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> RunSpec:
        """The specification that such a line stands for."""
        return RunSpec(**json.loads(text))

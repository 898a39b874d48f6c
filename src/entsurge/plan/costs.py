"""What a visit costs the generator's own machine, as `benchmarks/visit_cost.py` measured it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from entsurge import content
from entsurge.config_file import check
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

Protocol = Literal["http", "https-http1", "https-http2"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
HINT = "benchmarks/visit_cost.py measures and writes the file"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Measured(BaseModel):
    """Written by a benchmark, which may keep more in it than is needed here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ProtocolCosts(_Measured):
    """Of one protocol: µs of processor for a request and for a new connection, kB of memory for a visitor."""

    request_us: Positive
    connection_us: Positive
    visitor_kb: Positive


class Costs(_Measured):
    """What was measured, on which machine and day; `idle_share` is of a core, `process_mb` of a process at rest."""

    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    machine: Annotated[str, Field(min_length=1)]
    idle_share: Annotated[float, Field(ge=0, lt=0.5)]
    process_mb: Positive
    protocols: dict[Protocol, ProtocolCosts]

    @field_validator("protocols")
    @classmethod
    def _are_all(cls, found: dict[Protocol, ProtocolCosts]) -> dict[Protocol, ProtocolCosts]:
        missing = [name for name in PROTOCOLS if name not in found]
        if missing:
            raise ValueError(f"missing: {', '.join(missing)}")
        return found


def load_costs(path: Path | None = None) -> Costs:
    """The costs of this file, else the shipped ones. Raises UsageError with every fault of the file."""
    path = path or content.root("benchmarks/results") / "costs.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no costs: {error}", hint=HINT) from None
    return check(Costs, raw, path, HINT)

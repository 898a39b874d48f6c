"""The one serializer of findings: JSON out, JSON in, and the schemas of what is published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from entsurge.findings.brief import Brief
from entsurge.findings.budget import ErrorBudget
from entsurge.findings.capacity import CapacityReport
from entsurge.findings.comparison import ComparisonReport
from entsurge.findings.gate import GateReport
from entsurge.findings.measures import MeasuresReport
from entsurge.findings.report import Report
from entsurge.findings.sweep import SweepReport
from entsurge.findings.verdict import Concluded

if TYPE_CHECKING:
    from collections.abc import Mapping

Found = TypeVar("Found")
PUBLISHED: Mapping[str, type[Any]] = {
    "brief": Brief, "budget": ErrorBudget, "capacity": CapacityReport, "comparison": ComparisonReport,
    "gate": GateReport,
    "measures": MeasuresReport, "report": Report, "sweep": SweepReport, "verdict": Concluded,
}  # fmt: skip
"""What is published, by the name of its schema under docs/schemas/."""


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """One for each kind: making it takes longer than what it is made for."""
    return _ADAPTERS.setdefault(kind, _ADAPTERS.get(kind) or TypeAdapter(kind))


def as_line(found: object) -> bytes:
    """Findings as JSON in UTF-8 without blanks; what is infinite or not a number is null, no half of a pair stays."""
    adapter = _adapter(type(found))
    try:
        return adapter.dump_json(found)
    except PydanticSerializationError:  # half a surrogate pair, which UTF-8 has not
        text = json.dumps(adapter.dump_python(found), ensure_ascii=False)
        plain = json.loads(text.encode("utf-8", "replace"))
        return adapter.dump_json(adapter.validate_python(plain))


def as_data(found: object) -> Any:
    """Findings as plain data: dictionaries, lists, texts, numbers."""
    return json.loads(as_line(found))


def as_json(found: object) -> str:
    """Findings as JSON, indented, with a line's end at the end."""
    return _indented(as_data(found))


def from_line(kind: type[Found], text: bytes) -> Found:
    """What `as_line` wrote. Raises ValueError for anything else."""
    found: Found = _adapter(kind).validate_json(text)
    return found


def schema(name: str) -> dict[str, Any]:
    """The JSON schema of a published document, as it is written."""
    return _adapter(PUBLISHED[name]).json_schema(mode="serialization")


def schema_text(name: str) -> str:
    """The schema as it is published."""
    return _indented(schema(name))


def _indented(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"

"""Load testing and resilience for ENTs, the digital workspaces of French schools.

What notebooks and scenarios import is loaded when it is asked for: `import entsurge` alone loads nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entsurge.analysis.notebook.comparison import compare
    from entsurge.analysis.notebook.plan import Plan
    from entsurge.analysis.notebook.run import Run
    from entsurge.scenario import Visitor, journey

__all__ = ["Plan", "Run", "Visitor", "compare", "journey"]
__version__ = "0.1.0"

_FROM = {
    "Plan": "entsurge.analysis.notebook.plan",
    "Run": "entsurge.analysis.notebook.run",
    "compare": "entsurge.analysis.notebook.comparison",
    "Visitor": "entsurge.scenario",
    "journey": "entsurge.scenario",
}


def __getattr__(name: str) -> Any:
    """What a notebook or a scenario asks for, loaded now: pandas for the first, Locust for the second."""
    if name not in _FROM:
        raise AttributeError(f"module 'entsurge' has no attribute {name!r}")
    found = getattr(import_module(_FROM[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """What there is, whether loaded or not."""
    return sorted({*globals(), *__all__})

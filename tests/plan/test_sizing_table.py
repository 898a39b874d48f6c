"""The sizing table of docs/workers.md is what the shipped costs make."""

from pathlib import Path

import pytest

from entsurge.plan.costs import load_costs
from entsurge.plan.sizing_table import replaced

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "workers.md"


def test_the_table_is_what_the_costs_make() -> None:
    """New costs or another model: `python -m entsurge.plan.sizing_table docs/workers.md` makes it anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == replaced(text, load_costs())


def test_the_costs_that_are_shipped_were_measured() -> None:
    """A machine and a day stand in them, and every figure is one that a benchmark can have written."""
    costs = load_costs()
    assert "placeholder" not in costs.machine
    assert costs.idle_share < 0.02
    assert all(10 < each.request_us < each.connection_us < 10_000 for each in costs.protocols.values())


def test_a_table_is_found_by_its_marks() -> None:
    """A document without them is refused rather than emptied."""
    with pytest.raises(ValueError, match="end of sizing"):
        replaced("# No table here\n", load_costs())

"""A run's pages and visits one by one, as pandas has them; unlike the rest, their size grows with the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

    from entsurge.record.reading.run import Run

TOLD = ("persona", "group", "service", "page", "phase", "timing", "outcome", "device")


def pages(run: Run, *, first_attempts: bool = True) -> pd.DataFrame:
    """Every histogram row of a page: second, bucket, count, and what its key means (TOLD)."""
    series = run.series
    chosen = series.chosen(first_attempts=first_attempts, kind="page")
    parts = [
        pd.DataFrame({"second": rows.second, "key": rows.key, "bucket": rows.bucket, "count": rows.times})
        for rows in series.rows(chosen)
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["second", "key", "bucket", "count"])
    of = found.pop("key").to_numpy(np.int64)
    told: dict[str, Any] = {
        name: np.array([getattr(each, name, "") for each in series.keys], object)[of] if len(of) else []
        for name in TOLD
    }
    return found.assign(**told)


def visits(run: Run) -> pd.DataFrame:
    """Every visit of the plan with all its columns (docs/run-directory.md)."""
    return _frame(run.visit_tables())


def window_visits(run: Run) -> pd.DataFrame:
    """The visits due in the window, with all their columns."""
    every = visits(run)
    found: pd.DataFrame = every[every["phase"] == run.window["name"]]
    return found


def retries(run: Run) -> pd.DataFrame:
    """The attempts after the first, with the visits' columns and `attempt`; empty where nobody came back."""
    return _frame(run.visit_tables(retries=True))


def _frame(tables: list[pa.Table]) -> pd.DataFrame:
    found: pd.DataFrame = pd.concat([each.to_pandas() for each in tables], ignore_index=True)
    return found

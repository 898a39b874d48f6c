"""A run's histogram rows told apart by page, added up in pieces: memory depends on the pages, not on how much came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from entsurge.record.reading.stream import ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from entsurge.record.reading.run import Run
    from entsurge.record.reading.series import Entry

TOLD = ("persona", "service", "page", "timing", "outcome")


def page_rows(run: Run, phase: str, *, at_once: int = ROWS) -> pd.DataFrame:
    """The pages of one phase, first attempts alone.

    Columns: persona, service, page, timing, outcome, bucket, and how often it occurred in all.
    """
    series = run.series
    rows = series.sums(series.chosen(kind="page", phase=phase), at_once)
    columns: dict[str, Any] = {name: _column(series.keys, rows.key, name) for name in TOLD}
    return pd.DataFrame(columns | {"bucket": rows.bucket, "count": rows.times})


def _column(keys: tuple[Entry | None, ...], of: NDArray[np.int64], name: str) -> pd.Categorical:
    """One trait of each row's key."""
    texts = ["" if key is None else str(getattr(key, name)) for key in keys]
    words: Any = list(dict.fromkeys(texts))
    numbers = {word: number for number, word in enumerate(words)}
    number_of_key = np.array([numbers[text] for text in texts], np.int64)
    codes: Any = number_of_key[of] if texts else of
    return pd.Categorical.from_codes(codes, words)

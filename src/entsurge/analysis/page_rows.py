"""A run's histogram rows told apart by page, added up in pieces: memory depends on the pages, not on how much came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from entsurge.analysis.stream import ROWS, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from entsurge.analysis.run import Run

TOLD = ("persona", "service", "page", "timing", "outcome")
BUCKETS = 1 << 16


def page_rows(run: Run, phase: str, *, at_once: int = ROWS) -> pd.DataFrame:
    """The pages of one phase: persona, service, page, timing, outcome, bucket, and how often it occurred in all."""
    keys = _keys(run, phase)
    wanted = np.array([key is not None for key in keys], bool)
    codes, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for piece in pieces(run.path / "series.arrows", ("key", "bucket", "count"), [], at_once):
        key, bucket, count = (piece.column(name).to_numpy().astype(np.int64) for name in ("key", "bucket", "count"))
        known = (key >= 0) & (key < len(wanted)) & (bucket >= 0) & (bucket < BUCKETS)
        chosen = known & wanted[np.where(known, key, 0)] if len(wanted) else np.zeros(len(key), bool)
        codes, counts = _added(codes, counts, key[chosen] * BUCKETS + bucket[chosen], count[chosen])
    of = codes // BUCKETS
    columns: dict[str, Any] = {name: _column(keys, of, name) for name in TOLD}
    return pd.DataFrame(columns | {"bucket": codes % BUCKETS, "count": counts})


def _keys(run: Run, phase: str) -> list[dict[str, str] | None]:
    """The entry of each key that is a page of this phase, else None; what cannot be read has been said by the run."""
    try:
        found = json.loads((run.path / "keys.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    described = found if isinstance(found, list) else []
    return [
        each if isinstance(each, dict) and each.get("kind") == "page" and each.get("phase") == phase else None
        for each in described
    ]


def _added(
    codes: NDArray[np.int64], counts: NDArray[np.int64], more: NDArray[np.int64], of_more: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct codes in order, with the sums of their counts."""
    whole, place = np.unique(np.concatenate([codes, more]), return_inverse=True)
    sums = np.bincount(place, np.concatenate([counts, of_more]), minlength=len(whole))
    return whole, sums.astype(np.int64)


def _column(keys: list[dict[str, str] | None], of: NDArray[np.int64], name: str) -> pd.Categorical:
    """One trait of each row's key."""
    texts = [str((key or {}).get(name, "")) for key in keys]
    words: Any = list(dict.fromkeys(texts))
    numbers = {word: number for number, word in enumerate(words)}
    number_of_key = np.array([numbers[text] for text in texts], np.int64)
    codes: Any = number_of_key[of] if texts else of
    return pd.Categorical.from_codes(codes, words)

"""How often `entsurge compare` cries wolf, and how often it finds a page that is a fifth slower; simulated runs.

40 pages, between-run deviation 3 %, half of it common to all pages of a run; 10 baselines and 3 candidates.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from entsurge.analysis.comparison import ALPHA, LEAST_EFFECT, hodges_lehmann, max_t

TRIALS, PAGES, BASELINES, CANDIDATES, DEVIATION = 200, 40, 10, 3, 0.03


def trial(seed: int, slower: float) -> tuple[bool, bool]:
    """Whether anything is said to have regressed, and whether the slower page is."""
    random = np.random.default_rng(seed)
    runs = BASELINES + CANDIDATES
    common = random.normal(0, DEVIATION / np.sqrt(2), (runs, 1))
    values = common + random.normal(0, DEVIATION / np.sqrt(2), (runs, PAGES))
    labels = np.arange(runs) >= BASELINES
    values[labels, 0] += np.log(slower)
    adjusted = max_t(values, labels)
    found = []
    for page in range(PAGES):
        shift = hodges_lehmann(values[labels, page].tolist(), values[~labels, page].tolist())
        beyond = adjusted[page] <= ALPHA and shift.low is not None and shift.low > 0
        found.append(beyond and np.exp(shift.estimate) >= 1 + LEAST_EFFECT)
    return any(found), bool(found[0])


def main() -> None:
    """Simulate and write the table."""
    alarms = sum(trial(seed, 1.0)[0] for seed in range(TRIALS))
    hits = sum(trial(10_000 + seed, 1.2)[1] for seed in range(TRIALS))
    text = (
        f"# {TRIALS} simulated comparisons, {PAGES} pages, {BASELINES} baselines and {CANDIDATES} candidates\n\n"
        "| | share |\n|---|--:|\n"
        f"| false alarms, nothing changed | {alarms / TRIALS:.1%} |\n"
        f"| one page a fifth slower, found | {hits / TRIALS:.1%} |\n"
    )
    print(text)
    (Path(__file__).parent / "results" / "false_alarms.md").write_text(text)


if __name__ == "__main__":
    main()

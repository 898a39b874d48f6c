"""How often a comparison cries wolf, and how often it finds one page of forty a fifth slower; whole simulated runs.

Every run has 40 pages with page views drawn from lognormal times, put into the record's own histogram buckets and read
back by the analysis's own quantiles, so that the noise of a p95 over few views is in it; then `compare`, as the gate
calls it. 10 baselines and 3 candidates. The variants say how a run differs from the next.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import options
import pandas as pd
from scipy.special import ndtr

from entsurge.analysis.comparison import compare
from entsurge.analysis.history import changes
from entsurge.analysis.measured import SAME, TOLD, Measured, of_pages
from entsurge.record.histogram import bucket, upper_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGES, BASELINES, CANDIDATES, SPREAD, FAILURES = 40, 10, 3, 0.5, 0.005
PLAN = dict.fromkeys((*SAME, *TOLD))
PLACES = np.arange(bucket(20_000), bucket(6_000_000), 16)  # every 16th bucket: to 1.6 %, little beside 3 %
UPPER_US = upper_ends(PLACES).astype(float)
NAMES = np.array([f"page-{number}" for number in range(PAGES)])


@dataclass(frozen=True)
class Variant:
    """How runs differ: deviation between runs, the share of its variance common to all pages, drift from run to run."""

    title: str
    views: int = 2000
    deviation: float = 0.03
    common: float = 0.0
    drift: float = 0.0


VARIANTS = (
    Variant("3 % between runs, each page by itself"),
    Variant("3 %, half of it common to all pages", common=0.5),
    Variant("3 %, all of it common to all pages", common=1.0),
    Variant("3 %, half common, only 200 views a page", views=200, common=0.5),
    Variant("10 %, half common", deviation=0.10, common=0.5),
    Variant("3 %, half common, and the platform drifts by 2 % a run", common=0.5, drift=0.02),
)


def _rows(served: np.ndarray, failed: np.ndarray) -> pd.DataFrame:
    """Rows as a run's pages have them; of service time one a page and outcome, since only its counts are looked at."""
    parts = []  # page, bucket, count, corrected or service, served or failed
    for outcome, counts in enumerate((served, failed)):
        page, place = np.nonzero(counts)
        parts.append((page, PLACES[np.minimum(place, len(PLACES) - 1)], counts[page, place], 0, outcome))
        parts.append((np.arange(PAGES), np.full(PAGES, PLACES[0]), counts.sum(axis=1), 1, outcome))
    page, place, count = (np.concatenate([part[at] for part in parts]) for at in range(3))
    timing, outcome_of = (np.concatenate([np.full(len(part[0]), part[at]) for part in parts]) for at in (3, 4))
    same = np.zeros(len(page), int)
    return pd.DataFrame({
        "persona": pd.Categorical.from_codes(same, ["student"]), "service": pd.Categorical.from_codes(same, ["home"]),
        "page": pd.Categorical.from_codes(page, NAMES), "bucket": place, "count": count,
        "timing": pd.Categorical.from_codes(timing, ["corrected", "service"]),
        "outcome": pd.Categorical.from_codes(outcome_of, ["ok", "failed"]),
    })  # fmt: skip


def simulated_run(
    random: np.random.Generator, variant: Variant, factors: np.ndarray, level: float, name: str
) -> Measured:
    """One run of 40 pages; `factors` by page, `level` common to all."""
    shared = random.normal(0, variant.deviation * np.sqrt(variant.common))
    own = random.normal(0, variant.deviation * np.sqrt(1 - variant.common), PAGES)
    medians = 0.3 * factors * np.exp(level + shared + own)
    below = ndtr(np.log(UPPER_US[None, :] / 1e6 / medians[:, None]) / SPREAD)
    counts = np.array([random.multinomial(variant.views, np.diff(line, prepend=0.0, append=1.0)) for line in below])
    failed = random.binomial(counts, FAILURES)
    return Measured(name, name, PLAN, *of_pages(_rows(counts - failed, failed), 95.0))


def simulated_runs(seed: int, variant: Variant, slower: float, count: int, changed: int) -> list[Measured]:
    """So many runs in order of time; the last `changed` with one page slower."""
    random = np.random.default_rng(seed)
    levels = np.cumsum(random.normal(0, variant.drift, count))
    runs = []
    for at in range(count):
        factors = np.ones(PAGES)
        factors[0] = slower if at >= count - changed else 1.0
        runs.append(simulated_run(random, variant, factors, float(levels[at]), f"run-{at:02}"))
    return runs


def alarm(runs: Sequence[Measured]) -> tuple[bool, bool]:
    """Whether the gate would fail, and whether the slower page is named."""
    found = compare(runs[:BASELINES], runs[BASELINES:])
    return found.worse, any(page.page == "page-0" for page in found.regressions)


def shares(variant: Variant, trials: int) -> tuple[float, float, float, float]:
    """False alarms and finds of the gate, false alarms and finds of the history."""
    whole, alarms, finds, dated, found = BASELINES + CANDIDATES, 0, 0, 0, 0
    for trial in range(trials):
        same = simulated_runs(trial, variant, 1.0, whole, CANDIDATES)
        alarms += alarm(same)[0]
        dated += bool(changes(same))
    changed = max(1, trials // 2)
    for trial in range(changed):
        slower = simulated_runs(100_000 + trial, variant, 1.2, whole, CANDIDATES)
        finds += alarm(slower)[1]
        found += any(each.page == "page-0" and each.position == BASELINES for each in changes(slower))
    return alarms / trials, finds / changed, dated / trials, found / changed


def main() -> None:
    """Simulate and write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--trials", type=int, default=200)
    given = options.read(parser, short={"trials": 1})
    trials = given.trials
    lines = [
        f"# Of {trials} simulated comparisons in which nothing changed, and {trials // 2} in which one page did", "",
        f"{PAGES} pages, {BASELINES} baselines, {CANDIDATES} candidates; 2,000 views a page and run unless said.", "",
        "| runs differ by | false alarms | a fifth slower: found | false change points | change dated to its run |",
        "|---|--:|--:|--:|--:|",
    ]  # fmt: skip
    found = []
    for variant in VARIANTS:
        found.append(shares(variant, trials))
        lines.append(f"| {variant.title} | " + " | ".join(f"{share:.1%}" for share in found[-1]) + " |")
        print(lines[-1], file=sys.stderr, flush=True)
    options.keep(given, "false_alarms.md", "\n".join(lines))
    if not found[0][1]:
        sys.exit("a page that is a fifth slower is found by nobody")


if __name__ == "__main__":
    main()

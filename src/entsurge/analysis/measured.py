"""What a run contributes to a comparison: one quantile and how many failed, per page and scope; which plan it followed.

A scope is everybody, a persona, or a persona on a service: `("*", "*", "*")`, `("parent", "*", "*")`,
`("parent", "marks", "*")`; its quantile is that of all its pages together, not one of the pages' quantiles.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from entsurge.analysis.page_rows import page_rows
from entsurge.analysis.quantiles import table
from entsurge.analysis.resilience import resilience
from entsurge.analysis.validity import broken, lights
from entsurge.errors import UsageError
from entsurge.findings.comparison import EVERYTHING
from entsurge.findings.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from entsurge.findings.perturbation import Resilience
    from entsurge.record.reading.run import Run

PAGE = ("persona", "service", "page")
FEWEST_PAGES = 20
SAME = ("profile", "scale", "compression", "window", "devices")
TOLD = ("kept_cache", "plan_digest", "target", "perturbations", "population", "objectives", "versions")
Page = tuple[str, str, str]


@dataclass(frozen=True)
class Measured:
    """One run, reduced to what is compared.

    `seconds` by page and `scopes` by scope are quantiles, where enough pages were served for one; `asked`, `failed` and
    `served` count pages, by page; `shed_share` and `failed_share` are shares of all of them. `resilience` is by fault.
    """

    name: str
    started_utc: str
    plan: dict[str, Any]
    seconds: dict[Page, float]
    asked: dict[Page, int]
    failed: dict[Page, int]
    failed_share: float
    shed_share: float
    scopes: dict[Page, float] = field(default_factory=dict)
    served: dict[Page, int] = field(default_factory=dict)
    unbelievable: tuple[Statement, ...] = ()
    resilience: dict[str, Resilience] = field(default_factory=dict)
    simulated: str = ""


def measured(run: Run, quantile: float = 95.0) -> Measured:
    """Reduce a run: the quantile of corrected latency of served pages in the judged window, warm-up apart."""
    told = run.manifest
    plan: dict[str, Any] = {name: told.get(name) for name in (*SAME, *TOLD)}
    plan |= _devices(told.get("devices"))
    plan["versions"] = told.get("versions", {}).get("entsurge")
    plan["target"] = told["target"].get("name") or told["target"]["url"]
    plan["perturbations"] = sorted(each["id"] for each in told["perturbations"])
    reduced = of_pages(page_rows(run, str(run.window["name"])), quantile)
    reasons = tuple(light.said for light in broken(lights(run)))
    if (run.finish or {}).get("end") != "completed":
        reasons = (Statement("not-to-its-end"), *reasons)
    return Measured(run.name, str(run.manifest.get("started_utc", "")), plan, *reduced, unbelievable=reasons,
                    resilience=resilience(run), simulated=run.simulated)  # fmt: skip


def _devices(told: Mapping[str, Any] | None) -> dict[str, Any]:
    """By which device who came, the app's share included, and how many browsers still had files of an earlier visit.

    None for both of a run without devices, such as those from before there were any.
    """
    if not told:
        return {"devices": None, "kept_cache": None}
    return {"devices": told.get("shares"), "kept_cache": told.get("kept_cache_percent")}


def of_pages(
    rows: pd.DataFrame, quantile: float
) -> tuple[dict[Page, float], dict[Page, int], dict[Page, int], float, float, dict[Page, float], dict[Page, int]]:
    """What `Measured` has from `seconds` to `served`, in that order, of rows as `page_rows` gives them."""
    corrected = rows[(rows["timing"] == "corrected") & (rows["outcome"] == "ok")]
    by_page = table(corrected, PAGE, quantile)
    seconds = {key: value for key, (value, count) in by_page.items() if count >= FEWEST_PAGES}
    service = rows[(rows["timing"] == "service") & (rows["outcome"] != "lost")]
    counted: Any = service.groupby([*PAGE, "outcome"], observed=True)["count"].sum() if len(service) else {}
    asked: dict[Page, int] = {}
    failed: dict[Page, int] = {}
    sums = {"failed": 0, "shed": 0, "ok": 0}
    for (persona, service_name, page, outcome), count in counted.items():
        key = (persona, service_name, page)
        asked[key] = asked.get(key, 0) + int(count)
        sums[outcome] += int(count)
        if outcome == "failed":
            failed[key] = int(count)
    whole = max(1, sum(sums.values()))
    shares = sums["failed"] / whole, sums["shed"] / whole
    served = {key: count for key, (_, count) in by_page.items()}
    return seconds, asked, failed, *shares, _scopes(corrected, quantile), served


def _scopes(corrected: pd.DataFrame, quantile: float) -> dict[Page, float]:
    """The quantile of everybody, each persona and each persona on each service, where enough pages were served."""
    of_all = corrected.assign(all=EVERYTHING)
    found = {}
    for by in (("all",), PAGE[:1], PAGE[:2]):
        for key, (value, count) in table(of_all, by, quantile).items():
            if count >= FEWEST_PAGES:
                persona, service, page = (*key, EVERYTHING, EVERYTHING)[:3]
                found[persona, service, page] = value
    return found


def scopes_of(page: Page) -> tuple[Page, Page, Page]:
    """The three scopes that a page belongs to: everybody, its persona, its persona on its service."""
    persona, service, _ = page
    return (EVERYTHING,) * 3, (persona, EVERYTHING, EVERYTHING), (persona, service, EVERYTHING)


def by_scope(counts: Mapping[Page, int]) -> dict[Page, int]:
    """Counts by page, added up by scope."""
    found: dict[Page, int] = defaultdict(int)
    for page, count in counts.items():
        for scope in scopes_of(page):
            found[scope] += count
    return dict(found)


def differences(runs: Sequence[Measured], *, enforce: bool = True) -> list[Statement]:
    """What differs between the runs' plans.

    Raises UsageError when profile, scale, compression, window or devices differ, unless that is not to be enforced.
    """
    found, refused = [], []
    for name in (*SAME, *TOLD):
        values = sorted({_shown(run.plan.get(name)) for run in runs})
        if len(values) < 2:
            continue
        short = all(len(value) < 60 for value in values)
        what = Statement(f"differs.{name}")
        found.append(Statement("differs-in", {"what": what, "values": " / ".join(values)}) if short else what)
        listed = ": " + " / ".join(values) if short else ""
        if name in SAME:
            refused.append(f"runs of different {name} are not compared{listed}")
    if refused and enforce:
        raise UsageError(
            "\n".join(refused),
            hint="only runs of one profile, scale, compression, window and devices say anything of each other",
        )
    return found


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values())
    return ", ".join(map(str, value)) or "–" if isinstance(value, list) else str(value)

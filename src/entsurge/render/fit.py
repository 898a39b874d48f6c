"""A fitted deployment in words: its values, what the runs cannot tell, and each run beside its simulation."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from entsurge.findings.statement import Statement
from entsurge.render.numbers import Numbers
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.findings.fit import Agreement, DeploymentFit, Fitted


def lines(fit: DeploymentFit, language: str) -> Iterator[str]:
    """Everything, a line each."""
    yield say(Statement("fit.from", {"n": len(fit.runs), "profile": fit.profile, "on": fit.target}), language)
    for value in fit.values:
        yield f"  {value_line(value, language)}"
    yield from untold_lines(fit, language)
    if fit.agreement:
        yield say(Statement("fit.beside"), language)
    for each in fit.agreement:
        yield f"  {_agreement(each, language)}"


def untold_lines(fit: DeploymentFit, language: str) -> Iterator[str]:
    """What these runs cannot tell apart."""
    yield say(Statement("fit.untold.head"), language)
    for each in fit.untold:
        yield f"  - {say(each, language)}"


def value_line(value: Fitted, language: str) -> str:
    """`pages.seconds = 0.25 (0.249 to 0.251): …`."""
    numbers, between = Numbers(language), ""
    if value.low is not None and value.high is not None:
        low, high = (_figure(each, numbers) for each in (value.low, value.high))
        code = "fit.seen" if value.seen else "fit.between"
        between = " " + say(Statement(code, {"low": low, "high": high}), language)
    return f"{value.key} = {value.text}{between}{say(Statement('fit.colon'), language)}{say(value.why, language)}"


def _figure(value: float, numbers: Numbers) -> str:
    """Three digits that count, as the language writes them."""
    written = format(Decimal(f"{value:.3g}").normalize(), "f")
    return numbers.number(float(written), len(written.partition(".")[2]))


def _agreement(each: Agreement, language: str) -> str:
    numbers = Numbers(language)

    def two(real: float, paper: float, digits: int) -> str:
        return f"{numbers.number(real, digits)} / {numbers.number(paper, digits)}"

    of: dict[str, int | str] = {
        "run": each.name, "n": each.pages, "median": two(each.p50_s, each.paper_p50_s, 3),
        "tail": two(each.p95_s, each.paper_p95_s, 3),
        "refused": two(each.refused_percent, each.paper_refused_percent, 1),
        "failed": two(each.failed_percent, each.paper_failed_percent, 1),
    }  # fmt: skip
    return say(Statement("fit.held", of), language)

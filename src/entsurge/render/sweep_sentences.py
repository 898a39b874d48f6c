"""What a sweep is said to have found: names of deployments, costs, head and lead, how it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.findings.perturbation import Estimate
from entsurge.render.effects import estimate
from entsurge.render.numbers import Numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from entsurge.findings.sweep import SweepReport, SweptCell

SERVED_PERCENT = 95.0
SHOWN = 3


class Sentences:
    """The sentences of one sweep in one language."""

    def __init__(self, data: SweepReport, words: Mapping[str, Any], language: str) -> None:
        self.data, self.words, self.language, self.numbers = data, words, language, Numbers(language)
        self.cells = {each.id: each for each in data.cells}

    # -- names ---------------------------------------------------------------------------------------------------------

    def measures(self, names: Sequence[str], hours: int = 0) -> str:
        """Measures as they are called, and whose day begins later."""
        titles = self.data.titles
        said = " + ".join(titles[name][self.language] if name in titles else name for name in names)
        later = self.words["later"].of(hours, who=self.personas(self.data.mover)) if hours else ""
        return str(" · ".join(filter(None, (said, later))) or self.words["none"])

    def personas(self, keys: Sequence[str]) -> str:
        """Personas in a sentence."""
        names = [self.words["whom"].get(each, each) for each in keys]
        return str(self.words["and"].join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names))

    def size(self, cell: SweptCell) -> str:
        """Nodes, and how many workers each has where that is swept."""
        nodes = self.numbers.count(self.words["counts_of"]["nodes"], cell.nodes)
        if "workers" not in self.data.swept:
            return nodes
        return f"{nodes} × {self.numbers.count(self.words['counts_of']['workers'], cell.workers)}"

    def cell(self, cell: SweptCell) -> str:
        """A deployment: its size and, where there are any, its measures."""
        more = self.measures(cell.measures, cell.hours) if cell.measures or cell.hours else ""
        return " · ".join(filter(None, (self.size(cell), more)))

    def cost(self, value: float | None, *, signed: bool = False) -> str:
        """A month's cost, or how many nodes or workers."""
        if value is None:
            return self.numbers.number(None)
        if self.data.priced:
            figure = self.numbers.number(value, 0 if value == round(value) else 2, signed=signed)
            return str(self.words["a_month"].format(cost=figure, unit=self.data.unit)).replace(" ", "\u00a0")
        count = self.numbers.number(value, signed=signed)
        return str(self.words["counts_of"][self.data.unit].of(abs(round(value)), n=count))

    def percent(self, of: Estimate) -> str:
        """A percentage with its interval, where it is wider than nothing."""
        return estimate(_plain(of), self.numbers, 1)

    def points(self, of: Estimate) -> str:
        """A difference in points with its interval."""
        return estimate(_plain(of), self.numbers, 1, signed=True)

    def state(self, cell: SweptCell) -> str:
        """Whether it holds, with how many lucks."""
        return str(self.words["states"][cell.state].format(held=cell.held, lucks=cell.lucks))

    # -- what is found -------------------------------------------------------------------------------------------------

    def head(self) -> str:
        """The answer."""
        best = self.cells.get(self.data.cheapest)
        return str(self.words["head"][self.data.answer].format(cell=self.cell(best) if best else ""))

    def lead(self) -> Iterator[str]:
        """How sure, at what price, for whom, and what it takes without measures."""
        data, said, best = self.data, self.words["lead"], self.cells.get(self.data.cheapest)
        if data.done < data.simulations:
            yield said["so_far"].format(done=self.numbers.number(data.done), all=self.numbers.number(data.simulations))
        if best:
            if data.priced:
                yield said["price"].format(cost=self.cost(best.cost))
            yield self._held()
            yield from self._pays(best)
            yield from (
                said[name].format(cells=self._some(ids))
                for name, ids in (("undecided", data.undecided), ("doubts", data.doubts)) if ids
            )  # fmt: skip
        elif data.answer == "none-holds":
            nearest = max(data.cells, key=lambda each: (each.held, each.protected.value or 0.0))
            yield said["nearest"].format(cell=self.cell(nearest), state=self.state(nearest),
                                         share=self.percent(nearest.protected))  # fmt: skip
        else:
            yield said["unsure"]
        yield from self._instead()

    def _some(self, ids: Sequence[str]) -> str:
        """The first few deployments of several."""
        named = [self.cell(self.cells[each]) for each in ids[:SHOWN]]
        return ", ".join([*named, "…"] if len(ids) > SHOWN else named)

    def _held(self) -> str:
        low, more = self.numbers.number(100 * self.data.sure_low), self.numbers.number(self.data.lucks_for_90)
        return str(self.words["lead"]["held"].of(self.data.lucks, low=low, more=more))

    def _pays(self, best: SweptCell) -> Iterator[str]:
        """Who is served less of what they want, of those who are not put first."""
        protected = {each.key for each in self.data.personas if each.protected}
        for persona, of in best.personas.items():
            if persona not in protected and of.value is not None and of.value < SERVED_PERCENT:
                share = self.numbers.percent(of.value)
                yield self.words["lead"]["pays"].format(who=self.personas([persona]), share=share)

    def _instead(self) -> Iterator[str]:
        """What each measure stands in for, against the cheapest that holds without any."""
        said, arms = self.words["lead"], self.data.with_measures
        plain = next((each for each in arms if not each.measures and not each.hours), None)
        if plain is None or len(arms) < 2:
            return
        if not plain.cell:
            if self.data.cheapest:
                yield said["only_with"]
            return
        if plain.cell != self.data.cheapest:
            cell = self.cells[plain.cell]
            name = "plain_priced" if self.data.priced else "plain"
            yield said[name].format(cell=self.cell(cell), cost=self.cost(cell.cost))
        useful = sorted((each for each in arms if (each.spared or 0) > 0), key=lambda each: -(each.spared or 0))
        for each in useful[:SHOWN]:
            nodes = self.numbers.count(self.words["counts_of"]["nodes"], each.nodes_spared or 0)
            more = f" ({nodes})" if self.data.priced and each.nodes_spared else ""
            name = self.measures(each.measures, each.hours)
            yield said["instead"].format(measures=name, spared=self.cost(each.spared) + more)
        if not useful:
            yield said["nothing_spared"]

    def real(self) -> Iterator[str]:
        """What to know before the command that tries candidates, or why there is none."""
        data, said = self.data, self.words["real"]
        if data.command:
            yield said["lede"]
            if data.not_taken:
                yield said["not_taken"].format(options=", ".join(data.not_taken))
        else:
            yield said["nothing" if data.lucks > 1 else "one_luck"]

    # -- how -----------------------------------------------------------------------------------------------------------

    def how(self) -> Iterator[str]:
        """How the figures were made, and what they leave out."""
        data, said, numbers = self.data, self.words["how"], self.numbers
        cells = sum(each.state != "impossible" for each in data.cells)
        yield said["simulations"].of(
            data.lucks, simulations=numbers.number(data.done), cells=numbers.number(cells),
            lucks=numbers.number(data.lucks),
        )  # fmt: skip
        yield said["common"].format(seed=data.seed)
        if "hours" in data.swept:
            yield said["moved"]
        if data.plan_digest:
            yield said["plan"].format(digest=data.plan_digest[:12])
        yield said["replayed"].format(scale=data.scale, compression=numbers.plain(data.compression))
        if "hours" in data.swept:
            yield said["hours"].format(who=self.personas(data.mover))
        if data.always:
            yield said["always"].format(names=self.measures(data.always))
        if data.priced:
            node, worker = (numbers.plain(each) for each in (data.node_per_month, data.worker_per_month))
            yield said["prices"].format(node=node, worker=worker, unit=data.unit)
        else:
            yield said["no_prices"]
        yield said["interval"]
        yield said["paper"]


def _plain(of: Estimate) -> Estimate:
    """Without its bounds where every luck gave the same."""
    return Estimate(of.value, None, None) if of.low == of.high else of

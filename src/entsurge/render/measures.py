"""Which measure buys what, as one HTML page and as Markdown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from entsurge.findings.perturbation import Estimate
from entsurge.render import hover
from entsurge.render.catalogue import catalogue, target_name, with_personas
from entsurge.render.ci import escaped
from entsurge.render.effects import estimate
from entsurge.render.intervals import Estimated, draw_intervals
from entsurge.render.numbers import Numbers
from entsurge.render.page import environment
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from entsurge.findings.measures import ArmEffect, Change, MeasuresReport, Together
    from entsurge.render.hover import Chart

LOOKS = {"told-apart": ("ok", "✓"), "nothing-told-apart": ("warn", "?"), "too-few-blocks": ("warn", "?")}
COLUMNS = ("measure", "rank", "bought", "people", "cost", "lost", "sample", "blocks")
SHOWN_RUNS = 3


def render_measures_html(data: MeasuresReport, language: str) -> str:
    """One page that needs no network."""
    chart = _chart(data, language)
    context = {
        "page": view(data, language), "words": _words(data, language), "lang": language, "chart": chart,
        "script": hover.script() if chart else "", "other": "en" if language == "fr" else "fr",
    }  # fmt: skip
    return environment().get_template("measures.html.j2").render(context)


def render_measures_markdown(data: MeasuresReport, language: str) -> str:
    """The same page as Markdown."""
    page, words = view(data, language), _words(data, language)
    lines = [f"# {words['title']}", "", escaped(page["subtitle"]), "", f"**{page['sign']} {escaped(page['head'])}**. "
             + escaped(page["lead"]), ""]  # fmt: skip
    if page["rows"]:
        lines += [f"## {words['table']['title']}", "", escaped(page["lede"]), "", _row(page["headings"])]
        lines += ["|---" + "|--:" * (len(page["headings"]) - 1) + "|"]
        lines += [*map(_row, page["rows"]), "", escaped(words["table"]["rank_note"])]
    for section in page["sections"]:
        lines += ["", f"## {escaped(section['title'])}", "", *(f"- {escaped(line)}" for line in section["lines"])]
    return "\n".join(lines) + "\n"


def _chart(data: MeasuresReport, language: str) -> Chart | None:
    """What protected people gain by each measure, beside no measure at all; None where nothing is known of any."""
    shown, words = _View(data, _words(data, language), Numbers(language), language), _words(data, language)
    known = [(each, each.bought.value) for each in data.arms if each.bought.value is not None]
    headings = dict(zip(COLUMNS, shown.page()["headings"], strict=True))
    rows = [
        Estimated(
            each.title[language], value, each.bought.low, each.bought.high, _paint(each.bought),
            dict(zip(headings.values(), shown.arm(each), strict=True)),
        )
        for each, value in known
    ]  # fmt: skip
    title = words["table"]["chart"].format(whom=shown.whom)
    return draw_intervals(rows, title, 0.0, language) if rows else None


def _paint(of: Change) -> str:
    """Of what is beyond chance that of its side; else none's."""
    if of.low is not None and of.low > 0:
        return "ok"
    return "bad" if of.high is not None and of.high < 0 else "soft"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaped(each) for each in cells) + " |"


def view(data: MeasuresReport, language: str) -> dict[str, Any]:
    """The finding in written sentences: head, lead, the table's rows, the lines of each section that has some."""
    return _View(data, _words(data, language), Numbers(language), language).page()


def _words(data: MeasuresReport, language: str) -> dict[str, Any]:
    return with_personas(catalogue("measures", language), language, data.personas)


class _View:
    def __init__(self, data: MeasuresReport, words: Mapping[str, Any], numbers: Numbers, language: str) -> None:
        self.data, self.words, self.numbers, self.language = data, words, numbers, language
        self.whom = self._names([each.key for each in data.personas if each.protected])

    def page(self) -> dict[str, Any]:
        data, words = self.data, self.words
        look, sign = LOOKS[data.conclusion]
        sections = (
            ("best", words["best"]["title"].format(limit=self.numbers.percent(data.limit_percent)), self._best()),
            ("together", words["together"]["title"], map(self._together, data.together)),
            ("left_out", words["left_out"]["title"], self._left_out()),
            ("how", words["how"]["title"], self._how()),
        )
        written = [{"id": name, "title": title, "lines": list(lines)} for name, title, lines in sections]
        return {
            "look": look, "sign": sign, "head": words["head"][data.conclusion], "lead": self._lead(),
            "subtitle": self._subtitle(), "day": self.numbers.day(datetime.now(UTC).isoformat()), "lede": self._lede(),
            "headings": [words["table"][name].format(whom=self.whom) for name in COLUMNS],
            "rows": [self.arm(each) for each in data.arms],
            "sections": [each for each in written if each["lines"]],
        }  # fmt: skip

    def _names(self, personas: Sequence[str]) -> str:
        names = [self.words["whom"].get(each, each) for each in personas]
        if not names:
            return str(self.words["nobody"])
        return str(self.words["and"].join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0])

    def _subtitle(self) -> str:
        window = self.data.window
        return str(
            self.words["subtitle"].format(
                day=self.words["days"].get(window["day"], window["day"]),
                start=self.numbers.clock(window["from"]), end=self.numbers.clock(window["to"]),
                title=self.data.title[self.language], target=target_name(self.data.target, self.language),
            )
        )  # fmt: skip

    def _lead(self) -> str:
        alone = [each for each in self.data.arms if len(each.measures) == 1]
        return str(
            self.words["lead"][self.data.conclusion].format(
                tried=len(alone), apart=sum(each.told_apart for each in alone), whom=self.whom,
                blocks=self.data.blocks, fewest=self.data.fewest_blocks,
            )
        )  # fmt: skip

    def _lede(self) -> str:
        none, factor = self.data.none_pages, self.data.factor
        return str(
            self.words["table"]["lede"].format(
                none=self.numbers.number(None if none is None else none * factor),
                planned=self.numbers.number(self.data.planned_pages * factor), whom=self.whom,
            )
        )  # fmt: skip

    def _change(self, of: Change) -> str:
        return estimate(Estimate(of.value, of.low, of.high), self.numbers, 0, signed=True)

    def arm(self, each: ArmEffect) -> list[str]:
        """A row of the table."""
        return [
            each.title[self.language],
            self.numbers.number(each.rank),
            self._change(each.bought),
            self._change(each.bought_people),
            self._change(each.cost),
            self._bearers(each),
            self.numbers.number(each.bought.sample, signed=True),
            self.numbers.number(each.blocks),
        ]

    def _bearers(self, each: ArmEffect) -> str:
        """Who loses pages, beyond chance or, without intervals, by the estimate; most first; a dash where unknown."""
        if each.cost.value is None:
            return self.numbers.number(None)
        found = [of for of in each.personas if (of.lost.value or 0) > 0 and (of.lost.low is None or of.lost.low > 0)]
        found.sort(key=lambda of: -(of.lost.value or 0))
        text, names = self.words["table"]["bearer"], self.words["personas"]
        said = [
            text.format(who=names.get(of.persona, of.persona), lost=self.numbers.percent(of.lost.value, 1))
            for of in found
        ]
        return ", ".join(said) or str(self.words["nobody"])

    def _best(self) -> Iterator[str]:
        words = self.words["best"]
        by_id = {each.id: each for each in self.data.arms}
        best = [by_id[name] for name in self.data.best]
        for each in best:
            yield words["one"].format(name=each.title[self.language], bought=self._change(each.bought), whom=self.whom)
        if not best:
            yield words["nothing"]
        elif len(best) > 1:
            yield words["several"].format(names=", ".join(each.title[self.language] for each in best))

    def _together(self, each: Together) -> str:
        return str(
            self.words["together"][each.adding].format(
                name=each.title[self.language], whole=self._change(each.whole), sum=self._change(each.sum),
                difference=self._change(each.difference),
            )
        )  # fmt: skip

    def _left_out(self) -> Iterator[str]:
        for each in self.data.left_out:
            name, why = each.title[self.language], say(each.why, self.language)
            yield self.words["left_out"]["line"].format(name=name, why=why)

    def _how(self) -> Iterator[str]:
        data, words, numbers = self.data, self.words["how"], self.numbers
        yield words["runs"].format(runs=len(data.runs), digest=data.plan_digest[:12], seed=data.seed)
        factor, compression = numbers.plain(data.factor), numbers.plain(data.compression)
        yield words["region"].format(factor=factor, scale=data.scale, compression=compression)
        yield words["pages"]
        broken = [say(each.broken, self.language) for each in data.runs if each.broken]
        if broken:
            said = self.words["semicolon"].join(dict.fromkeys(broken[:SHOWN_RUNS]))
            yield words["broken"].of(len(broken), why=said)
        if data.unsettled:
            yield words["unsettled"].of(data.unsettled)
        if data.stop == "budget":
            yield words["budget"]

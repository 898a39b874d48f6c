"""The report's first screen: held or not, for whom, why, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from entsurge.audience.objective import parse_objective
from entsurge.render.catalogue import catalogue
from entsurge.render.saying import say as say_statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from entsurge.audience.objective import Must
    from entsurge.findings.report import RunFindings
    from entsurge.findings.verdict import Finding
    from entsurge.render.numbers import Numbers

LOOKS = {"PASS": "ok", "FAIL": "bad", "INCONCLUSIVE": "warn", "INVALID": "void"}
SIGNS = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "INVALID": "⊘"}
SHOWN_REASONS = 2
OF_FIGURES = ("missed", "unsure", "besides")  # codes of reasons that rest on what was measured


@dataclass(frozen=True)
class Why:
    """A reason: its figure, read first, and what it is of."""

    figure: str
    rest: str = ""

    def __str__(self) -> str:
        return f"{self.figure} {self.rest}".strip()


@dataclass(frozen=True)
class Card:
    """A verdict in one look: its head says for whom; why; how many people, of the whole region; the sample beside.

    `folded` are the reasons that stand beneath a fold, of which `more` tells how many there are.
    """

    look: str
    sign: str
    head: str
    why: list[Why]
    people: str
    sample: str
    notes: list[str]
    folded: list[str]
    more: str

    @property
    def lines(self) -> list[str]:
        """Everything beneath the head, a sentence each."""
        people = f"{self.people} ({self.sample})" if self.sample else self.people
        found = [*map(str, self.why), self.more, people, *self.notes]
        return [each if each.endswith(".") else f"{each}." for each in found if each]


@dataclass(frozen=True)
class Region:
    """Counts of people as those of the whole region, of which the run replayed a sample."""

    scale: str
    words: Mapping[str, Any]
    numbers: Numbers

    @property
    def factor(self) -> float:
        """How many people one of the sample stands for; 1 where nobody can say."""
        try:
            return float(1 / Fraction(self.scale))
        except (ValueError, ZeroDivisionError):
            return 1.0

    def whole(self, count: float) -> float:
        """Of the region: to two digits, as a sample has no more to say; the count itself where all was replayed."""
        return count if self.factor == 1 else float(f"{count * self.factor:.2g}")

    def of(self, count: float) -> str:
        """`about 4,100`; the count itself where all was replayed."""
        written = self.numbers.number(self.whole(count))
        return written if self.factor == 1 else str(self.words["about"].format(count=written))

    def sample(self, count: float) -> str:
        """`48 in the sample of 1/86`; nothing where all was replayed."""
        if self.factor == 1:
            return ""
        return str(self.words["sample"].format(count=self.numbers.number(count), scale=self.scale))


def card(run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> Card:
    """A run's verdict card."""
    say = catalogue("answer", words["language"])
    people, sample = _people(run, say, words, numbers)
    _, folded = _doubts(run, words["language"]) if run.verdict == "INVALID" and not run.in_progress else ([], [])
    more = numbers.count(say["reasons"], len(folded)) if folded else ""
    return Card(
        LOOKS[run.verdict], SIGNS[run.verdict], _head(run, say, words), _why(run, say, words, numbers), people, sample,
        list(_notes(run, say, words, numbers)), folded, more,
    )  # fmt: skip


def advice(run: RunFindings, language: str) -> list[str]:
    """What to do after a run, the most pressing first; never nothing."""
    say = catalogue("answer", language)["advice"]
    if run.in_progress:
        return [say["wait"]]
    told = catalogue("brief", language)["advice"]
    schools = ", ".join(run.continuity.schools_cut_off.names[:SHOWN_SCHOOLS])
    more = "…" if len(run.continuity.schools_cut_off.names) > SHOWN_SCHOOLS else ""
    found = [told[each.id].format(schools=schools + more) for each in run.advice]
    return found or [say["again" if run.verdict == "INCONCLUSIVE" else "nothing"]]


SHOWN_SCHOOLS = 3


def required(run: RunFindings) -> list[Finding]:
    """The objectives that the verdict rests on."""
    return [each for each in run.objectives if each.required]


def missed(run: RunFindings) -> list[Finding]:
    """The required objectives that a run missed."""
    return [each for each in required(run) if each.state == "missed"]


def listed(personas: Iterable[str], words: Mapping[str, Any]) -> str:
    """`pupils, teachers and parents`."""
    named = words["plural"] | {"*": words["whom"]["*"]}
    names = [named.get(name, name) for name in dict.fromkeys(personas)]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + words["whom"]["and"] + names[-1] if names else ""


def _head(run: RunFindings, say: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    heads = say["head"]
    if run.in_progress:
        return str(heads["in_progress"])
    if run.verdict == "FAIL":
        lost = dict.fromkeys(each.persona for each in missed(run))
        everybody = set(lost) == {each.persona for each in required(run)} and len(lost) > 1
        return str(heads["FAIL_all"] if everybody else heads["FAIL"].format(who=listed(lost, words)))
    if run.verdict == "PASS":
        kept = [each.persona for each in required(run) if each.state == "met"]
        return str(heads["PASS_for"].format(who=listed(kept, words)))
    return str(heads[run.verdict])


def _why(run: RunFindings, say: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[Why]:
    """Why the verdict is what it is, the gravest first."""
    told = [say_statement(each, words["language"]) for each in run.reasons]
    if run.in_progress:
        read, end = numbers.number(run.in_progress.read_s), numbers.number(run.in_progress.end_s)
        return [Why(say["unsure"]["read_to"].format(read=read, end=end))]
    if run.verdict == "INVALID":
        return [Why(each) for each in _doubts(run, words["language"])[0]]
    if run.verdict == "FAIL":
        return _missed(run, say, words, numbers) or [Why(each) for each in told[:SHOWN_REASONS]]
    if run.verdict == "PASS":
        nearest = _nearest(required(run))
        return [_figure(nearest, [nearest.persona], say["kept"], say, words, numbers)] if nearest else []
    return _unsure(run, say, words, numbers) or [Why(each) for each in told[:SHOWN_REASONS]]


def _doubts(run: RunFindings, language: str) -> tuple[list[str], list[str]]:
    """Why a measurement is not to be believed: what the card says, and what is folded.

    Objectives were judged by figures that are in doubt: they come last, and on the card where there is nothing else.
    """
    of_figures = [each for each in run.reasons if each.code in OF_FIGURES]
    told = [each for each in run.reasons if each.code not in OF_FIGURES] or of_figures
    rest = told[SHOWN_REASONS:] + [each for each in of_figures if each not in told]
    said = [[say_statement(each, language) for each in part] for part in (told[:SHOWN_REASONS], rest)]
    return said[0], said[1]


def _missed(run: RunFindings, say: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[Why]:
    """Of each thing demanded the worst that was measured, and for whom; the rest is counted."""
    by_must: dict[str, list[Finding]] = {}
    for each in sorted(missed(run), key=_use, reverse=True):
        if each.value is not None:
            by_must.setdefault(each.must, []).append(each)
    found = [
        _figure(same[0], [same[0].persona], say["instead"], say, words, numbers)
        for same in list(by_must.values())[:SHOWN_REASONS]
    ]
    rest = len(missed(run)) - len(found)
    if found and rest:
        found[-1] = Why(found[-1].figure, f"{found[-1].rest}, {numbers.count(say['others'], rest)}")
    return found


def _unsure(run: RunFindings, say: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[Why]:
    """Whose pages are too few, and how many it takes; nothing where the run broke off, which is then the reason."""
    open_ones = [each for each in required(run) if each.state == "not-enough-data"]
    if run.end != "completed" or not open_ones:
        return []
    worst = max(open_ones, key=lambda each: (each.service == "*", (each.needed or 0) / max(each.count, 1)))
    text, who = say["unsure"]["close"], _who(worst, [worst.persona], words)
    if worst.needed:
        text = numbers.count(say["unsure"]["pages"], worst.count, needed=numbers.number(worst.needed))
    rest = len(open_ones) - 1
    more = [Why("", numbers.count(say["unsure"]["others"], rest))] if rest else []
    return [Why(text, f"({who})"), *more]


def _figure(
    each: Finding, personas: Sequence[str], texts: Mapping[str, str], say: Mapping[str, Any], words: Mapping[str, Any],
    numbers: Numbers,
) -> Why:  # fmt: skip
    """`3.6 s instead of 1.6 s` · `to serve 95 pages in 100 (pupils)`."""
    must = parse_objective(each.must)
    value, bound = _pair(each.value or 0.0, must, numbers)
    name = "relative" if must.relative else must.measure
    rest = say["of"]["latency" if must.measure == "latency" and not must.relative else "other"]
    who = _who(each, personas, words)
    return Why(
        texts[name].format(value=value, bound=bound), rest.format(percent=numbers.plain(must.percentile), who=who)
    )


def _who(each: Finding, personas: Sequence[str], words: Mapping[str, Any]) -> str:
    """`pupils`, or `pupils, messages`."""
    who = listed(personas, words)
    return who if each.service == "*" else f"{who}, {words['services'].get(each.service, each.service).lower()}"


def _pair(value: float, must: Must, numbers: Numbers) -> tuple[str, str]:
    """A value and its bound with as many digits as tell them apart."""

    def written(figure: float, decimals: int) -> str:
        if must.relative or must.measure == "apdex":
            return numbers.number(figure, decimals + 1)
        if must.measure in ("latency", "recovery"):
            return numbers.duration(figure, decimals)
        return numbers.percent(100 * figure, decimals)

    for decimals in range(4):
        found = written(value, decimals), written(must.bound, decimals)
        exact = abs(float(f"{must.bound:.{decimals}f}") - must.bound) < 1e-9 or must.measure != "latency"
        if found[0] != found[1] and exact:
            break
    return found


def _use(each: Finding) -> float:
    """What part of what is allowed was used: over 1 is too much. Of what must be high, the part that may be missing."""
    must = parse_objective(each.must)
    if each.value is None:
        return 0.0
    used, allowed = (each.value, must.bound) if must.downward else (1 - each.value, 1 - must.bound)
    return used / allowed if allowed > 0 else float("inf") if used > 0 else 0.0


def _nearest(findings: Iterable[Finding]) -> Finding | None:
    """Of objectives that were kept the one with the least to spare."""
    kept = [each for each in findings if each.state == "met" and each.value is not None]
    return max(kept, key=_use, default=None)


def _people(run: RunFindings, say: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> tuple[str, str]:
    """How many people it is about, of the whole region, and of the sample; nothing of a run that tells nothing."""
    if run.verdict not in ("PASS", "FAIL"):
        return "", ""
    region = Region(run.scale, say, numbers)
    count: float
    if run.deferred_visits:
        count, who = sum(run.deferred_visits.values()), listed(run.deferred_visits, words)
        text = say["people"]["put_off"].format(count=region.of(count), who=who)
    else:
        row = run.figures.visits
        if not row.window.value or row.served.value is None:
            return "", ""
        count, every = max(0.0, row.window.value - row.served.value), region.whole(row.window.value)
        texts = say["people"]
        text = texts["everybody"].format(count=region.of(row.window.value))
        if count >= 1:
            text = texts["nothing"].format(count=region.of(round(count)), all=numbers.number(every))
    return text[:1].upper() + text[1:], region.sample(round(count)) if count >= 1 else ""


def _notes(run: RunFindings, say: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> Iterable[str]:
    """Who was refused how much, whom a measure put off apart: that is on the card already."""
    if run.deferred_visits and run.verdict in ("PASS", "FAIL"):
        yield say["people"]["gap" if run.verdict == "PASS" else "gap_also"]
    shares = [
        f"{words['plural'].get(who, who)} {numbers.percent(100 * each)}"
        for who, each in run.refused.items()
        if who not in run.deferred_visits
    ]
    if shares:
        yield say["people"]["refused"].format(shares=", ".join(shares))


def in_force(run: RunFindings, language: str) -> str:
    """`With: static home, messaging off`; nothing where nothing was in force."""
    titles = ", ".join(dict.fromkeys(each.title[language] for each in run.perturbations))
    return str(catalogue("answer", language)["people"]["in_force"].format(titles=titles)) if titles else ""

"""The capacity note's sentences: the verdict, the number beside the need, how both came to scale 1, what is advised.

Every rate is at scale 1 and in the day's own time. Digits are added until what is printed orders as what it stands for:
a number under the need never reads as equal to it, and the sum comes out as written.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from entsurge.audience.objective import parse_objective
from entsurge.findings.capacity import FEWEST_FOR_LAW
from entsurge.record.simulated import deployment_of
from entsurge.render.html import messages
from entsurge.render.musts import must_in_words
from entsurge.render.numbers import Numbers
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.findings.capacity import Answer, Boundary, CapacityReport, How
    from entsurge.findings.search import Search

WORDS_OF_BINDING = {
    "its queue was still growing when it ended": "rising", "a guard ended it": "guard",
    "the target stopped answering": "silent",
}  # fmt: skip
MOST_DIGITS = 6
WORTH_ASKING = 3  # times the steps there are: where more would be needed, the need is too near the number


def known(value: float) -> float | None:
    """A figure as it is written: None, which is not known, for what is open."""
    return value if math.isfinite(value) else None


def lawless(result: CapacityReport, tested: Mapping[str, Any]) -> str:
    """Why there is no scalability law: too few steps, or steps that determine none."""
    few, count = len(result.steps) < FEWEST_FOR_LAW, len(result.steps)
    return str(tested["no_law_few" if few else "no_law"]).format(count=count, fewest=FEWEST_FOR_LAW)


def head(result: CapacityReport, words: Mapping[str, Any]) -> str:
    """Enough, not enough, or that it cannot be told; for which window; and on what it rests."""
    text: str = words["number"][result.enough].format(profile=_profile(result, words), when=_when(result, words))
    assumed = result.carried_over.assumption is not None and result.enough in ("yes", "no")
    paper = f"{words['simulated']['mark']} · " if deployment_of(result.search.url) else ""
    return paper + text + str(words["number"]["if"] if assumed else "")


def number(result: CapacityReport, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    """How much it takes beside what is needed, both at scale 1; how it was carried over; what gives first."""
    ends, said = result.boundary, words["number"]
    written = rates(result, numbers)
    lines = [
        said[ends.how].format(profile=_profile(result, words), when=_when(result, words), **written),
        said["multiple"].format(
            value=_one_end(ends.how, said, multiple(ends, numbers)),
            visits=_one_end(ends.how, said, numbers.number(3600 * result.visits_per_second.value)),
        ),
        carried(result, words, numbers),
    ]  # fmt: skip
    if result.binding:
        lines.append(said["first"].format(what=binding(result.binding, words)))
    if result.resources:
        first = result.resources[0]
        lines.append(
            said["resource"].format(
                name=first.name, pages=numbers.number(first.saturates_at, 1),
                used=numbers.percent(100 * first.used), served=numbers.number(first.served_pages, 1),
            )
        )  # fmt: skip
    return lines


def _one_end(how: How, said: Mapping[str, Any], text: str) -> str:
    """A figure; where only one end of it is known, said so."""
    return str(said[f"only-{how}"]).format(figure=text) if how in ("at-least", "at-most") else text


def rates(result: CapacityReport, numbers: Numbers) -> dict[str, str]:
    """`pages`, `low`, `high` and `need`, pages per second at scale 1, with as many digits as tell them apart."""
    need, pages = result.need_pages_per_second, result.pages_per_second
    ends = {"pages": pages.value, "low": pages.low, "high": known(pages.high)}
    decimals = telling([each for each in ends.values() if each is not None], need)
    return {name: numbers.number(value, decimals) for name, value in (ends | {"need": need}).items()}


def multiple(ends: Boundary, numbers: Numbers) -> str:
    """The boundary as a multiple of the need, with as many digits as keep every end on its side of 1."""
    finite = [each for each in (ends.value, ends.low, ends.high) if math.isfinite(each)]
    return numbers.number(ends.value, max(2, telling(finite, 1.0)))


def telling(ends: Sequence[float], need: float) -> int:
    """How many decimals: three digits of the need, and whatever lies under it is written as under it."""
    fewest = min(MOST_DIGITS, max(1, 2 - math.floor(math.log10(need)))) if need > 0 else 1
    for decimals in range(fewest, MOST_DIGITS):
        if all(round(each, decimals) < round(need, decimals) for each in ends if each < need):
            return decimals
    return MOST_DIGITS


def carried(result: CapacityReport, words: Mapping[str, Any], numbers: Numbers) -> str:
    """The sum by which what was measured became a figure of production, and the assumption that it makes."""
    over, said = result.carried_over, words["carried"]
    if over.assumption is None:
        return str(said["nothing"])
    share, compression = Fraction(over.scale), Fraction(over.compression)
    pages = rates(result, numbers)["pages"]
    measured = _measured(over.at_the_platform.pages_per_second.value, over.factor, pages, numbers)
    steps = [f"× {_plain(numbers, share.denominator)}"] if share.denominator != 1 else []
    steps += [f"÷ {_plain(numbers, share.numerator)}"] if share.numerator != 1 else []
    steps += [f"÷ {_plain(numbers, compression)}"] if compression != 1 else []
    people = said["everybody"] if share == 1 else said["people"].format(scale=over.scale)
    time = said["own_time"] if compression == 1 else said["time"].format(compression=_plain(numbers, compression))
    return str(
        said["sum"].format(
            measured=measured, people=people, time=time, sum=f"{measured} {' '.join(steps)}", pages=pages,
            factor=significant(over.factor, numbers),
        )
    )  # fmt: skip


def replayed(search: Search, scale: str, compression: str, joint: str = "") -> str:
    """How the steps were replayed, in these words for its scale and its compression; nothing of what is 1."""
    speed = Fraction(search.compression)
    parts = [scale.format(scale=search.scale)] if Fraction(search.scale) != 1 else []
    parts += [compression.format(compression=f"{float(speed):g}")] if speed != 1 else []
    return joint.join(parts)


def _measured(value: float, factor: float, pages: str, numbers: Numbers) -> str:
    """What was measured, with as many digits as make the sum come out as written."""
    decimals = len(pages.replace(",", ".").rpartition(".")[2]) if "." in pages.replace(",", ".") else 0
    for digits in range(1, 9):
        if numbers.number(round(value, digits) * factor, decimals) == pages:
            return numbers.number(value, digits)
    return numbers.number(value, 9)


def significant(value: float, numbers: Numbers) -> str:
    """Three digits of a factor: 0.478, 3.82, 172."""
    decimals = max(0, 2 - math.floor(math.log10(value)))
    return numbers.plain(round(value, decimals)) if decimals <= 3 else numbers.number(value, decimals)


def _plain(numbers: Numbers, value: Fraction | int) -> str:
    return numbers.plain(float(value))


def _profile(result: CapacityReport, words: Mapping[str, Any]) -> str:
    return result.title[words["language"]]


def _when(result: CapacityReport, words: Mapping[str, Any]) -> str:
    window = result.window
    numbers = Numbers(words["language"])
    day = messages(words["language"])["days"][window["day"]]
    return f"{day} {numbers.clock(window['from'])}–{numbers.clock(window['to'])}"


def binding(text: str, words: Mapping[str, Any]) -> str:
    """An objective, or what ended a step, in the note's language."""
    if text in WORDS_OF_BINDING:
        return str(words["number"][WORDS_OF_BINDING[text]])
    persona, service, must = text.split(" ", 2) if not _is_must(text) else ("*", "*", text)
    where = "" if service == "*" else f", {words['service'].get(service, service)}"
    who = f"{words['personas'].get(persona, persona)}{where}"
    return f"{who}{words['colon']} {must_in_words(must, words['language'])}"


def _is_must(text: str) -> bool:
    """Whether it is an objective by itself, without its persona and service."""
    try:
        parse_objective(text)
    except ValueError:
        return False
    return True


def noted(result: CapacityReport, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    """What must be known before the number is believed, and what was left out."""
    figures = {
        "share": numbers.percent(100 * result.not_served, 1),
        "unjudged": words["semicolon"].join(binding(each, words) for each in result.unjudged),
        "comebacks": numbers.number(sum(step.comebacks for step in result.steps)),
    }
    lines = [words["notes"][name].format(**figures) for name in result.notes]
    return lines + [say(each, words["language"]) for each in result.remarks]


def advice(result: CapacityReport, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    """Rules with their figures; the thresholds are the ends of the interval."""
    said = words["advice"]
    lines = [_main(result, said, numbers)]
    if result.resources and result.enough != "yes":
        lines.append(said["begin"].format(name=result.resources[0].name))
    cases = {each.case: each for each in (result.what_if.cases if result.what_if else ())}
    if "published-lockdown" in cases and (name := _lockdown(cases["published-lockdown"])):
        lines.append(said[name].format(**growth(result.boundary, cases["published-lockdown"].peak, numbers)))
    if "one-node-fewer" in cases and (over := hours(cases["one-node-fewer"].over, numbers)) != "0":
        lines.append(said["node"].format(over=over))
    return [*lines, said["again"]]


def _lockdown(answer: Answer) -> str:
    return {True: "", False: "lockdown", None: "lockdown-unsure"}[answer.suffices]


def hours(over: Sequence[int], numbers: Numbers) -> str:
    """Hours above the capacity: at its value, and at its two ends where they differ."""
    few, value, many = over
    return numbers.number(value) if few == many else f"{value} ({few}–{many})"


def growth(ends: Boundary, of: float, numbers: Numbers) -> dict[str, str]:
    """By how much the capacity must grow for so many times the window: by its value, its upper and its lower end."""
    sides = [of / end if end else math.inf for end in (ends.value, ends.high, ends.low)]
    decimals = max(2, telling([1 / each for each in sides if each], 1.0)) if of == 1 else 2
    written = (numbers.number(each, decimals) if math.isfinite(each) else "∞" for each in sides)
    return dict(zip(("growth", "low", "high"), written, strict=True))


def _main(result: CapacityReport, said: Mapping[str, Any], numbers: Numbers) -> str:
    """What follows from the verdict."""
    state, ends = result.enough, result.boundary
    if state == "yes":
        return str(said["enough"])
    figures = growth(ends, 1.0, numbers)
    if state == "no":
        return str(said["grow-open" if ends.how == "at-most" else "grow"].format(**figures))
    if state == "unknown":
        return str(said["higher" if ends.how == "at-least" else "lower"])
    more = _steps_to_tell(ends)
    if more is None:
        return str(said["narrow-bracket"].format(**figures))
    if more > WORTH_ASKING * len(result.steps):
        return str(said["narrow-close"].format(**figures))
    return str(said["narrow"].format(steps=more, **figures))


def _steps_to_tell(ends: Boundary) -> float | None:
    """How many steps more would leave the need outside: an interval narrows as one over the root of its steps."""
    if ends.how != "line":
        return None
    value, low, high = math.log(ends.value), math.log(ends.low), math.log(ends.high)
    half = value - low if value > 0 else high - value
    return math.inf if value == 0 else max(1, math.ceil(ends.steps * ((half / value) ** 2 - 1)))

"""Objectives in one grammar, such as `p95 < 1600ms`, `shed <= 40%`, `apdex(1s) >= 0.85` (docs/gate.md has its EBNF).

One small parser, one token ahead; a text that it cannot read is answered with the place and what was expected there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

Measure = Literal["latency", "errors", "availability", "served", "shed", "apdex", "recovery"]
Timing = Literal["corrected", "service"]
Comparison = Literal["<", "<=", ">", ">="]
SHARES: dict[str, str] = {"errors": "<", "shed": "<", "availability": ">", "served": ">"}
UNITS = {"µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
MICRO, MU = "\u00b5", "\u03bc"  # two characters that look the same
TIMINGS: tuple[Timing, ...] = ("corrected", "service")
EXAMPLES = (
    'such as "p95 < 1600ms", "p95(service) < 800ms", "errors < 1%", "availability >= 99%", "served >= 95%", '
    '"shed <= 40%", "apdex(1s) >= 0.85", "recovery < 120s", "p95 < 1.2 x baseline"'
)
CONFIDENCE = 0.95  # of one-sided limits
MOST_DIGITS = 15
FEWEST_FOR_APDEX, FEWEST_TO_COMPARE = 30, 20
_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<word>[^\W\d_]+|×)|(?P<sign><=|>=|<|>|%|\(|\)|,))")


@dataclass(frozen=True, slots=True)
class Must:
    """What must hold: a measure, a comparison, a bound (seconds for times, a share from 0 to 1, a score).

    `percentile` (0 to 100) belongs to latency, `threshold_seconds` to Apdex, `timing` to both. With `relative` the
    bound is a factor on the baseline runs' own value.
    """

    measure: Measure
    comparison: Comparison
    bound: float
    percentile: float | None = None
    threshold_seconds: float | None = None
    timing: Timing = "corrected"
    relative: bool = False

    def holds(self, value: float) -> bool:
        """Whether a value keeps the objective."""
        if self.comparison == "<":
            return value < self.bound
        if self.comparison == "<=":
            return value <= self.bound
        return value > self.bound if self.comparison == ">" else value >= self.bound

    @property
    def downward(self) -> bool:
        """Whether less is better."""
        return self.comparison in ("<", "<=")

    @property
    def allowed(self) -> float | None:
        """The share of pages that may be otherwise: slow, failed, not served; None where no share is allowed for."""
        if self.measure == "latency" and not self.relative:
            return 1 - (self.percentile or 50.0) / 100
        if self.measure in SHARES:
            return self.bound if self.downward else 1 - self.bound
        return None

    @property
    def fewest(self) -> int:
        """How many pages it takes to keep this at 95 % when none is otherwise: 59 for p95, 299 for p99."""
        if self.measure == "apdex":
            return FEWEST_FOR_APDEX
        if self.relative:
            return FEWEST_TO_COMPARE
        allowed = self.allowed
        return math.ceil(math.log(1 - CONFIDENCE) / math.log(1 - allowed)) if allowed and allowed < 1 else 1


class _Token(NamedTuple):
    kind: str  # number, word, sign, end
    text: str
    at: int


def parse_objective(text: str) -> Must:
    """What `text` demands. Raises ValueError: what was found where, and what was expected there."""
    return _Parser(text).objective()


class _Parser:
    """Recursive descent over the tokens of one objective."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.place = text, _tokens(text.replace(MU, MICRO)), 0

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def objective(self) -> Must:
        """Objective = latency | share | apdex | recovery ."""
        head = self.take("word", "a measure: p95, errors, availability, served, shed, apdex or recovery")
        name = head.text.lower()
        if name == "p":
            must = self.latency()
        elif name in SHARES:
            must = Must(name, self.comparison(SHARES[name]), self.percent())  # type: ignore[arg-type]
        elif name == "apdex":
            must = self.apdex()
        elif name == "recovery":
            must = Must("recovery", self.comparison("<"), self.duration())
        else:
            raise self.wrong(head, "a measure: p95, errors, availability, served, shed, apdex or recovery")
        if self.now.kind != "end":
            raise self.wrong(self.now, "nothing more")
        return must

    def latency(self) -> Must:
        """Latency = "p" number [ "(" timing ")" ] less ( duration | factor ) ."""
        number = self.now
        percentile = self.number("a percentile, as in p95")
        if not 0 < percentile < 100:
            raise self.wrong(number, "a percentile between 0 and 100")
        timing: Timing = "corrected"
        if self.now.text == "(":
            self.take("sign", "(")
            timing = self.timing()
            self.sign(")")
        comparison = self.comparison("<")
        if self.tokens[self.place + 1 : self.place + 2] and self.tokens[self.place + 1].text.lower() in ("x", "×"):
            return Must("latency", comparison, self.factor(), percentile, timing=timing, relative=True)
        return Must("latency", comparison, self.duration('a duration, as in 1500ms, or "1.2 x baseline"'), percentile,
                    timing=timing)  # fmt: skip

    def apdex(self) -> Must:
        """Apdex = "apdex" "(" duration [ "," timing ] ")" more score ."""
        self.sign("(")
        threshold, timing = self.duration(), TIMINGS[0]
        if self.now.text == ",":
            self.sign(",")
            timing = self.timing()
        self.sign(")")
        comparison, at = self.comparison(">"), self.now
        bound = self.number("a score from 0 to 1")
        if bound > 1:
            raise self.wrong(at, "a score from 0 to 1")
        return Must("apdex", comparison, bound, threshold_seconds=threshold, timing=timing)

    def timing(self) -> Timing:
        """Timing = "corrected" | "service" ."""
        token = self.take("word", "corrected or service")
        for each in TIMINGS:
            if token.text.lower() == each:
                return each
        raise self.wrong(token, "corrected or service")

    def comparison(self, way: str) -> Comparison:
        """Less = "<" | "<=" . more = ">" | ">=" ."""
        token = self.take("sign", f"{way} or {way}=")
        if token.text not in (way, f"{way}="):
            raise self.wrong(token, f"{way} or {way}=")
        return token.text  # type: ignore[return-value]

    def duration(self, expected: str = "a duration, as in 1500ms") -> float:
        """Duration = number ( "µs" | "us" | "ms" | "s" | "min" ) ."""
        at = self.now
        number = self.number(expected)
        unit = self.take("word", f"a unit: {', '.join(UNITS)}")
        if unit.text not in UNITS:
            raise self.wrong(unit, f"a unit: {', '.join(UNITS)}")
        if not number:
            raise self.wrong(at, "a duration above 0")
        return number * UNITS[unit.text]

    def percent(self) -> float:
        """Percent = number "%" ."""
        at = self.now
        number = self.number("a percentage, as in 1%")
        self.sign("%")
        if number > 100:
            raise self.wrong(at, "a share between 0 and 100 %")
        return number / 100

    def factor(self) -> float:
        """Factor = number ( "x" | "×" ) "baseline" ."""
        at = self.now
        number = self.number("a factor, as in 1.2 x baseline")
        self.take("word", "x")
        word = self.take("word", "baseline")
        if word.text.lower() != "baseline":
            raise self.wrong(word, "baseline")
        if number < 1:
            raise self.wrong(at, "a factor of at least 1")
        return number

    def number(self, expected: str) -> float:
        """Number = digits [ "." digits ] ."""
        token = self.take("number", expected)
        if len(token.text) > MOST_DIGITS:
            raise self.wrong(token, f"a number of at most {MOST_DIGITS} digits")
        return float(token.text)

    def sign(self, text: str) -> None:
        if self.now.text != text:
            raise self.wrong(self.now, text)
        self.place += 1

    def take(self, kind: str, expected: str) -> _Token:
        token = self.now
        if token.kind != kind:
            raise self.wrong(token, expected)
        self.place += 1
        return token

    def wrong(self, token: _Token, expected: str) -> ValueError:
        found = f"{token.text[:40]!r}" if token.text else "the end"
        where = f"no objective: {self.text[:80]!r}, character {token.at + 1}"
        return ValueError(f"{where}: found {found}, expected {expected}; {EXAMPLES}")


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    whole = text.rstrip()
    while at < len(whole):
        match = _TOKEN.match(whole, at)
        if match is None or match.lastgroup is None:
            begin = at + len(whole[at:]) - len(whole[at:].lstrip())
            raise ValueError(
                f"no objective: {text[:80]!r}, character {begin + 1}: found {whole[begin]!r}, "
                f"expected a word, a number or a sign; {EXAMPLES}"
            )
        found.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, _Token("end", "", len(whole))]

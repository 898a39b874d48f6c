"""How a number is written: French and English typography, and how many digits a figure is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from entsurge.catalogue import catalogue

if TYPE_CHECKING:
    from entsurge.catalogue import Counted

NARROW, MINUS, NOTHING = "\u202f", "−", "–"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Writes numbers in one language, `fr` or `en`; what is not known (None) is written `–`."""

    lang: str

    def number(self, value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
        """A number with so many decimals, thousands set apart, a true minus sign, a plus sign if asked."""
        if value is None:
            return NOTHING
        rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
        digits = f"{abs(rounded):,.{decimals}f}"
        if self.lang == "fr":
            digits = digits.replace(",", NARROW).replace(".", ",")
        sign = MINUS if rounded < 0 else "+" if signed and rounded else ""
        return sign + digits

    def plain(self, value: float | None) -> str:
        """A number as it was published: no more decimals than it has, three at most."""
        if value is None:
            return NOTHING
        written = format(Decimal(str(round(value, 3))).normalize(), "f")
        return self.number(value, len(written.partition(".")[2]))

    def percent(self, value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
        """A percentage given in percent: `43 %` in French, `43%` in English."""
        if value is None:
            return NOTHING
        return self.number(value, decimals, signed=signed) + self._before_percent() + "%"

    def change(self, value: float | None) -> str:
        """A change in percent, always signed: `+43 %`, `−1 %`, `0 %`; nothing at all when there is none."""
        return "" if value is None else self.percent(value, signed=True)

    def ratio(self, value: float | None) -> str:
        """A ratio from 0 to 1, as a percentage precise enough to tell 0.04 % from nothing."""
        if value is None:
            return NOTHING
        small = 0 < min(value, 1 - value) < 0.001
        return self.percent(100 * value, 2 if small else 1)

    def share(self, value: float) -> str:
        """A share from 0 to 1 that somebody has set, as a percentage with the digits that it was given: `97,5 %`."""
        return self.plain(100 * value) + self._before_percent() + "%"

    def seconds(self, value: float | None) -> str:
        """A duration of seconds: milliseconds under a second, then two decimals, one past ten, none past a hundred."""
        if value is None:
            return NOTHING
        if value < 0.9995:
            return f"{self.number(1000 * value)}{NARROW}ms"
        decimals = 2 if value < 10 else 1 if value < 100 else 0
        return f"{self.number(value, decimals)}{NARROW}s"

    def short(self, value: float) -> str:
        """Seconds in two digits, as people say them: `3,6 s`, `0,45 s`, `12 s`."""
        return self.duration(value, 2 if value < 1 else 1 if value < 10 else 0)

    def duration(self, value: float, decimals: int = 1) -> str:
        """Seconds as people say them, whatever their size: `3,6 s`, `0,45 s` with two decimals."""
        return f"{self.number(value, decimals)}{NARROW}s"

    def fine(self, value: float | None) -> str:
        """A duration that may be far under a millisecond: `4 µs`, from 0.1 ms on `0,31 ms`, then as `seconds`."""
        if value is None or value >= 0.01:
            return self.seconds(value)
        if value < 0.0001:
            return f"{self.number(1e6 * value)}{NARROW}µs"
        return f"{self.number(1000 * value, 2)}{NARROW}ms"

    def count(self, message: Counted, count: int, **fields: object) -> str:
        """A message in the form that agrees with a count, the count written as its `{n}`."""
        return message.of(count, n=self.number(count), **fields)

    def measure(self, value: float | None, unit: str) -> str:
        """A value of an objective: `s`, `ratio` or `score`."""
        if unit == "s":
            return self.seconds(value)
        return self.ratio(value) if unit == "ratio" else self.number(value, 2)

    def interval(self, low: float | None, high: float | None, unit: str) -> str:
        """Two bounds, `[0,4 % ; 1,2 %]`; a side that is not known is open; nothing when neither is."""
        if low is None and high is None:
            return ""
        between = f"{NARROW};\u00a0" if self.lang == "fr" else ", "
        left = "" if low is None else self.measure(low, unit)
        right = "" if high is None else self.measure(high, unit)
        return f"{'[' if left else ']'}{left or MINUS + '∞'}{between}{right or '∞'}{']' if right else '['}"

    def range(self, low: float | None, high: float | None) -> str:
        """A short interval of whole numbers, `−48 … −40`; nothing when a side is not known."""
        return "" if low is None or high is None else f"{self.number(low)}\u00a0…\u00a0{self.number(high)}"

    def clock(self, time: str) -> str:
        """A time of day as the language writes it: `9 h 30`, `10 h`, `9 h 30 min 12 s`, `09:30`; no time: as it is."""
        hour, minute, second = [*time.split(":"), "", ""][:3]
        if not (hour.isdigit() and minute.isdigit()):
            return time
        form = "exact" if second else "sharp" if minute == "00" else "past"
        text = catalogue("common", self.lang)["clock"][form]
        return str(text.format(hour=int(hour), minute=minute, second=second, time=time))

    def moment(self, utc: str) -> str:
        """A time in ISO 8601 as people write it: `5 janvier 2026 à 9 h 02 (UTC)`; what is no time as it is."""
        try:
            when = datetime.fromisoformat(utc)
        except ValueError:
            return utc
        from babel.dates import format_date

        day = format_date(when, "d MMMM y", locale=self.lang)
        return str(catalogue("common", self.lang)["moment"].format(day=day, time=self.clock(f"{when:%H:%M}")))

    def day(self, utc: str) -> str:
        """The day of a time in ISO 8601: `05/01/2026` in French, `2026-01-05` in English; nothing of none."""
        return datetime.fromisoformat(utc).strftime("%d/%m/%Y" if self.lang == "fr" else "%Y-%m-%d") if utc else ""

    def _before_percent(self) -> str:
        return NARROW if self.lang == "fr" else ""

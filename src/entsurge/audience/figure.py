"""A published figure: an exact value and the interval that its last written digit allows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

if TYPE_CHECKING:
    from collections.abc import Callable


MOST_DIGITS = 30  # before or after the point
LONGEST_FRACTION = 400  # characters
LARGEST = 1_000_000  # a ratio, or a change in percent
LARGEST_FIGURE = 10**12
MOST_PARTS = 100_000_000  # a ratio is at least one of so many: one visitor of the nation is


@dataclass(frozen=True, slots=True)
class Interval:
    """Two exact bounds, both inside; for figures that are all at least zero."""

    low: Fraction
    high: Fraction

    def __mul__(self, other: Interval) -> Interval:
        return Interval(self.low * other.low, self.high * other.high)

    def meets(self, other: Interval) -> bool:
        """Whether the two have a point in common."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it was written: 4.68 lies between 4.675 and 4.685, 1.83e6 between 1,825,000 and 1,835,000."""

    written: Decimal

    @property
    def value(self) -> Fraction:
        """The number itself, exactly."""
        return Fraction(self.written)

    @property
    def interval(self) -> Interval:
        """What rounding to the last written digit leaves open."""
        exponent = self.written.as_tuple().exponent
        half = Fraction(Decimal((0, (5,), int(exponent) - 1)))
        return Interval(max(Fraction(0), self.value - half), self.value + half)

    def __str__(self) -> str:
        return format(self.written, "f")


def exact(found: object) -> Decimal:
    """The number written in TOML as an integer, a decimal or a string such as "1.83e6".

    Raises ValueError when it is no finite number.
    """
    if isinstance(found, bool) or not isinstance(found, (int, str, Decimal, float)):
        raise ValueError("expected a number")
    try:
        number = Decimal(str(found))
    except InvalidOperation:
        raise ValueError('expected a number, such as 1830000, 4.68 or "1.83e6"') from None
    if not number.is_finite():
        raise ValueError("expected a finite number")
    _, digits, exponent = number.as_tuple()
    if len(digits) > MOST_DIGITS or not -MOST_DIGITS <= int(exponent) <= MOST_DIGITS:
        raise ValueError(f"expected a number of at most {MOST_DIGITS} digits")
    return number


def _figure(*, low: int, low_allowed: bool, high: int = LARGEST_FIGURE) -> Callable[[object], Figure]:
    def read(found: object) -> Figure:
        if isinstance(found, Figure):
            return found
        number = exact(found)
        if number < low or (number == low and not low_allowed):
            raise ValueError(f"expected a number {'of at least' if low_allowed else 'above'} {low}")
        if number > high:
            raise ValueError(f"expected a number of at most {high:,}")
        return Figure(number)

    return read


def _ratio(found: object) -> Fraction:
    if isinstance(found, Fraction):
        return found
    try:
        parted = isinstance(found, str) and "/" in found and len(found) <= LONGEST_FRACTION
        number = Fraction(str(found)) if parted else Fraction(exact(found))
    except (ValueError, ZeroDivisionError):
        raise ValueError('expected a number or a fraction, such as 0.01 or "1/86"') from None
    if number * MOST_PARTS < 1 or number > LARGEST:
        raise ValueError(f"expected a number from 1/{MOST_PARTS:,} to {LARGEST:,}")
    return number


def at_most_100(found: Figure) -> Figure:
    """The same share. Raises ValueError when it is over 100 percent."""
    if found.value > 100:
        raise ValueError("expected a share of at most 100 percent")
    return found


def _plain(value: Any) -> str:
    return str(value)


Positive = Annotated[Figure, BeforeValidator(_figure(low=0, low_allowed=False)), PlainSerializer(_plain)]
Percent = Annotated[
    Figure, BeforeValidator(_figure(low=-100, low_allowed=False, high=LARGEST)), PlainSerializer(_plain)
]
Share = Annotated[Figure, BeforeValidator(_figure(low=0, low_allowed=True)), PlainSerializer(_plain)]
Ratio = Annotated[Fraction, BeforeValidator(_ratio), PlainSerializer(_plain)]


def change_interval(percent: Figure) -> Interval:
    """The factor that a change in percent stands for: +43 % lies between 1.425 and 1.435."""
    exponent = int(percent.written.as_tuple().exponent)
    half = Fraction(Decimal((0, (5,), exponent - 1))) / 100
    middle = 1 + percent.value / 100
    return Interval(max(Fraction(0), middle - half), middle + half)

"""The one tree of errors and the exit codes, written down nowhere else.

EntsurgeError               1   unexpected
├── UsageError              2   a command, profile, scenario or experiment that cannot be used
├── ObjectivesMissed        3   the target did not keep what it owes
├── InvalidMeasurement      4   the measurement is not to be believed (INVALID)
├── InconclusiveMeasurement 4   the measurement is sound, and too small to tell (INCONCLUSIVE)
├── GuardStop               5   a guard ended the run
├── TargetUnreachable       6   nothing answers where the target should be
└── CannotRecord            7   the run directory cannot be written
Ended                       130 SIGINT (Ctrl-C), 143 SIGTERM, 129 SIGHUP (the terminal is gone): 128 and the signal's
                                number, as shells have it; of what was measured the report is still written
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

PASS, UNEXPECTED, USAGE, MISSED, INVALID, GUARD, UNREACHABLE, NO_RECORD, INTERRUPTED = (
    0, 1, 2, 3, 4, 5, 6, 7, 130,
)  # fmt: skip
TERMINATED, HUNG_UP = 143, 129
ENDED = (TERMINATED, HUNG_UP, INTERRUPTED)
PRECEDENCE = (*ENDED, NO_RECORD, UNREACHABLE, GUARD, INVALID, MISSED)

Conclusion = Literal["INVALID", "FAIL", "INCONCLUSIVE", "PASS"]
CONCLUSIONS: tuple[Conclusion, ...] = get_args(Conclusion)
"""What is concluded of a run, the gravest first: a proven miss outweighs thin data, never the other way round."""
EXIT_CODES: dict[Conclusion, int] = {"INVALID": INVALID, "FAIL": MISSED, "INCONCLUSIVE": INVALID, "PASS": PASS}


class EntsurgeError(Exception):
    """A mistake or a mishap that the user can be told about in one line and a hint."""

    exit_code: ClassVar[int] = UNEXPECTED
    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.hint


class UsageError(EntsurgeError):
    """A command line, profile, scenario or experiment that cannot be used."""

    exit_code = USAGE


class ObjectivesMissed(EntsurgeError):  # the field's word
    """A required objective was missed."""

    exit_code = MISSED


class InvalidMeasurement(EntsurgeError):
    """The measurement is not to be believed."""

    exit_code = INVALID


class InconclusiveMeasurement(EntsurgeError):
    """The measurement is sound, and too small to tell."""

    exit_code = INVALID


class GuardStop(EntsurgeError):
    """A guard ended the run."""

    exit_code = GUARD


class TargetUnreachable(EntsurgeError):
    """Nothing answers where the target should be."""

    exit_code = UNREACHABLE


class CannotRecord(EntsurgeError):
    """The run directory cannot be written."""

    exit_code = NO_RECORD
    hint = "free some disk, or name another folder with --out"


class Ended(BaseException):  # no error: like KeyboardInterrupt, nobody is to catch it on the way
    """A signal ended the command before there was anything to write down."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.exit_code = 128 + number


def exit_code(codes: Iterable[int], conclusions: Iterable[Conclusion] = ()) -> int:
    """The exit code of several endings and verdicts together.

    How runs ended comes first (143, 129, 130, 7, 6, 5), then INVALID (4), FAIL (3), any other, INCONCLUSIVE (4), 0.
    """
    known, found = list(codes), list(conclusions)
    for code in PRECEDENCE:
        if code in known or code in {EXIT_CODES[each] for each in found if each != "INCONCLUSIVE"}:
            return code
    return next((code for code in known if code), max((EXIT_CODES[each] for each in found), default=PASS))


def gravest(conclusions: Iterable[Conclusion]) -> Conclusion:
    """What is concluded of several runs together; PASS of none."""
    return min(conclusions, key=CONCLUSIONS.index, default="PASS")

"""When it was: the instants of log lines in all their forms, as SQL."""

from __future__ import annotations

from entsurge.calibration.sql import text

FIRST, LAST = 946_684_800, 4_102_444_799  # the years 2000 to 2099: any other is a clock that was not set, or no time
MOST_OFFSET = "1400"
_DAY = (
    r"\d{4}[-/]\d\d[-/]\d\d|(?:[A-Za-z]{3}, )?\d{1,2} [A-Za-z]{3} \d{4}|\d{1,2}[-/.](?:[A-Za-z]{3}|\d{1,2})[-/.]\d{4}"
)
_CLOCK = r"\d\d:\d\d(?::\d\d)?"
_ZONE = r"[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?"
_WRITTEN = rf"^({_DAY})[Tt :]({_CLOCK})(?:[.,]\d+)? ?({_ZONE})?$"
_NUMBER = r"\d{9,20}(?:\.\d+)?|\d\.\d+[eE]\+?\d{1,2}"
_FORMS = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d-%b-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M"

HAS_OFFSET = rf"^(?:{_NUMBER}|(?:{_DAY})[Tt :]{_CLOCK}(?:[.,]\d+)? ?(?:{_ZONE}))$"
"""What needs no time zone to be understood."""
PLAUSIBLE = rf"^(?:20\d\d[-/]|(?:[A-Za-z]{{3}}, )?\d{{1,2}}[-/. ](?:[A-Za-z]{{3}}|\d{{1,2}})[-/. ]20\d\d|{_NUMBER})"
"""What may be an instant of this century."""


def usual(rows: str) -> str:
    """The rows with `second`, of stamps as Apache and nginx write them: 12/Jan/2026:10:00:00 +0100."""
    instant = "epoch(try_strptime(stamp, '%d/%b/%Y:%H:%M:%S %z'))"
    zoned = f"CASE WHEN {_is_offset('right(stamp, 4)')} THEN {instant} END"
    return (
        f"SELECT * EXCLUDE (instant), {_bounded('instant')} AS second FROM (SELECT *, {zoned} AS instant FROM {rows})"
    )


def any_form(rows: str) -> str:
    """The rows with `second`, in UTC since 1970, null where `stamp` is no instant of this century.

    Understood are the date of Apache and nginx, ISO 8601, day/month/year with a time, and seconds, milliseconds,
    microseconds or nanoseconds since 1970, told by their magnitude. Without an offset it is the session's local time.
    """
    forms = f"[{', '.join(map(text, _FORMS))}]"
    day = "regexp_replace(regexp_replace(stamped.day, '^[A-Za-z]{3}, ', ''), '[/. ]', '-', 'g')"
    return f"""
        SELECT * EXCLUDE (stamped, local, number_of, instant), {_bounded("instant")} AS second
        FROM (SELECT *, CASE WHEN number_of IS NOT NULL THEN
                             CASE WHEN number_of < 1e11 THEN number_of WHEN number_of < 1e14 THEN number_of / 1e3
                                  WHEN number_of < 1e17 THEN number_of / 1e6 ELSE number_of / 1e9 END
                             WHEN stamped.zone = '' THEN epoch(local::TIMESTAMPTZ)
                             ELSE epoch(local) - {_seconds_of("stamped.zone")} END AS instant
              FROM (SELECT *, try_strptime({day} || ' ' || stamped.clock, {forms}) AS local
                    FROM (SELECT *, regexp_extract(stamp, {text(_WRITTEN)}, ['day', 'clock', 'zone']) AS stamped,
                                 CASE WHEN regexp_full_match(stamp, {text(_NUMBER)})
                                      THEN try_cast(stamp AS DOUBLE) END AS number_of
                          FROM {rows})))
    """


def _bounded(instant: str) -> str:
    """Whole seconds, null outside this century: neither infinity nor the year 9999 is when a page was asked for."""
    return f"CASE WHEN {instant} BETWEEN {FIRST} AND {LAST} THEN floor({instant})::BIGINT END"


def _is_offset(digits: str) -> str:
    """Whether HHMM is the offset of a time zone: none is more than 14 hours from UTC."""
    return f"({digits} <= '{MOST_OFFSET}' AND right({digits}, 2) < '60')"


def _seconds_of(zone: str) -> str:
    """An offset such as +02:00, +0200, +02 or Z in seconds; null where no time zone has it."""
    hours, minutes = f"try_cast(substring({zone}, 2, 2) AS INTEGER)", f"try_cast(right({zone}, 2) AS INTEGER)"
    digits = f"rpad(replace(substring({zone}, 2), ':', ''), 4, '0')"
    return f"""
        CASE WHEN upper({zone}) IN ('Z', 'UTC', 'GMT') THEN 0
             WHEN {_is_offset(digits)} THEN (CASE WHEN {zone} LIKE '-%' THEN -1 ELSE 1 END)
                  * (3600 * {hours} + CASE WHEN length({zone}) > 3 THEN 60 * {minutes} ELSE 0 END) END
    """

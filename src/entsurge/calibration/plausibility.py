"""Whether those who were counted can be people: what is said loudly, or refused, where they cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from entsurge.calibration.addresses import PRIVATE
from entsurge.calibration.observed import ALL
from entsurge.calibration.shown import counted, printable
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from entsurge.calibration.access_log import AccessLog
    from entsurge.calibration.counts import Counts
    from entsurge.calibration.observed import Observed

ONE_VISITORS_PAGES = 50  # that one address may have without being a proxy's
PRIVATE_PAGES = 10  # the same, of an address of a private network
FEW_ADDRESSES, PAGES_OF_ONE = 5, 100
LARGE_PAGES = 10
MOST_PAGES, LEAST_PAGES = 40, 1.1  # a visit, on average; published figures are 4 to 6
FEW_VISITS, SOME_VISITS, MANY_VISITS = 5, 20, 200
NIGHT, DAY = range(6), range(8, 20)
SHARE_OF_DAY = 0.5  # of the visits of an hour of the day, that an hour of the night may have
UNREAD = 0.01
MISSING = 0.05  # of all page views
MOST_PAIRS = 5
FORWARDED = (
    "log the visitor's address instead of the proxy's (nginx: set_real_ip_from; Apache: mod_remoteip), "
    "add X-Forwarded-For to the line, or log the user"
)


@dataclass(frozen=True)
class _Figures:
    """Page views, those whose visitor an address tells and how many addresses; visits, and moves within them."""

    pages: int
    nameless: int
    addresses: int
    visits: int
    moves: int


def doubts(log: AccessLog, found: Observed, hours: Collection[int]) -> list[str]:
    """A sentence for each thing that cannot be; `hours` are those of the week that were observed.

    Raises UsageError where all visitors have one address and nothing tells them apart.
    """
    figures = _figures(log)
    _refuse_one_address(log.counts, figures)
    return [
        *_left_out(log), *_twice(log.counts), *_missing(log.counts, figures),
        *_large_shares(log, figures), *_per_visit(figures), *_at_night(found, hours, figures),
        *_unread(log.counts),
    ]  # fmt: skip


def _figures(log: AccessLog) -> _Figures:
    pages, nameless, addresses = log.database.execute(
        "SELECT count(*), count(*) FILTER (NOT named), count(DISTINCT address) FILTER (NOT named) FROM hits"
    ).fetchall()[0]
    visits, moves = log.database.execute(
        "SELECT count(*) FILTER (gap IS NULL), count(*) FILTER (moved) FROM views"
    ).fetchall()[0]
    return _Figures(pages, nameless, addresses, visits, moves)


def _refuse_one_address(counts: Counts, figures: _Figures) -> None:
    if figures.addresses != 1 or 2 * figures.nameless < figures.pages:
        return
    name = next((each.name for each in counts.suspects if not each.named), "")
    private = not name or re.match(PRIVATE, name)
    if figures.nameless >= (PRIVATE_PAGES if private else ONE_VISITORS_PAGES):
        whose = f"from one address, {name}" if name else "from one address"
        raise UsageError(
            f"{figures.nameless:,} page views came {whose}, and no user is named: visitors cannot be told apart",
            hint=FORWARDED,
        )


def _large_shares(log: AccessLog, figures: _Figures) -> Iterator[str]:
    """Whoever has a share of all page views that no visitor has, by name."""
    for suspect in log.counts.suspects:
        if suspect.pages >= LARGE_PAGES:
            share = f"{suspect.pages / figures.pages:.0%} of all page views ({suspect.pages:,} of {figures.pages:,})"
            name = printable(suspect.name)
            yield (
                f"{name} has {share}, with {counted(suspect.browsers, 'browser')}: a monitor or a proxy; "
                f"--without {quote(name)} leaves it out"
            )
    if 1 < figures.addresses <= FEW_ADDRESSES and figures.nameless >= PAGES_OF_ONE * figures.addresses:
        yield f"{figures.nameless:,} page views came from {figures.addresses} addresses only: proxies? {FORWARDED}"


def _per_visit(figures: _Figures) -> Iterator[str]:
    pages, moves = figures.pages / figures.visits, figures.moves / figures.visits
    if figures.visits >= FEW_VISITS and pages > MOST_PAGES:
        yield f"{pages:.0f} page views a visit: monitors, or several visitors taken for one"
    if figures.visits >= MANY_VISITS and pages < LEAST_PAGES:
        yield (
            f"{pages:.2f} page views a visit: one visitor taken for several (an address or a user that changes with "
            "every request), or most pages unknown to the rules"
        )
    if figures.visits >= FEW_VISITS and moves > 1:
        yield f"{1 + moves:.1f} addresses a visit: the user that the log names stands for several people"


def _at_night(found: Observed, hours: Collection[int], figures: _Figures) -> Iterator[str]:
    """Whether the night is as busy as the day: robots, or the hours of another time zone."""
    curve = found.curve(ALL)
    night, day = ([curve[hour] for hour in hours if hour % 24 in of] for of in (NIGHT, DAY))
    if figures.visits < SOME_VISITS or not night or not day:
        return
    at_night, by_day = sum(night) / len(night), sum(day) / len(day)
    if at_night > SHARE_OF_DAY * by_day:
        yield (
            f"{at_night:.1f} visits an hour from 00 to 06 h, {by_day:.1f} from 08 to 20 h: robots, or the hours of "
            "another time zone (--timezone)"
        )


def _unread(counts: Counts) -> Iterator[str]:
    lost = sum(number for (_, reason), number in counts.unparsed.items() if reason != "request")
    if lost > UNREAD * counts.lines:
        yield f"{lost:,} of {counts.lines:,} lines could not be parsed: their visits are missing"
    if counts.without_agent > counts.kinds["page"] / 2:
        yield "most lines name no browser: everybody behind one address is one visitor, and robots cannot be told"


def _twice(counts: Counts) -> Iterator[str]:
    """Files that hold the same lines: their visits count twice."""
    for each in counts.same_lines[:MOST_PAIRS]:
        yield (
            f"{printable(str(each.other))} has {each.share:.0%} of its lines in common with "
            f"{printable(str(each.one))}: they count twice; give every line once"
        )
    if (more := len(counts.same_lines) - MOST_PAIRS) > 0:
        yield f"{more:,} more pairs of files have lines in common"


def _missing(counts: Counts, figures: _Figures) -> Iterator[str]:
    """Page views that are in no figure: no rule knows them, or nothing tells whose they are."""
    unknown, pages = counts.kinds["unknown"], counts.kinds["page"]
    if unknown >= MISSING * (unknown + pages):
        yield (
            f"{unknown / (unknown + pages):.0%} of page views ({unknown:,}) are pages that no rule knows: they are "
            "missing from every figure; name their paths in a file of rules (--rules)"
        )
    if (nobodys := pages - figures.pages) >= MISSING * pages:
        yield f"{nobodys / pages:.0%} of page views ({nobodys:,}) tell no visitor: they are in no visit; {FORWARDED}"


def _left_out(log: AccessLog) -> Iterator[str]:
    if log.without and not log.counts.kinds["left-out"]:
        yield f"no line is of {', '.join(log.without)}: nothing was left out"

"""How many accounts a plan needs, by persona and academy: said before the start, with the number."""

from __future__ import annotations

from collections import defaultdict, deque
from functools import partial
from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import presence_in
from entsurge.said import said

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile
    from entsurge.plan.arrivals import VisitPlan
    from entsurge.targets.accounts import AccountBook

SLOWER, SPARE_US = 5, 2_000_000  # a visit may last a quarter longer than planned, and two seconds
PLENTY = 1_000_003


def lifetime_us(visit: VisitPlan) -> int:
    """How long a visit may keep its account: its gaps, a quarter more, two seconds."""
    gaps = sum(page.gap_us for page in visit.pages)
    return gaps + gaps // (SLOWER - 1) + SPARE_US


def needed(profile: Profile, book: AccountBook) -> dict[tuple[str, str], int]:
    """By persona and academy, the most accounts that are taken in turn before the first of them is free again."""
    waiting: dict[tuple[str, str], deque[tuple[int, int]]] = defaultdict(deque)
    ordinal: dict[tuple[str, str], int] = defaultdict(int)
    most: dict[tuple[str, str], int] = defaultdict(int)
    for visit in Arrivals(profile, book.groups(profile.personas, least=PLENTY, present=partial(presence_in, profile))):
        key = (visit.persona, visit.group)
        number, still = ordinal[key], waiting[key]
        ordinal[key] += 1
        while still and still[0][1] <= visit.due_us:
            still.popleft()
        still.append((number, visit.due_us + lifetime_us(visit)))
        most[key] = max(most[key], number - still[0][0] + 1)  # the earliest of those still there
    return dict(most)


def check_enough(profile: Profile, book: AccountBook) -> None:
    """Raise UsageError when the plan would call somebody who is still there, with every number that is needed."""
    lines = []
    for (persona, academy), need in sorted(needed(profile, book).items()):
        have = book.count_in_academy(persona, book.academy_names.index(academy))
        if have < need:
            lines.append(f"accounts: {persona} in {academy}: {have}; the plan needs {need}")
    if lines:
        raise UsageError(
            "\n".join(lines),
            hint=said(
                "add accounts to the CSV file, or take a smaller --scale{of_others}",
                of_others=_of_others(profile, book),
            ),
        )


def _of_others(profile: Profile, book: AccountBook) -> str:
    """What the file has for personas that the profile has not: a name that is written otherwise, perhaps."""
    others = [persona for persona in book.counts() if persona not in profile.personas]
    return f"; it has accounts of {', '.join(others)}, which the profile has not" if others else ""

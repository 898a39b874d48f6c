"""Does a plan fit a target: its limits, its accounts, its days, the services of its product."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from entsurge.audience.academies import ACADEMIES
from entsurge.audience.profile import unknown
from entsurge.audience.shape import SERVICES
from entsurge.errors import UsageError
from entsurge.plan.people import presence, presence_in
from entsurge.plan.summary import window_load
from entsurge.said import said
from entsurge.targets.accounts import EVERYONE
from entsurge.targets.file import check_authorised
from entsurge.targets.need import check_enough
from entsurge.visit.driver import ByPersona

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from datetime import date

    from entsurge.audience.persona import Persona
    from entsurge.audience.profile import Profile
    from entsurge.targets.accounts import AccountBook
    from entsurge.targets.file import Target
    from entsurge.visit.driver import Driver


def fitting(target: Target, profile: Profile, today: date | None = None, *, asked: bool = False) -> Profile:
    """The profile with the target's own objectives, if the plan may be offered to this target.

    `asked`: objectives were asked for on the command line, which come before the target's.

    Raises UsageError for an authorisation of other days, limits that the plan passes, accounts that are too few,
    objectives of a persona that the profile has not.
    """
    check_authorised(target, today or datetime.now(UTC).astimezone().date())
    _check_limits(target, profile)
    if target.accounts is not None:
        _check_academies(target, target.accounts, profile)
        check_enough(profile, target.accounts)
    if asked or not target.file.objective:
        return profile
    strangers = [each for each in target.file.objective if each.persona not in {"*", *profile.personas}]
    if strangers:
        lines = [f"{target.path}: objective: {unknown(each.persona, profile.personas)}" for each in strangers]
        raise UsageError("\n".join(lines))
    return replace(profile, file=profile.file.model_copy(update={"objective": list(target.file.objective)}))


def _check_academies(target: Target, book: AccountBook, profile: Profile) -> None:
    """Raise UsageError for academies of accounts whose holidays nobody knows, where the profile has a date.

    Accounts of no academy come as the profile's academies together do.
    """
    calendar = profile.file.calendar
    if calendar is None:
        return
    named = [name for name in book.academy_names if name != EVERYONE]
    lacking = calendar.without(named)
    if not lacking:
        return
    unknown_ones = [name for name in lacking if name not in ACADEMIES]
    file = target.path.parent / target.file.accounts.file if target.file.accounts else target.path
    raise UsageError(
        said(
            "{file}: academy: {names}: no calendar says when they have holidays, and the profile stands on {date}",
            file=file, names=", ".join(lacking), date=calendar.date,
        ),
        hint=said("the academies are {names}", names=", ".join(ACADEMIES))
        if unknown_ones
        else said("add their holidays to the profile as [[calendar.holiday]] (name, academies, from, resume)"),
    )  # fmt: skip


def _check_limits(target: Target, profile: Profile) -> None:
    limits, load = target.file.limits, window_load(profile, present=_present(target, profile))["total"]
    asked = (
        ("visits_per_second", limits.visits_per_second, load["visits_per_second"]),
        ("visitors", limits.visitors, load["concurrency"]),
    )
    faults = [
        f"{target.path}: limits.{name} = {most:g}: the plan asks for {need:.1f}"
        for name, most, need in asked
        if most is not None and need > most
    ]
    if faults:
        raise UsageError("\n".join(faults), hint="take a smaller --scale, or a smaller --compression")


def _present(target: Target, profile: Profile) -> tuple[Fraction, ...]:
    """Who comes on each day: of the target's own accounts, else of the profile's people."""
    if target.accounts is None:
        return presence(profile)
    academies = target.accounts.groups(profile.personas, present=partial(presence_in, profile))
    return tuple(sum((of.share * of.present[day] for of in academies), Fraction(0)) for day in range(7))


def check_services(
    profile: Profile, driver: Driver, stand_in: Mapping[str, str], *, whose: Container[str] | None = None,
    called: str = "",
) -> None:  # fmt: skip
    """Raise UsageError when the plan opens pages of a service that the product has none of, and nothing stands in.

    A page that reads is needed by every persona that visits the service, of those `whose` visits this driver plays
    (None: all); `called` is the driver's name, where there are several.
    """
    visiting = [
        persona
        for persona in profile.personas
        if profile.mixes.visit_share(persona) and (whose is None or persona in whose)
    ]
    reads = {persona: _reads(driver, profile.personas[persona]) for persona in visiting}
    lacking = {
        name: [who for who in visiting if profile.mixes.mix(who).page_share(name) and asked not in reads[who]]
        for name in SERVICES
        if (asked := stand_in.get(name, name))
    }
    missing = {name: who for name, who in lacking.items() if who}
    if missing:
        known = sorted({spec.service for spec in driver.actions.values() if not spec.writes})
        lines = ", ".join(f'{name} = "{next(iter(known), "home")}"' for name in missing)
        lacks = ", ".join(_of_whom(name, who, known, stand_in) for name, who in missing.items())
        raise UsageError(
            said(
                "the driver{called} has no pages of {lacks}, which the plan opens",
                called=f" {called}" if called else "",
                lacks=lacks,
            ),
            hint=said("say in the target file what stands in: stand_in = {{ {lines} }}", lines=lines),
        )


def _reads(driver: Driver, persona: Persona) -> frozenset[str]:
    """The services of which a persona has a page that only reads."""
    if isinstance(driver, ByPersona):
        return driver.reads(persona.key)
    whose = {persona.key, persona.rights}
    return frozenset(spec.service for spec in driver.actions.values() if not spec.writes and whose & spec.personas)


def _of_whom(service: str, lacking: list[str], known: list[str], stand_in: Mapping[str, str]) -> str:
    """A service; with the personas that have no page of it where others have."""
    return f"{service} (for {', '.join(lacking)})" if stand_in.get(service, service) in known else service

"""The people behind a plan: the synthetic population of a profile, and its tenant groups (academies)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge.audience.academies import ACADEMIES
from entsurge.audience.calendar import zone_of
from entsurge.plan.arrivals import Group
from entsurge.plan.rates import EVERY_DAY
from entsurge.population import Population

if TYPE_CHECKING:
    from entsurge.audience.calendar import Calendar
    from entsurge.audience.profile import Profile


def population(profile: Profile) -> Population:
    """The population that the profile asks for; the same seed gives the same people."""
    people = profile.file.population
    return Population(
        seed=profile.file.replay.seed,
        academies=people.academies,
        schools=people.schools,
        classes_per_school=people.classes_per_school,
        pupils_per_class=people.pupils_per_class,
        personas=tuple(profile.personas.values()),
    )


def groups(profile: Profile) -> list[Group]:
    """The academies, each with its share of the audience, who of them come on which day, and accounts per persona.

    Shares are those of the pupils; where the calendar weighs zones, those of the pupils within each zone.
    """
    people = population(profile)
    calendar = profile.file.calendar
    shares = _shares(people, calendar)
    return [
        Group(
            name=name,
            share=shares[index],
            accounts={persona: people.count_in_academy(persona, index) for persona in profile.personas},
            present=calendar.presence(name) if calendar else EVERY_DAY,
        )
        for index, name in enumerate(people.academy_names)
    ]


def _shares(people: Population, calendar: Calendar | None) -> list[Fraction]:
    pupils = [people.count_in_academy("student", index) for index in range(len(people.academy_names))]
    if calendar is None or not calendar.zone_percent:
        return [Fraction(each, sum(pupils)) for each in pupils]
    zones = [zone_of(name) for name in people.academy_names]
    of_zone = {zone: sum(n for n, each in zip(pupils, zones, strict=True) if each == zone) for zone in zones}
    weights = {zone: percent.value / 100 for zone, percent in calendar.zone_percent.items()}
    return [weights[zone] * Fraction(n, of_zone[zone]) for n, zone in zip(pupils, zones, strict=True) if zone]


def presence_in(profile: Profile, academy: str) -> tuple[Fraction, ...]:
    """The same of one academy; whoever is said to be of none comes as all of the profile's academies together do."""
    calendar = profile.file.calendar
    return calendar.presence(academy) if calendar and academy in ACADEMIES else presence(profile)


def presence(profile: Profile) -> tuple[Fraction, ...]:
    """Which share of an ordinary audience comes on each day of the profile's week: all academies, by their pupils."""
    if profile.file.calendar is None:
        return EVERY_DAY
    academies = groups(profile)
    return tuple(sum((of.share * of.present[day] for of in academies), Fraction(0)) for day in range(7))

"""The people behind a plan: the synthetic population of a profile, and its tenant groups (academies)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge.plan.arrivals import Group
from entsurge.plan.rates import EVERY_DAY
from entsurge.population import Population

if TYPE_CHECKING:
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
    """The academies, each with its share of the pupils, who of them come on which day, and accounts per persona."""
    people = population(profile)
    pupils, calendar = people.count("student"), profile.file.calendar
    return [
        Group(
            name=name,
            share=Fraction(people.count_in_academy("student", index), pupils),
            accounts={persona: people.count_in_academy(persona, index) for persona in profile.personas},
            present=calendar.presence(name) if calendar else EVERY_DAY,
        )
        for index, name in enumerate(people.academy_names)
    ]


def presence(profile: Profile) -> tuple[Fraction, ...]:
    """Which share of an ordinary audience comes on each day of the profile's week: all academies, by their pupils."""
    if profile.file.calendar is None:
        return EVERY_DAY
    academies = groups(profile)
    return tuple(sum((of.share * of.present[day] for of in academies), Fraction(0)) for day in range(7))

"""The people behind a plan: the synthetic population of a profile, and its tenant groups (academies)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge.plan.arrivals import Group
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
    """The academies, each with its share of the pupils (less where the week is a holiday) and accounts per persona."""
    people = population(profile)
    pupils = people.count("student")
    return [
        Group(
            name=name,
            share=Fraction(people.count_in_academy("student", index), pupils) * present(profile, name),
            accounts={persona: people.count_in_academy(persona, index) for persona in profile.personas},
        )
        for index, name in enumerate(people.academy_names)
    ]


def present(profile: Profile, academy: str) -> Fraction:
    """The share of its ordinary audience that an academy has in the profile's week: 1, or little in a holiday."""
    week = profile.file.calendar
    return profile.calendar.presence(academy, week.monday) if profile.calendar and week else Fraction(1)


def presence(profile: Profile) -> Fraction:
    """The same for all academies together, weighed by their pupils."""
    if profile.calendar is None:
        return Fraction(1)
    return sum((group.share for group in groups(profile)), Fraction(0))

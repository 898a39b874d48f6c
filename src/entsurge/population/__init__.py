"""Synthetic schools, households and accounts; nobody in them exists.

`Persona`, `PERSONAS` and `SHIPPED` are of `audience.persona`, the home of personas. They are handed on here for the
embedded ENT, which imports nothing of the harness but its population: a building of its own, it knows no profile.
"""

from entsurge.audience.persona import PERSONAS, SHIPPED, Persona, by_key, deferred
from entsurge.population.accounts import write_csv
from entsurge.population.people import Person, Population, School
from entsurge.population.uai import check_uai

__all__ = [
    "PERSONAS",
    "SHIPPED",
    "Person",
    "Persona",
    "Population",
    "School",
    "by_key",
    "check_uai",
    "deferred",
    "write_csv",
]

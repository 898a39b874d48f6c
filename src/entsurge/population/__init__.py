"""Synthetic schools, households and accounts; nobody in them exists."""

from entsurge.population.accounts import write_csv
from entsurge.population.people import PERSONAS, Person, Persona, Population, School
from entsurge.population.uai import check_uai

__all__ = ["PERSONAS", "Person", "Persona", "Population", "School", "check_uai", "write_csv"]

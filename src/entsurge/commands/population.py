"""`entsurge population`: synthetic people as CSV, streamed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from entsurge.population import PERSONAS, Population, write_csv

if TYPE_CHECKING:
    from entsurge.population import Persona


@click.command("population", epilog="Example: entsurge population --schools 2 --seed 7 > people.csv")
@click.option("--seed", default=9, show_default=True, help="The same seed gives the same people.")
@click.option("--academies", default=4, show_default=True, type=click.IntRange(1))
@click.option("--schools", default=8, show_default=True, type=click.IntRange(1))
@click.option(
    "--classes", "classes_per_school", default=6, show_default=True, type=click.IntRange(1), help="Per school."
)
@click.option("--pupils", "pupils_per_class", default=30, show_default=True, type=click.IntRange(1), help="Per class.")
@click.option(
    "--persona", multiple=True, type=click.Choice(["student", "teacher", "parent", "staff"]), help="Only these."
)
def command(
    seed: int,
    academies: int,
    schools: int,
    classes_per_school: int,
    pupils_per_class: int,
    persona: tuple[Persona, ...],
) -> None:
    """Write synthetic people as CSV to standard output: accounts, schools, classes, families."""
    people = Population(
        seed=seed,
        academies=academies,
        schools=schools,
        classes_per_school=classes_per_school,
        pupils_per_class=pupils_per_class,
    )
    write_csv(people, sys.stdout, persona or PERSONAS)

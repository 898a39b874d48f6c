"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = "runs"


def replay_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--scale`, `--compression`, `--seed`, `--arrivals`, `--shape`, `--bell`, `--day`: what replaces the profile's."""
    for option in (
        click.option(
            "--without-measures", "measures", is_flag=True, callback=_left_out, help="Leave the profile's measures out."
        ),
        click.option("--day", type=click.IntRange(1), metavar="N", help="One of a profile's days; 1 is the first."),
        click.option("--bell", metavar="NAME", help="The school bell: school, none, or a file."),
        click.option("--shape", metavar="NAME", help="Week shape: lockdown, ordinary, or a file."),
        click.option("--arrivals", type=click.Choice(["systematic", "poisson"]), help="How arrivals are drawn."),
        click.option("--seed", type=int, metavar="N", help="Seed of the plan and of the population."),
        click.option("--compression", metavar="FACTOR", help="By how much time is shortened, such as 45."),
        click.option("--scale", metavar="SHARE", help="Share of the population, such as 1/86 or 0.01."),
    ):
        function = option(function)
    return function


def _left_out(context: click.Context, parameter: click.Parameter, asked: bool) -> bool | None:
    del context, parameter
    return False if asked else None


def overrides(**given: Any) -> dict[str, Any]:
    """The overrides that were really given."""
    return {name: value for name, value in given.items() if value is not None}


def new_run_folder(name: str, runs: str = RUNS) -> Path:
    """runs/<utc>-<name>, not there yet."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = Path(runs) / f"{stamp}-{name}"
    number = 2
    while path.exists():
        path = Path(runs) / f"{stamp}-{name}-{number}"
        number += 1
    return path

"""What a shell completes the value of an option with: shipped names, runs that are here, what is in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from entsurge import content
from entsurge.record.layout import runs_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click

    from entsurge.chaos.state import Record

    Completing = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

NONE = "none"


def values(names: Callable[[], Iterable[str]], *, or_a: str = "") -> Completing:
    """Completes with these names, or, with `or_a`, a `file` or a `dir` of one's own.

    What the shell is to complete by itself comes first: bash forgets what it was told before that.
    """

    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        del context, parameter
        own = [CompletionItem(begun, type=or_a)] if or_a else []
        return own + [CompletionItem(name) for name in names() if name.startswith(begun)]

    return complete


def several(*known: str) -> Completing:
    """Completes the last of a list such as `fr,en` with what is not in it yet."""

    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        del context, parameter
        before, comma, last = begun.rpartition(",")
        left = [name for name in known if name not in before.split(",") and name.startswith(last)]
        return [CompletionItem(f"{before}{comma}{name}") for name in left]

    return complete


def runs(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Run directories in the folder that is begun, or here and in runs/; else any folder."""
    from entsurge.commands.options import RUNS  # which completes options itself

    del context, parameter
    folder, slash, _ = begun.rpartition("/")
    places = [folder + slash] if slash else ["", f"{RUNS}/"]
    found = [f"{place}{run.name}" for place in places for run in runs_in(Path(place))]
    return [CompletionItem(begun, type="dir")] + [CompletionItem(path) for path in found if path.startswith(begun)]


def _of_profiles(folder: str, *more: str) -> Completing:
    return values(
        lambda: [*sorted(path.stem for path in (content.root("profiles") / folder).glob("*.toml")), *more], or_a="file"
    )


def profiles_or(*words: str) -> Completing:
    """Completes with shipped profiles, and with these words that stand in a profile's place."""
    return values(lambda: [*words, *content.names("profiles")], or_a="file")


def _experiments() -> list[str]:
    from entsurge.chaos import game_day

    return [*content.names("chaos"), *game_day.names()]


def _measures() -> list[str]:
    from entsurge.chaos.experiment import load

    return [name for name in content.names("chaos") if load(name).extension.kind == "measure"]


def _simulated() -> Iterable[str]:
    from entsurge.simulation.measures import MEASURES

    return MEASURES


def _drivers() -> list[str]:
    from entsurge.drivers import registry

    return registry.names()


def _personas() -> list[str]:
    from entsurge.population import SHIPPED

    return [persona.key for persona in SHIPPED]


def _zones() -> list[str]:
    from zoneinfo import available_timezones

    return sorted(available_timezones())


def _in_force(of: Callable[[Record], str]) -> Completing:
    def names() -> list[str]:
        from entsurge.chaos.state import in_force

        return sorted({of(record) for record in in_force()})

    return values(names)


def _questions() -> list[str]:
    from entsurge.chaos.confirmation import open_questions

    return [one.id for one in open_questions()]


records_in_force = _in_force(lambda record: record.id)
experiments_in_force = _in_force(lambda record: record.experiment)
runs_in_force = _in_force(lambda record: record.run)
questions = values(_questions)
profiles = profiles_or()
experiments = values(_experiments, or_a="file")
measures = values(_measures, or_a="file")
simulated_measures = values(_simulated)
drivers = values(_drivers, or_a="file")
personas = values(_personas)
persona_files = _of_profiles("personas")
deployments = _of_profiles("deployments")
bells = _of_profiles("bells", NONE)
devices = _of_profiles("devices", NONE)
shapes = _of_profiles("shapes")
service_levels = _of_profiles("service-levels")
log_rules = _of_profiles("log-rules")
zones = values(_zones)
files, folders = values(list, or_a="file"), values(list, or_a="dir")

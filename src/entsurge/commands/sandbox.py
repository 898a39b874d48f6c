"""`entsurge sandbox`: serves the embedded reference ENT until Ctrl-C."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from entsandbox.live_limits import LiveLimits
from entsandbox.load.computed_capacity import MORNING
from entsandbox.measures import MEASURES
from entsandbox.service_time_distribution import KNOWN
from entsandbox.settings import PRODUCTS, REFUSALS, Settings
from entsurge.audience import profile as profiles
from entsurge.commands import complete
from entsurge.commands.demo import capacity_for, demo_settings
from entsurge.commands.json_output import json_option, say_json, say_json_lines
from entsurge.commands.options import FiniteRange
from entsurge.errors import UsageError
from entsurge.habits import quiet
from entsurge.said import said
from entsurge.terminal import echo, figure

if TYPE_CHECKING:
    from entsandbox.load.computed_capacity import Capacity
    from entsurge.audience.profile import Profile

EXAMPLES = """\b
Examples:
  entsurge sandbox --port 8080
  entsurge sandbox --port 8080 --speak entcore
  entsurge sandbox --workers 4 --page-seconds 0.2 --service homework=0.4 --spread gamma:2 --capacity
  entsurge sandbox --capacity --measure static-home --measure pupils-and-teachers-first
  entsurge sandbox --database postgresql://user@127.0.0.1:5432/ent --processes 4"""


@click.command("sandbox", epilog=EXAMPLES)
@click.option(
    "--speak",
    type=click.Choice(PRODUCTS),
    default=PRODUCTS[0],
    show_default=True,
    help="The product that it answers as (docs/sandbox.md).",
)
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Another address lets the network in.")
@click.option(
    "--profile",
    shell_complete=complete.profiles,
    default="lockdown-2020",
    show_default=True,
    help="Whose people live here and whose mix is computed with.",
)
@click.option(
    "--database",
    envvar="ENTSURGE_DATABASE",
    help="postgresql://… or sqlite:///FILE, rebuilt at every start (default: in memory).",
)
@click.option("--files", "files_folder", help="Folder of uploaded files (default: temporary).")
@click.option(
    "--processes", type=click.IntRange(1), help="Server processes, each with workers of its own; on PostgreSQL."
)
@click.option("--workers", type=click.IntRange(1), help="Application workers (default: as in the demo).")
@click.option("--pool", type=click.IntRange(1), help="Database connections (default: as in the demo).")
@click.option("--queue-limit", type=click.IntRange(0), help="Pages that may wait for a worker.")
@click.option("--refusal", type=click.Choice(REFUSALS), help="What a full queue does: answer 503, or hang up.")
@click.option("--page-seconds", type=FiniteRange(0), help="How long a page holds a worker (default: as in the demo).")
@click.option("--service", multiple=True, metavar="SERVICE=SECONDS", help="The same for one service; repeatable.")
@click.option("--spread", help=f"Distribution of page times around their mean: {KNOWN}.")
@click.option("--session-limit", type=click.IntRange(1), help="Sessions before the waiting room answers.")
@click.option(
    "--waiting-room",
    "waiting_room_per_second",
    type=FiniteRange(0, min_open=True),
    help="Newcomers a second that the waiting room itself can look after (default: as many as come).",
)
@click.option("--pages-per-minute", type=FiniteRange(0, min_open=True), help="Allowance of each account; then 429.")
@click.option(
    "--parents-marks-hours",
    type=FiniteRange(0),
    help="How long after pupils parents see marks (default: 24; 0 where the school says so).",
)
@click.option("--password-cost", type=click.IntRange(1, 20), help="log2 of scrypt's n (default: 10).")
@click.option(
    "--live",
    multiple=True,
    metavar="NAME=VALUE",
    help="A limit of chat and video class, such as video_kbps=500; repeatable (see docs/live-services.md).",
)
@click.option("--unlimited", is_flag=True, help="Lift workers, pool, queue, sessions and waiting room.")
@click.option(
    "--capacity", "only_capacity", is_flag=True, help="Print what it can take, by computation, and serve nothing."
)
@click.option("--measure", "measures", multiple=True, type=click.Choice(MEASURES), help="Compute with a measure on.")
@click.option("--hour", default=MORNING, show_default=True, type=FiniteRange(0, 24), help="For time slots.")
@json_option
def command(
    *, profile: str, only_capacity: bool, measures: tuple[str, ...], hour: float, as_json: bool, **given: Any
) -> None:
    """Serve the reference ENT: portals, CAS sign-on, every service, admin route, /metrics.

    It listens on loopback unless told otherwise. What it can take is printed first: the bound of each of its limits
    in visits per second, and the least of them. With --json: that with --capacity; else, once it listens, a line with
    address, token and capacity.
    """
    loaded = profiles.load(profile)
    settings = _settings(loaded, given)
    takes = capacity_for(settings, loaded, frozenset(measures), hour=hour)
    if not as_json and (only_capacity or not quiet()):
        _say_capacity(settings, loaded, takes)
    elif only_capacity:
        say_json(asdict(takes))
    if only_capacity:
        return
    from entsandbox.server import serve  # the server is loaded only to serve

    def tell(url: str, token: str) -> None:
        say_json_lines([{"url": url, "admin_token": token, "capacity": asdict(takes)}])

    _warn_of_the_network(settings.host)
    serve(settings, listening=tell if as_json else _say_where)


def _settings(loaded: Profile, given: dict[str, Any]) -> Settings:
    known = vars(demo_settings(loaded))
    services = _services(given.pop("service"))
    given["default_seconds"] = given.pop("page_seconds")
    given["live"] = LiveLimits.from_words(given["live"])
    asked = {name: value for name, value in given.items() if value is not None}
    return Settings(**known | asked | {"service_seconds": dict(known["service_seconds"]) | services})


def _services(given: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for text in given:
        name, _, seconds = text.partition("=")
        try:
            found[name] = float(seconds)
        except ValueError:
            raise UsageError(
                said("--service {text}: expected SERVICE=SECONDS", text=text), hint="such as homework=0.4"
            ) from None
    return found


def _say_capacity(settings: Settings, loaded: Profile, takes: Capacity) -> None:
    several = f"{settings.processes} × " if settings.processes > 1 else ""
    echo(
        f"capacity by computation, for the mix of {loaded.name}: {takes.pages_per_second:.1f} pages/s, "
        f"{takes.visits_per_second:.2f} visits/s ({takes.limiting}: {several}{settings.workers} workers, "
        f"{settings.default_seconds:.3f} s a page)"
    )
    bounds = ", ".join(f"{name} {figure(bound, '.2f')}" for name, bound in takes.bounds.items())
    echo(
        f"bounds in visits/s: {bounds}; {takes.heaviest} takes {takes.heaviest_share:.0%} of the workers' time; "
        f"{takes.admitted_share:.0%} of visits admitted"
    )


def _warn_of_the_network(host: str) -> None:
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        echo(f"warning: {host} is not loopback: whoever reaches it can sign on with the accounts", err=True)


def _say_where(url: str, token: str) -> None:
    account = "each account's name and password: entsurge population"
    echo(f"serving {url}   ({account})\nmeasures: export ENTSURGE_ADMIN_TOKEN={token}\nCtrl-C ends it")

"""`entsurge sandbox`: serves the embedded reference ENT until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from entsurge.audience import profile as profiles
from entsurge.commands.demo import capacity_for, demo_settings
from entsurge.sandbox.live.limits import LiveLimits
from entsurge.sandbox.settings import Settings

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile


@click.command(
    "sandbox",
    epilog="Examples: entsurge sandbox --port 8080 · entsurge sandbox --workers 4 --page-seconds 0.2 --capacity",
)
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--profile",
    default="lockdown-2020",
    show_default=True,
    help="Whose people live here and whose mix is computed with.",
)
@click.option("--workers", type=click.IntRange(1), help="Application workers (default: as in the demo).")
@click.option(
    "--page-seconds", type=click.FloatRange(0), help="How long a page holds a worker (default: as in the demo)."
)
@click.option("--session-limit", type=click.IntRange(1), help="Sessions before the waiting room answers.")
@click.option(
    "--live",
    multiple=True,
    metavar="NAME=VALUE",
    help="A limit of chat and video class, such as video_kbps=500 or chat_places=30 (see docs/live-services.md).",
)
@click.option("--unlimited", is_flag=True, help="Lift workers, pool, queue and sessions.")
@click.option(
    "--capacity", "only_capacity", is_flag=True, help="Print what it can take, by computation, and serve nothing."
)
def command(
    port: int, profile: str, workers: int | None, page_seconds: float | None, session_limit: int | None,
    live: tuple[str, ...], unlimited: bool, only_capacity: bool,
) -> None:  # fmt: skip
    """Serve the reference ENT on loopback: portal, CAS sign-on, every service, admin route, /metrics."""
    loaded = profiles.load(profile)
    given: dict[str, Any] = {
        "port": port,
        "workers": workers,
        "default_seconds": page_seconds,
        "session_limit": session_limit,
    }
    given["live"] = LiveLimits.from_words(live) if live else None
    settings = _settings(
        loaded, {name: value for name, value in given.items() if value is not None}, unlimited=unlimited
    )
    _say_capacity(settings, loaded)
    if only_capacity:
        return
    from entsurge.sandbox.server import serve  # the server is loaded only to serve

    serve(settings, listening=_say_where)


def _settings(loaded: Profile, given: dict[str, Any], *, unlimited: bool) -> Settings:
    known = vars(demo_settings(loaded)) | given | {"unlimited": unlimited}
    return Settings(**known)


def _say_capacity(settings: Settings, loaded: Profile) -> None:
    takes = capacity_for(settings, loaded)
    click.echo(
        f"capacity by computation, for the mix of {loaded.name}: {takes.pages_per_second:.1f} pages/s, "
        f"{takes.visits_per_second:.2f} visits/s ({takes.limiting}: {settings.workers} workers, "
        f"{settings.default_seconds:.3f} s a page)"
    )


def _say_where(url: str, token: str) -> None:
    account = "each account's name and password: entsurge population"
    click.echo(f"serving {url}   ({account})\nmeasures: export ENTSURGE_ADMIN_TOKEN={token}\nCtrl-C ends it")

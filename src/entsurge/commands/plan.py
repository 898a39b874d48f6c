"""`entsurge plan`: what a run would offer, in figures and as a plot. Sends nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from entsurge.audience import profile as profiles
from entsurge.audience.calendar import weekday
from entsurge.audience.persona import entry
from entsurge.audience.shape import DAYS
from entsurge.commands import complete, sizing
from entsurge.commands.json_output import json_option, say_json
from entsurge.commands.options import FiniteRange, by_persona, cast, overrides, replay_options
from entsurge.commands.targets import choose
from entsurge.errors import CannotRecord
from entsurge.plan import plot, summary
from entsurge.plan.beside import lines
from entsurge.plan.enough import too_thin
from entsurge.plan.people import population, presence
from entsurge.said import Named, listed, named, said
from entsurge.targets.app import playable
from entsurge.terminal import echo, figure, here, lang_option, language

if TYPE_CHECKING:
    from entsurge.commands.targets import Chosen
    from entsurge.plan.beside import DayLine
    from entsurge.plan.summary import Summary

OTHER_SHAPE = {"lockdown": "ordinary", "ordinary": "lockdown", "pause-numerique": "ordinary"}
TOLD = ("compression", "run_seconds", "warm_up_seconds", "visits", "page_views")


@click.command(
    "plan",
    epilog="Examples: entsurge plan lockdown-2020 --limit 8 · entsurge plan ./ours.toml --json · "
    "entsurge plan lockdown-2020 --target ./target.toml · "
    "entsurge plan pause-numerique-monday --beside ordinary-monday --plot monday.png",
)
@click.argument("profile", shell_complete=complete.profiles)
@click.option(
    "--limit",
    type=FiniteRange(min=0, min_open=True),
    metavar="VISITS_PER_S",
    help="List the hours of the week over this rate.",
)
@json_option
@click.option(
    "--plot", "plot_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the plot (svg, png, html)."
)
@click.option(
    "--target",
    shell_complete=complete.files,
    metavar="URL|FILE",
    help="Say also which cores, memory, descriptors and ports a run against it needs; nothing is sent to it.",
)
@click.option(
    "--beside",
    shell_complete=complete.profiles,
    multiple=True,
    metavar="PROFILE",
    help="Compare the day of the window with the same day of this profile; --plot then draws both. Repeatable.",
)
@click.option("--scenario", multiple=True, metavar="PERSONA=FILE", help="As for a run; looked for, not run.")
@lang_option
@replay_options
def command(
    *, profile: str, scenario: tuple[str, ...], limit: float | None, as_json: bool, plot_file: Path | None,
    target: str | None, beside: tuple[str, ...], **given: Any,
) -> None:  # fmt: skip
    """What a run of PROFILE would offer: visits, pages, requests per second and visitors at once."""
    chosen = choose(target) if target else None
    loaded = _visiting(profiles.load(profile, overrides=overrides(**given)), chosen)
    deferred = cast(loaded, by_persona(scenario))
    other = OTHER_SHAPE.get(loaded.file.shape)
    compared = (other, profiles.load_shape(other)) if other else None
    found = summary.summarise(loaded, other=compared, limit=limit)
    sides = lines(loaded, map(profiles.load, beside)) if beside else []
    if plot_file:
        try:
            plot.write_beside(sides, plot_file) if sides else plot.write(found, plot_file)
        except OSError as error:
            raise CannotRecord(
                said("{plot_file}: {value}", plot_file=plot_file, value=error.strerror or error),
                hint="its folder must be there",
            ) from None
    in_turn = len(loaded.file.day) if given.get("day") is None else 0
    of_days = (profiles.load(profile, overrides=overrides(**given | {"day": n + 1})) for n in range(in_turn))
    days = [_visiting(day, chosen) for day in of_days]
    sized = sizing.size(loaded, days, target) if target else None
    if as_json:
        windows = [{"name": day.name, **summary.window_load(day)} for day in days]
        small = [asdict(each) | {"scale": str(each.scale)} for each in too_thin(loaded, deferred)]
        whole = found.as_json() | {"too_small": small} | ({"days": windows} if windows else {})
        whole |= {"beside": [each.as_json() for each in sides]} if sides else {}
        say_json(whole | ({"sizing": sized.as_json()} if sized else {}))
        return
    _show(found, loaded, limit, plot_file)
    if sides:
        _show_beside(loaded, sides)
    for thin in too_thin(loaded, deferred):
        echo(said("too small to tell: {why}", why=thin.sentence))
    if in_turn:
        _show_days(loaded)
    if sized:
        sizing.show(sized)
    _show_basis(loaded)


def _visiting(loaded: profiles.Profile, chosen: Chosen | None) -> profiles.Profile:
    """The profile as the target can be visited, where one is named: without an app nobody comes by it."""
    if chosen is None:
        return loaded
    return playable(loaded, driver=chosen.driver, has_app=chosen.has_app, target=chosen.file or chosen.url)


def _show(found: Summary, loaded: profiles.Profile, limit: float | None, plot_file: Path | None) -> None:
    console = Console()
    week = found.week
    console.print(f"[bold]{loaded.file.title['fr' if language() == 'fr' else 'en']}[/bold]  ({loaded.name})")
    told = said(
        "The week: {visits:,.0f} visits, {page_views:,.0f} page views, {pages_per_visit:.2f} pages and "
        "{minutes_per_visit:.2f} minutes per visit.\n", **week,
    )  # fmt: skip
    console.print(here(told))
    peak = found.peak
    peak_rows: dict[str, Any] = {_who(loaded, name): vars_of(load) for name, load in peak.personas.items()}
    title = said("The week's peak, at full scale: {day} {hour:02d} h (hourly mean)", day=said(peak.day), hour=peak.hour)
    console.print(_table(here(title), peak_rows, vars_of(peak.total)))
    busiest = found.busiest
    told = said(
        "The busiest {minutes} minutes of the week, bell and events included: {day} {begin}, {rate:.2f} visits/s.\n",
        minutes=busiest["minutes"], day=said(busiest["day"]), begin=busiest["from"],
        rate=busiest["visits_per_second"],
    )  # fmt: skip
    console.print(here(told))
    _show_moments(console, loaded)
    _show_devices(console, found, loaded)
    _show_window(console, found, loaded)
    _show_other(console, found)
    if limit is not None:
        _show_limit(console, found, limit)
    heading = here(said("{profile}: visits per second, full scale, hourly means", profile=found.profile))
    days = [here(day) for day in DAYS]
    click.echo(plot.terminal(found, width=min(console.width, 100), title=heading, days=days))
    if plot_file:
        console.print(here(said("plot: {path}", path=plot_file)))


def _show_moments(console: Console, loaded: profiles.Profile) -> None:
    """What makes this week other than its curve: events, holidays, retries, measures."""
    for each in loaded.happenings:
        share = listed(
            said("{persona} {of} %", persona=_who(loaded, persona), of=of)
            for persona, of in each.occasion.percent.items()
        )
        at = each.event.at or each.occasion.at
        title = each.occasion.title["fr" if language() == "fr" else "en"]
        told = said(
            "{day} {at}, {title}: {share} of the week's visits",
            day=said(each.event.day), at=at, title=title, share=share,
        )  # fmt: skip
        console.print(here(told))
    _show_date(console, loaded)
    for persona, retry in loaded.mixes.retries.items():
        low, high = retry.after_seconds
        told = said(
            "{persona}: {percent} % of those who fail come back after {low} to {high} s, {times} ×",
            persona=_who(loaded, persona), percent=retry.percent, low=low, high=high, times=retry.times,
        )  # fmt: skip
        console.print(here(told))
    if loaded.measures:
        console.print(here(said("Measures in force: {names}", names=", ".join(loaded.measures))))


def _who(loaded: profiles.Profile, persona: str) -> Named:
    return named("persona", persona, entry(loaded.mixes.personas, persona).fr)


def _show_date(console: Console, loaded: profiles.Profile) -> None:
    """The profile's date, if it has one: who is away, and why; who comes back; what is left of an ordinary audience."""
    calendar = loaded.file.calendar
    if calendar is None:
        return
    academies = population(loaded).academy_names
    away = [f"{each} ({why})" for each in academies if (why := calendar.closed(each, calendar.date))]
    back = [each for each in academies if calendar.returns(each, calendar.date)]
    share = float(presence(loaded)[weekday(calendar.date)])
    told = said(
        "{date}, week of {monday}: {share:.0%} of an ordinary audience. Without lessons: {away}. "
        "Back from a holiday: {back}.",
        date=date.fromisoformat(calendar.date), monday=date.fromisoformat(calendar.monday), share=share,
        away=", ".join(away) or said("nobody"),
        back=(", ".join(back) or said("nobody")) if len(back) < len(academies) else said("everybody"),
    )  # fmt: skip
    console.print(here(told), highlight=False)


def _show_beside(loaded: profiles.Profile, sides: list[DayLine]) -> None:
    """The profile's day beside the others': from the window's beginning, and at its busiest."""
    window = loaded.file.window
    title = said("A {day} at full scale, ten minutes each", day=said(window.day))
    table = Table(title=here(title), title_justify="left")
    begins = said("from {begin}: visits/s", begin=window.begin)
    for heading in ("", begins, "pages/s", said("busiest: visits/s"), "pages/s", said("from")):
        table.add_column(here(heading), justify="right" if heading else "left")
    for each in sides:
        numbers = (each.at_window.visits_per_second, each.at_window.pages_per_second)
        most = (each.busiest.visits_per_second, each.busiest.pages_per_second)
        table.add_row(each.profile, *(figure(of, ".1f") for of in numbers + most), each.busiest_from)
    Console().print(table)


def _show_days(loaded: profiles.Profile) -> None:
    """The profile's days, one line each."""
    table = Table(
        title=here("Its days; --day N chooses one, `entsurge run` replays them in turn"), title_justify="left"
    )
    for heading in ("", "date", "", "of the week's figures", "measures"):
        table.add_column(here(heading))
    for number, day in enumerate(loaded.file.day, 1):
        demand = f"× {day.demand}" if day.demand else here("as published")
        if loaded.file.calendar:
            there = presence(profiles.on_day(loaded, number, Path(loaded.name)))[weekday(day.date)]
            demand = here(said("{share:.0%} of an audience", share=float(there)))
        table.add_row(
            str(number),
            f"{day.date} {here(day.day)}",
            day.title["fr" if language() == "fr" else "en"],
            demand,
            ", ".join(day.measures) or "–",
        )
    Console().print(table)


def _show_basis(loaded: profiles.Profile) -> None:
    """What the profile rests on: facts first."""
    console = Console()
    for kind, heading in (("fact", "Known:"), ("reasoned", "Reasoned, not known:")):
        told = [each for each in loaded.file.basis if each.kind == kind]
        if told:
            console.print(f"[bold]{here(heading)}[/bold]")
        for each in told:
            console.print(f"  {each.text} ({each.source})", markup=False, highlight=False, soft_wrap=True)


def vars_of(load: summary.Load) -> dict[str, float]:
    """A load as plain numbers."""
    return {name: getattr(load, name) for name in summary.LOAD_FIELDS}


def _table(title: str, rows: dict[str, Any], total: dict[str, float]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("", "visits/s", "pages/s", "requests/s", "visitors at once"):
        table.add_column(here(heading), justify="right" if heading else "left")
    for name, load in [*rows.items(), ("all", total)]:
        table.add_row(
            here(name), figure(load["visits_per_second"], ".2f"), figure(load["pages_per_second"], ".1f"),
            figure(load["requests_per_second"], ",.0f"), figure(load["concurrency"], ",.0f"),
        )  # fmt: skip
    return table


def _show_devices(console: Console, found: Summary, loaded: profiles.Profile) -> None:
    """By which devices each persona comes, where the profile says so."""
    if not found.devices or loaded.devices is None:
        return
    title = loaded.devices.title["fr" if language() == "fr" else "en"]
    table = Table(title=here(said("By which device they come: {title}", title=title)), title_justify="left")
    for heading in ("", "computer", "phone", "app", "requests a page"):
        table.add_column(here(heading), justify="right" if heading else "left")
    for persona, shares in found.devices.items():
        cells = [figure(share, ".1%") for share in shares.values()]
        requests = figure(float(loaded.requests_per_page(persona)), ".1f")
        table.add_row(here(_who(loaded, persona)), *cells, requests)
    console.print(table)


def _show_window(console: Console, found: Summary, loaded: profiles.Profile) -> None:
    window = found.window
    title = said(
        "What a run offers: {day} {begin}–{end}, scale {scale}",
        day=said(window["day"]), begin=window["from"], end=window["to"], scale=window["scale"],
    )  # fmt: skip
    rows: dict[str, Any] = {_who(loaded, name): load for name, load in window["personas"].items()}
    console.print(_table(here(title), rows, window["total"]))
    told = said(
        "Compression {compression}: the window lasts {run_seconds:.0f} s after {warm_up_seconds:.0f} s of warm-up. "
        "Rates are {compression} times those of the day, reading times as many times shorter, visitors at once "
        "unchanged: {visits:.0f} visits, {page_views:,.0f} page views.\n",
        **{name: window[name] for name in TOLD},
    )
    console.print(here(told))


def _show_other(console: Console, found: Summary) -> None:
    other = found.other_shape
    if not other:
        return
    ratio = other["window_visits"] / found.window["visits"] - 1 if found.window["visits"] else 0.0
    peak = other["peak"]
    told = said(
        "With the {shape} shape instead: peak {day} {hour:02d} h with {rate:.2f} visits/s, {inside:,.0f} visitors at "
        "once; this window {ratio:+.0%} visits.\n",
        shape=other["shape"], day=said(peak["day"]), hour=peak["hour"], rate=peak["total"]["visits_per_second"],
        inside=peak["total"]["concurrency"], ratio=ratio,
    )  # fmt: skip
    console.print(here(told))


def _show_limit(console: Console, found: Summary, limit: float) -> None:
    if not found.over_limit:
        console.print(here(said("No hour of the week is over {limit:g} visits/s.\n", limit=limit)))
        return
    told = said("hours of the week over {limit:g} visits/s (full scale): {n}", limit=limit, n=len(found.over_limit))
    console.print(here(told))
    for hour in found.over_limit:
        load = hour.total
        console.print(
            here(
                said(
                    "  {day:<9} {hour:02d} h  {visits:6.2f} visits/s  {pages:6.1f} pages/s  {inside:7,.0f} visitors",
                    day=here(hour.day),
                    hour=hour.hour,
                    visits=load.visits_per_second,
                    pages=load.pages_per_second,
                    inside=load.concurrency,
                )
            ),
            highlight=False,
        )
    console.print()

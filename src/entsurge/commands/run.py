"""`entsurge run`: one run against a target; report and verdict at its end."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from entsurge import errors
from entsurge.audience import profile as profiles
from entsurge.commands import complete
from entsurge.commands.endings import Ending, leaves_a_verdict
from entsurge.commands.json_output import json_option
from entsurge.commands.judge import judge
from entsurge.commands.live_page import WithLive, asked, live_options, live_page
from entsurge.commands.options import (
    RUNS,
    FiniteRange,
    any_fault,
    by_persona,
    cast,
    new_run_folder,
    overrides,
    replay_options,
    scraped,
    unused,
)
from entsurge.commands.perturbed import Front, perturbed
from entsurge.commands.processes import run_engine
from entsurge.commands.targets import choose
from entsurge.engine.spec import ADMIN_TOKEN, RunSpec
from entsurge.plan.enough import too_thin
from entsurge.record.layout import is_run
from entsurge.said import said
from entsurge.terminal import echo, lang_option


@click.command(
    "run",
    cls=WithLive,
    epilog="Examples: entsurge run lockdown-2020 --target http://127.0.0.1:8080 · "
    "entsurge run ./ours.toml --target http://127.0.0.1:8080 --chaos static-home · "
    "entsurge run lockdown-2020 --target http://127.0.0.1:8080 --chaos sso-slow@09:02+6min --control-share 0.1 · "
    "entsurge run lockdown-2020 --target http://127.0.0.1:8080 --processes 2 · "
    "entsurge run lockdown-2020 --target http://127.0.0.1:8080 --live · "
    "entsurge run lockdown-2020 --target ./ent.toml --live=crisis.example.org:9647 --live-token ./token "
    "--live-certificate ./chain.pem --live-key ./key.pem",
)
@click.argument("profile", shell_complete=complete.profiles)
@click.option(
    "--target",
    shell_complete=complete.files,
    required=True,
    metavar="URL|FILE",
    help="A loopback address, or a target file (TOML).",
)
@click.option(
    "--driver",
    shell_complete=complete.drivers,
    metavar="NAME|FILE",
    help="The product, such as entcore, or a driver in TOML; default: portal.",
)
@click.option(
    "--chaos",
    shell_complete=complete.experiments,
    multiple=True,
    metavar="NAME|FILE[@START[+LENGTH]]",
    help="A measure or fault, such as sso-slow@09:02+6min (`entsurge chaos list`); repeatable.",
)
@click.option("--yes-production", is_flag=True, help="Put faults on a target marked as production: agreed in writing.")
@click.option(
    "--control-share",
    type=FiniteRange(0, 0.5),
    default=0.0,
    metavar="SHARE",
    help="Share of visits that faults at the edge leave alone, to compare with (such as 0.1).",
)
@click.option("--scenario", multiple=True, metavar="PERSONA=FILE", help="A scenario file of your own for a persona.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="The run directory (default: runs/<utc>-<profile>)."
)
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Worker processes on this machine; with 1 the engine does everything itself.",
)
@click.option("--workers", type=click.IntRange(0, 256), default=0, help="Wait for so many `entsurge worker` elsewhere.")
@click.option(
    "--bind",
    default="127.0.0.1:5557",
    show_default=True,
    metavar="HOST:PORT",
    help="Where --workers reach this master.",
)
@click.option(
    "--source",
    multiple=True,
    metavar="ADDRESS",
    help="Addresses or networks of this machine that visitors come from, such as 127.0.1.0/28; repeatable.",
)
@click.option(
    "--web-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Locust's own web page on loopback, with the same counts; 0 for none.",
)
@click.option(
    "--scrape",
    multiple=True,
    type=(str, str),
    metavar="URL SERIES",
    help="The target's own Prometheus metrics, once a second into the run and the report: address (/metrics is the "
    "target's) and series, such as 'queue,http_requests_total{code=\"500\"}'; repeatable.",
)
@click.option("--exporter-port", default=9646, show_default=True, help="Prometheus metrics on loopback; 0 for any.")
@click.option("--exporter-host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Where the metrics are served: whoever reaches it reads them.")  # fmt: skip
@click.option("--push-gateway", default="", metavar="URL",
              help="A Prometheus Pushgateway on loopback or a host the target allows.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="No progress.")
@json_option
@live_options
@lang_option
@replay_options
@leaves_a_verdict
def command(
    *, ending: Ending, profile: str, target: str, driver: str | None, chaos: tuple[str, ...], yes_production: bool,
    control_share: float, scenario: tuple[str, ...], out: Path | None, processes: int, workers: int, bind: str,
    source: tuple[str, ...], web_port: int, scrape: tuple[tuple[str, str], ...], exporter_port: int,
    exporter_host: str, push_gateway: str, quiet: bool, as_json: bool, live: str | None, live_token: Path | None,
    live_certificate: Path | None, live_key: Path | None, **given: Any,
) -> int:  # fmt: skip
    """Replay PROFILE against the target; exits as `entsurge gate` would. A profile of several days is replayed in turn.

    Measures need the sandbox's token in ENTSURGE_ADMIN_TOKEN.
    """
    page = asked(live, live_token, live_certificate, live_key)
    chosen = choose(target, driver)
    folder = unused(out, "day-01") if out else new_run_folder(Path(profile).stem, RUNS)
    spec = RunSpec(
        profile=profile,
        url=chosen.url,
        driver=chosen.driver,
        target=chosen.file,
        control_share=control_share,
        out=str(folder),
        overrides=overrides(**given) | ({"faults": True} if any_fault(chaos) else {}),
        chaos=list(chaos),
        scenarios=by_persona(scenario),
        processes=processes,
        workers=workers,
        bind=bind,
        sources=list(source),
        web_port=web_port,
        scrape=scraped(scrape),
        exporter_port=exporter_port,
        exporter_host=exporter_host,
        push_gateway=push_gateway,
        progress=not quiet,
    )
    loaded = profiles.load(profile, overrides=spec.overrides)
    deferred = cast(loaded, spec.scenarios, spec.chaos)
    for thin in too_thin(loaded, deferred):
        echo(said("entsurge: too small to tell: {why}", why=thin.sentence), err=True)
    in_turn = loaded.file.day if given.get("day") is None else []
    measures = loaded.measures + [name for day in in_turn for name in day.measures if given["measures"] is not False]
    if measures and not os.environ.get(ADMIN_TOKEN):
        named = ", ".join(dict.fromkeys(measures))
        hint = said(
            "set {variable} to the sandbox's token, or leave them out: --without-measures", variable=ADMIN_TOKEN
        )
        raise errors.UsageError(
            said("{name}: its measures ({named}) need the target's token", name=loaded.name, named=named), hint=hint
        )
    with perturbed(chaos, chosen, agreed=yes_production, workers_at=bind if workers else "") as front:
        spec = replace(spec, edge=list(front.edge), edge_authority=front.authority)
        with live_page(page, folder):
            if in_turn:
                return _run_days(spec, folder, len(in_turn), front, ending, as_json=as_json)
            return _run(spec, folder, front, ending, as_json=as_json)


def _run(spec: RunSpec, folder: Path, front: Front, ending: Ending, *, as_json: bool) -> int:
    """One run, judged however it ended, if it began."""
    code = run_engine(spec, token=os.environ.get(ADMIN_TOKEN, ""), prefix=front.prefix, ending=ending)
    if code == errors.USAGE or not is_run(folder):
        return code
    judged = judge([folder], folder, engine_codes=[code], as_json=as_json)
    return code if code == errors.UNEXPECTED else judged


def _run_days(spec: RunSpec, folder: Path, count: int, front: Front, ending: Ending, *, as_json: bool) -> int:
    """A profile's days one after the other, each a run of its own; one report on all of them.

    Stops at a day that was interrupted, or that could not begin, reach its target or be recorded.
    """
    runs, codes = [], []
    for number in range(1, count + 1):
        out = folder / f"day-{number:02d}"
        one = replace(spec, out=str(out), overrides=spec.overrides | {"day": number}, name="")
        codes.append(run_engine(one, token=os.environ.get(ADMIN_TOKEN, ""), prefix=front.prefix, ending=ending))
        if is_run(out):
            runs.append(out)
        if codes[-1] not in (errors.PASS, errors.INVALID):
            break
    code = judge(runs, folder, engine_codes=codes, as_json=as_json) if runs else errors.exit_code(codes)
    return codes[-1] if codes[-1] in (errors.USAGE, errors.UNEXPECTED) else code

"""`entsurge run`: one run against a target; report and verdict at its end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from entsurge import errors
from entsurge.commands.judge import judge
from entsurge.commands.options import RUNS, new_run_folder, overrides, replay_options
from entsurge.commands.perturbed import perturbed
from entsurge.commands.processes import run_engine
from entsurge.commands.targets import loopback
from entsurge.engine.spec import ADMIN_TOKEN, RunSpec


@click.command(
    "run",
    epilog="Examples: entsurge run lockdown-2020 --target http://127.0.0.1:8080 · "
    "entsurge run ./ours.toml --target http://127.0.0.1:8080 --chaos static-home · "
    "entsurge run lockdown-2020 --target http://127.0.0.1:8080 --chaos sso-slow@09:02+6min --control-share 0.1 · "
    "entsurge run lockdown-2020 --target http://127.0.0.1:8080 --processes 2",
)
@click.argument("profile")
@click.option("--target", required=True, metavar="URL", help="A loopback address, such as that of `entsurge sandbox`.")
@click.option(
    "--chaos",
    multiple=True,
    metavar="NAME|FILE[@START[+LENGTH]]",
    help="A measure or fault, such as sso-slow@09:02+6min (`entsurge chaos list`); repeatable.",
)
@click.option("--yes-production", is_flag=True, help="Put faults on a target marked as production: agreed in writing.")
@click.option(
    "--control-share",
    type=click.FloatRange(0, 0.5),
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
@click.option("--exporter-port", default=9646, show_default=True, help="Prometheus metrics on loopback; 0 for any.")
@click.option("--quiet", is_flag=True, help="No progress.")
@replay_options
def command(
    *, profile: str, target: str, chaos: tuple[str, ...], yes_production: bool, control_share: float,
    scenario: tuple[str, ...], out: Path | None,
    processes: int, workers: int, bind: str, source: tuple[str, ...], web_port: int, exporter_port: int,
    quiet: bool, **given: Any,
) -> int:  # fmt: skip
    """Replay PROFILE against the target; exits as `entsurge gate` would.

    Measures need the sandbox's token in ENTSURGE_ADMIN_TOKEN.
    """
    loopback(target)
    folder = out or new_run_folder(Path(profile).stem, RUNS)
    with perturbed(chaos, target, agreed=yes_production) as front:
        spec = RunSpec(
            profile=profile,
            url=front.url,
            edge_of=target if front.url != target else "",
            control_share=control_share,
            out=str(folder),
            overrides=overrides(**given),
            chaos=list(chaos),
            scenarios=_by_persona(scenario),
            processes=processes,
            workers=workers,
            bind=bind,
            sources=list(source),
            web_port=web_port,
            exporter_port=exporter_port,
            progress=not quiet,
        )
        code = run_engine(spec, token=os.environ.get(ADMIN_TOKEN, ""), prefix=front.prefix)
    if code in (errors.USAGE, errors.UNEXPECTED) or not (folder / "manifest.json").is_file():
        return code
    return judge([folder], folder, engine_codes=[code])


def _by_persona(given: tuple[str, ...]) -> dict[str, str]:
    result = {}
    for each in given:
        persona, equals, path = each.partition("=")
        if not equals or persona not in ("student", "teacher", "parent", "staff"):
            raise errors.UsageError(f"--scenario {each}: expected PERSONA=FILE, such as student=./ours.py")
        result[persona] = path if "/" in path or path.endswith(".py") else f"./{path}"
    return result

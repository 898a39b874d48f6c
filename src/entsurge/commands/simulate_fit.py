"""`entsurge simulate fit`: a deployment on paper from runs on the real one, and what these runs cannot tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from entsurge import errors
from entsurge.commands import complete
from entsurge.commands.json_output import json_option
from entsurge.commands.options import new_file, refuse_existing
from entsurge.habits import remark
from entsurge.said import said
from entsurge.streams import deliver, lasting_streams
from entsurge.terminal import echo, lang_option, language

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from entsurge.audience.profile import Profile
    from entsurge.findings.fit import DeploymentFit
    from entsurge.simulation.fit.beside import Beside
    from entsurge.simulation.fit.estimate import Parts
    from entsurge.simulation.fit.observed import Observed

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command(
    "fit",
    epilog="Examples: entsurge simulate fit runs/idle runs/full runs/collapse --out ours.toml · "
    "entsurge simulate fit runs/2026* --out ours.toml --lang fr · entsurge simulate lockdown-2020 --on ./ours.toml",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=complete.runs)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The deployment file that is written; it is not there yet.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="No progress.")
@json_option
@lang_option
@lasting_streams()
def command(*, runs: tuple[Path, ...], out: Path, quiet: bool, as_json: bool) -> int:
    """Fit a deployment from RUNS of one profile on one target, and write it as a file for `entsurge simulate`.

    A run in which hardly anybody waits tells service times; one that makes pages wait, how many are worked on at once;
    one that refuses, the limits of queue and sessions. Each value has its interval; what the runs cannot tell is said,
    and stands in the file. Exits 2 for runs that do not belong together, 4 for runs that are not to be believed,
    or among which none is idle.
    """
    from entsurge.findings.serial import as_json as written
    from entsurge.render.fit import lines
    from entsurge.simulation.deployment import load
    from entsurge.simulation.fit.beside import Beside
    from entsurge.simulation.fit.estimate import estimate

    refuse_existing(out)
    observed, profiles = together(runs)
    told: set[str] = set()

    def tell(name: str) -> None:
        if not quiet and name not in told:
            told.add(name)
            echo(said("entsurge: simulating the plan of {name}", name=name), err=True)

    parts = estimate(observed)
    beside = Beside(observed, profiles, tell)
    parts = beside.refined(parts)
    found = findings(observed, parts, beside)
    with new_file(out) as stream:
        stream.write(text_of(found, parts))
    load(out)
    if as_json:
        deliver(written(found))
    for line in () if as_json else lines(found, language()):
        click.echo(line)
    remark(said("entsurge: written: {path}", path=out))
    return errors.PASS


def findings(observed: Sequence[Observed], parts: Parts, beside: Beside) -> DeploymentFit:
    """What is said of the fit."""
    from entsurge.findings.fit import DeploymentFit
    from entsurge.simulation.fit.estimate import fitted, untold

    manifest = observed[0].run.manifest
    return DeploymentFit(
        manifest["profile"], _target(observed[0]), tuple(each.name for each in observed), fitted(parts), untold(parts),
        beside.agreement(parts),
    )  # fmt: skip


def text_of(fit: DeploymentFit, parts: Parts) -> str:
    """The file: what was found as comments in both languages, then the deployment."""
    import json

    from entsurge.catalogue import LANGUAGES
    from entsurge.render.fit import lines
    from entsurge.simulation.fit.estimate import as_toml

    comments = [f"# {line}" for language in LANGUAGES for line in (*lines(fit, language), "")]
    name = json.dumps(fit.target)
    head = [
        f"title = {{ fr = {name}, en = {name} }}",
        f"source = {json.dumps('entsurge simulate fit ' + ' '.join(fit.runs))}",
        "",
        "[fitted]",
        f"profile = {json.dumps(fit.profile)}",
        f"target = {json.dumps(fit.target)}",
        f"runs = {json.dumps(list(fit.runs))}",
        "",
    ]
    return "\n".join([*comments, *head, as_toml(parts)])


def together(paths: Sequence[Path]) -> tuple[list[Observed], list[Profile]]:
    """The runs, each once, with the profiles that they were made with.

    Raises UsageError where they do not belong together, InvalidMeasurement for one that is not to be believed.
    """
    from entsurge.simulation.fit.observed import Observed

    observed: list[Observed] = []
    for path in paths:
        found = Observed.of(path)
        started = (found.run.manifest.get("plan_digest"), found.run.manifest.get("started_utc"))
        known = [(each.run.manifest.get("plan_digest"), each.run.manifest.get("started_utc")) for each in observed]
        if started in known and path.resolve() in [each.run.path.resolve() for each in observed]:
            continue
        observed.append(found)
    for each in observed:
        _refuse(each, observed[0])
    return observed, list(_profiles(observed))


def _refuse(run: Observed, first: Observed) -> None:
    """Raise what is wrong with a run, or with its standing beside the first."""
    from entsurge.analysis.validity import broken, lights
    from entsurge.render.saying import say

    manifest, path = run.run.manifest, run.run.path
    whose = [(of.run.manifest["profile"], _target(of)) for of in (run, first)]
    if whose[0] != whose[1]:
        other, of_first = (" · ".join(each) for each in whose)
        raise errors.UsageError(
            said("{path}: a run of {other}; the others are of {first}", path=path, other=other, first=of_first),
            hint="fit from runs of one profile on one target",
        )
    if manifest["perturbations"]:
        names = ", ".join(sorted({each["id"] for each in manifest["perturbations"]}))
        raise errors.UsageError(
            said("{path}: {names} in force: a fault or a measure hides what the deployment is", path=path, names=names),
            hint="fit from runs without --chaos and with --without-measures",
        )
    conditions = lights(run.run)
    wrong = [*broken(conditions), *(each for each in conditions if each.name == "finished" and each.ok is False)]
    if wrong:
        why = "; ".join(say(each.said, language()) for each in wrong)
        raise errors.InvalidMeasurement(
            said("{path}: INVALID: {why}", path=path, why=why), hint="leave it out, or repeat it"
        )


def _profiles(observed: Sequence[Observed]) -> Iterator[Profile]:
    from entsurge.commands.earlier import own_profile

    for run in observed:
        manifest = run.run.manifest
        more = {"scale": manifest["scale"]} | ({"arrivals": manifest["arrivals"]} if "arrivals" in manifest else {})
        found, _, _ = own_profile(manifest, **more)
        schools = manifest.get("population", {}).get("schools")
        if found is not None and schools not in (None, found.file.population.schools):
            found, _, _ = own_profile(manifest, schools=schools, **more)
        if found is None:
            raise errors.UsageError(
                said("{path}: the profile {name!r} of this run is not where it was, or has changed",
                     path=run.run.path, name=manifest["profile"]),
                hint="fit where the runs were made, with the profile as it was",
            )  # fmt: skip
        yield found


def _target(run: Observed) -> str:
    """Whom a run asked; a loopback address without its port, which is another at every start."""
    target = run.run.manifest["target"]
    name = str(target.get("name") or target["url"])
    parts = urlsplit(name)
    return str(parts.hostname) if parts.hostname in LOOPBACK else name

"""`entsurge prune`: rotation of the runs of a folder by age, number and total size; removes when told to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge.commands.json_output import json_option, say_json
from entsurge.commands.options import RUNS, Several
from entsurge.errors import PASS, CannotRecord, UsageError
from entsurge.habits import remark
from entsurge.record.layout import is_run
from entsurge.said import Said, said
from entsurge.terminal import FRENCH, echo, figure, here, lang_option, language

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.record.pruning import Found, Stored
    from entsurge.record.rotation import Choice, Rules

_AGE = re.compile(r"([1-9][0-9]{0,4})([dw])")
_DAYS = {"d": 1, "w": 7}
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([kMGT])[Bo]")
_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_WHY = {"age": "goes: too old", "number": "goes: beyond --keep", "size": "goes: over --total-size"}
NO_RULE = "one of --older-than, --keep and --total-size is needed"
ABOVE = "name the folder that holds it"
NO_FOLDER = "FOLDER is needed beside --baseline, which takes all that follows"


def _age(context: click.Context, option: click.Parameter, given: str | None) -> int | None:
    """Days, of such as 90d or 12w."""
    found = _AGE.fullmatch((given or "").strip())
    if found is None and given is not None:
        told = said("{given!r}: expected days or weeks, such as 90d or 12w", given=given)
        raise click.BadParameter(here(told), ctx=context, param=option)
    return int(found[1]) * _DAYS[found[2]] if found else None


def _bytes(context: click.Context, option: click.Parameter, given: str | None) -> int | None:
    """Bytes, of such as 500MB or 20GB."""
    found = _SIZE.fullmatch((given or "").strip())
    if found is None and given is not None:
        told = said("{given!r}: expected a size such as 500MB or 20GB", given=given)
        raise click.BadParameter(here(told), ctx=context, param=option)
    return int(Fraction(found[1]) * {name: unit for unit, name in _UNITS}[found[2]]) if found else None


@dataclass
class Removal:
    """What came of removing: the bytes of what is gone, what is not and why, and where it lies if it was moved."""

    gone: dict[Path, int] = field(default_factory=dict)
    kept: list[Stored] = field(default_factory=list)
    moved: dict[Path, Path] = field(default_factory=dict)
    wrong: list[Said] = field(default_factory=list)

    @property
    def freed(self) -> int:
        """Bytes of what is gone."""
        return sum(self.gone.values())

    def attempt(self, path: Path, count: int, removal: Callable[[], None]) -> bool:
        """Whether it is gone, with so many bytes; what went wrong is noted."""
        try:
            removal()
        except OSError as error:
            why = error.strerror or error
            leftover = getattr(error, "leftover", None)
            if leftover is not None:
                self.moved[path] = leftover
                told = said("moved to {leftover}, and not removed from there: {why}", leftover=leftover, why=why)
            else:
                told = said("not removed: {why}", why=why)
            self.wrong.append(said("{path}: {why}", path=path, why=told))
            return False
        self.gone[path] = count
        return True


@click.command(
    "prune",
    cls=Several,
    epilog="Examples: entsurge prune --older-than 90d · entsurge prune runs --older-than 26w --yes · "
    "entsurge prune runs --keep 30 --total-size 20GB --baseline runs/main --yes",
)
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--older-than", "days", metavar="AGE", callback=_age,
              help="Such as 90d or 12w: what ended before that goes.")  # fmt: skip
@click.option("--keep", type=click.IntRange(1, 100_000), metavar="N",
              help="Of each profile, scale and compression the N newest that can be believed stay, and as many others. "
              "A gate takes ten.")  # fmt: skip
@click.option("--total-size", "most_bytes", metavar="SIZE", callback=_bytes,
              help="Such as 20GB: the oldest go until no more than that is left.")  # fmt: skip
@click.option("--baseline", "baselines", multiple=True, type=click.Path(path_type=Path), metavar="RUN…",
              help="As for `entsurge gate`: of these runs, or folders of them, the last ten stay that have a verdict, "
              "and not INVALID, and those that have none.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Remove them; without it they are only listed.")
@click.option("--dry-run", is_flag=True, help="Only list them, --yes or not.")
@lang_option
@json_option
def command(
    *, folder: Path | None, days: int | None, keep: int | None, most_bytes: int | None, baselines: tuple[Path, ...],
    yes: bool, dry_run: bool, as_json: bool,
) -> int:  # fmt: skip
    """List the runs in FOLDER (default: runs), however deep, that a rule has go; with --yes remove them for good.

    A run is a folder with a manifest.json; a search goes or stays as a whole, and is not counted by --keep. Each rule
    that is given has some go, the oldest first. What is running stays, whatever its age; so do baselines, what holds
    files of somebody else's, and all that is no run; links are not followed. --baseline takes all that follows: beside
    it FOLDER must be given, and stand before it. Exits 0, or 7 where something could not be removed, or more than
    --total-size is left.
    """
    from entsurge.record import pruning, rotation  # pydantic, when there is something to read

    if days is None and keep is None and most_bytes is None:
        raise UsageError(NO_RULE, hint="such as entsurge prune --keep 30 --total-size 20GB")
    if folder is None and baselines:
        raise UsageError(
            NO_FOLDER,
            hint=said(
                "such as entsurge prune {folder} --older-than 90d --baseline {baseline}",
                folder=RUNS,
                baseline=baselines[0],
            ),
        )
    folder = folder or Path(RUNS)
    missing = next((path for path in (folder, *baselines) if not path.is_dir()), None)
    if missing is not None:
        raise UsageError(said("{folder}: no such folder", folder=missing))
    if is_run(folder):
        raise UsageError(said("{folder}: is a run itself", folder=folder), hint=ABOVE)
    search = pruning.campaign_of(folder)
    if search is not None:
        told = said("{folder}: is a search, or a part of one: {search}", folder=folder, search=search)
        raise UsageError(told, hint=ABOVE)
    now = datetime.now(UTC)
    rules = rotation.Rules(now - timedelta(days=days) if days is not None else None, keep, most_bytes)
    found = pruning.find(folder, now)
    choice = rotation.choose(found.stored, rules, _baselines(baselines, found.stored))
    removing, removal = yes and not dry_run, Removal()
    if not as_json:
        _tell(found, choice, folder)
        if (choice.going or found.leftovers) and not removing:
            remark("nothing was removed; --yes removes them")
    try:
        if removing:
            _remove(found, choice, folder, removal, silently=as_json)
            _bounded(choice, rules, folder)
    finally:
        if as_json:
            say_json(_as_data(found, choice, rules, removal))
    return PASS


def _baselines(paths: tuple[Path, ...], stored: list[Stored]) -> set[Path]:
    """What is to stay of the runs that are named, or lie in the folders that are. Raises UsageError as a gate does."""
    from entsurge.record import rotation

    if not paths:
        return set()
    from entsurge.analysis.baseline import MOST_BASELINES, run_folders  # pandas

    return rotation.baselines_of(run_folders(paths), stored, MOST_BASELINES)


def _as_data(found: Found, choice: Choice, rules: Rules, removal: Removal) -> dict[str, object]:
    """What each rule has go, what stays although one would, and of each whether it is gone now, or where it is left."""

    def row(each: Stored, rule: str | None) -> dict[str, object]:
        leftover = removal.moved.get(each.path)
        return {
            "path": str(each.path), "ended_utc": f"{each.ended:%Y-%m-%dT%H:%M:%SZ}", "bytes": each.size,
            "search": each.search, "profile": each.plan.profile, "rule": rule, "stays": each.stays,
            "removed": each.path in removal.gone, "leftover": str(leftover) if leftover else None,
        }  # fmt: skip

    rows = [row(each, rule) for each, rule in choice.going] + [row(each, None) for each in choice.held_back]
    return {
        "before_utc": f"{rules.before:%Y-%m-%dT%H:%M:%SZ}" if rules.before else None,
        "keep": rules.keep, "most_bytes": rules.most_bytes,
        "runs": sorted(rows, key=lambda each: (str(each["ended_utc"]), str(each["path"]))),
        "left": len(choice.staying) + len(removal.kept),
        "left_bytes": choice.bytes_staying + sum(each.size for each in removal.kept),
        "leftovers": [
            {"path": str(path), "bytes": size, "removed": path in removal.gone}
            for path, size in found.leftovers.items()
        ],
        "freed_bytes": removal.freed,
        "left_alone": found.left_alone,
    }  # fmt: skip


def _tell(found: Found, choice: Choice, folder: Path) -> None:
    rules = {each.path: rule for each, rule in choice.going}
    listed = [*(each for each, _ in choice.going), *choice.held_back]
    for each in sorted(listed, key=lambda each: (each.ended, each.path)):
        why = here(said("stays: {why}", why=each.stays) if each.stays else _WHY[rules[each.path]])
        click.echo(f"{each.ended:%Y-%m-%d}  {size(each.size):>8}  {each.path}  {why}")
    for path, left in found.leftovers.items():
        echo(said("{path}: left by a removal that was cut short: {size}", path=path, size=size(left)))
    told = "to go from {folder}: {n} ({size}); to stay: {left} ({left_size})"
    sums = _sums(choice.staying)
    echo(said(told, folder=folder, n=len(choice.going), size=size(choice.bytes_going), **sums))
    for line in found.left_alone:
        echo(f"left alone: {line}", err=True)


def _sums(left: list[Stored]) -> dict[str, object]:
    return {"left": len(left), "left_size": size(sum(each.size for each in left))}


def _remove(found: Found, choice: Choice, folder: Path, removal: Removal, *, silently: bool) -> None:
    """Remove what goes, what lies in others first, and leftovers. Raises CannotRecord when all have been tried."""
    from entsurge.record import pruning

    def say(path: Path) -> None:
        if not silently:
            echo(said("removed: {path}", path=path))

    for path, count in found.leftovers.items():
        if removal.attempt(path, count, partial(pruning.clear, path)):
            say(path)
    for each in sorted((each for each, _ in choice.going), key=lambda each: -len(each.path.parts)):
        if removal.attempt(each.path, each.size, partial(_unless_it_holds, removal.kept, each, folder)):
            say(each.path)
        else:
            removal.kept.append(each)
    if not silently and (choice.going or found.leftovers):
        told = "freed: {size}; left in {folder}: {left} ({left_size})"
        echo(said(told, folder=folder, size=size(removal.freed), **_sums([*choice.staying, *removal.kept])))
    if removal.wrong:
        raise CannotRecord("\n".join(removal.wrong), hint="what could not be removed is listed again next time")


def _unless_it_holds(kept: list[Stored], stored: Stored, folder: Path) -> None:
    """Remove it, unless one of these, which could not be removed, lies in it. Raises OSError."""
    from entsurge.record import pruning

    within = next((each.path.name for each in kept if stored.path in each.path.parents), "")
    if within:
        raise OSError(said("holds a run that stays, {name}", name=within))
    pruning.remove(stored, folder)


def _bounded(choice: Choice, rules: Rules, folder: Path) -> None:
    """Raises CannotRecord where more is left than was to be: whoever scheduled this must hear of it."""
    if rules.most_bytes is not None and choice.bytes_staying > rules.most_bytes:
        raise CannotRecord(
            said(
                "{folder}: {left} are left, more than --total-size {most}",
                folder=folder, left=size(choice.bytes_staying), most=size(rules.most_bytes),
            ),
            hint="the list says why each of them stays",
        )  # fmt: skip


def size(count: int) -> str:
    """Bytes as people read them: `12.4 MB`, or `12,4 Mo`."""
    byte = "o" if language() == FRENCH else "B"
    unit, name = next(((unit, name) for unit, name in _UNITS if count >= unit), (1, ""))
    return f"{figure(count / unit, '.1f' if name else '.0f')} {name}{byte}"

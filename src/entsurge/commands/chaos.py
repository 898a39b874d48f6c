"""`entsurge chaos`: what there is to break, whether it can be broken here, and how all of it is ended."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from entsurge import content, errors
from entsurge.commands import complete
from entsurge.commands.json_output import json_option, say_json, say_json_lines
from entsurge.commands.targets import loopback
from entsurge.said import said
from entsurge.terminal import echo, here, lang_option, language

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.chaos.experiment import Experiment
    from entsurge.chaos.state import Record


@click.group("chaos", epilog="Examples: entsurge chaos list · entsurge chaos check ./ours.json · entsurge chaos stop")
def command() -> None:
    """Faults and conservation measures: list, check, recover, stop, audit, doctor, confirm, edge."""


@command.command("list", epilog="Example: entsurge chaos list --lang fr")
@lang_option
@json_option
def listed(*, as_json: bool) -> None:
    """The experiments that are shipped: name, kind, what it does, which faults, how it ends by itself."""
    from rich.console import Console
    from rich.table import Table

    from entsurge.chaos import game_day
    from entsurge.chaos.experiment import load

    if as_json:
        say_json([_row(load(name)) for name in content.names("chaos")] + [_day(name) for name in game_day.names()])
        return
    headings = map(here, ("name", "kind", "title", "faults", "lease", "when"))
    table, lang = Table(*headings, box=None, pad_edge=False), "fr" if language() == "fr" else "en"
    for name in content.names("chaos"):
        one = load(name)
        faults = [str(each.get("fault", "")) for each in one.faults] or [here("Chaos Toolkit's own")]
        span = one.span
        when = f"{span.start or here('whole run')}{' + ' + span.length if span.length else ''}"
        leases = f"{one.extension.lease_seconds:g} s"
        table.add_row(
            name,
            here(one.extension.kind),
            one.extension.title["fr" if lang == "fr" else "en"],
            ", ".join(faults),
            leases,
            when,
        )
    for name in game_day.names():
        day = " · ".join(one.id for one in game_day.load_all([name]))
        table.add_row(name, here("game day"), day)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _row(one: Experiment) -> dict[str, Any]:
    """An experiment as `chaos list --json` has it; seconds."""
    return {
        "name": one.id, "kind": one.extension.kind, "title": dict(one.extension.title),
        "faults": [each.get("fault", "") for each in one.faults], "lease_seconds": one.extension.lease_seconds,
        "start": one.span.start or None, "length": one.span.length or None,
    }  # fmt: skip


def _day(name: str) -> dict[str, Any]:
    from entsurge.chaos import game_day

    return {"name": name, "kind": "game day", "experiments": [one.id for one in game_day.load_all([name])]}


@command.command("check", epilog="Examples: entsurge chaos check · entsurge chaos check sso-slow ./ours.json")
@click.argument("experiments", nargs=-1, shell_complete=complete.experiments)
@json_option
def check(*, experiments: tuple[str, ...], as_json: bool) -> int:
    """Check experiments as Chaos Toolkit does and as we do; all that are shipped when none is named."""
    from entsurge.chaos import game_day
    from entsurge.chaos.check import faults_of

    wrong, rows = 0, []
    for name in experiments or (*content.names("chaos"), *game_day.names()):
        found = faults_of(name)
        wrong += bool(found)
        if as_json:
            rows.append({"name": name, "ok": not found, "faults": found})
            continue
        echo(f"{'✗' if found else '✓'} {name}")
        for line in found:
            echo(f"    {line}")
    if as_json:
        say_json(rows)
    return errors.USAGE if wrong else errors.PASS


@command.command("recover", epilog="Examples: entsurge chaos recover · entsurge chaos recover --forget 3f9a1c2b4d5e")
@click.option(
    "--forget",
    shell_complete=complete.records_in_force,
    metavar="ID",
    help="Strike one off the list without undoing it: you have done it yourself.",
)
@click.option("--yes", is_flag=True, help="With --forget: do not ask.")
@json_option
def recover(*, forget: str | None, yes: bool, as_json: bool) -> int:
    """Undo what runs left that are dead. Every later `entsurge run` does this first for its project and target.

    What cannot be undone stays on the list, with its undo and the reason: exit 1. The files of their edges go too.
    """
    from entsurge.chaos import edge, settle

    if forget:
        return _forgotten(forget, yes=yes, as_json=as_json)
    edge.remove_left()
    return _told(settle.recover, "nothing was left", as_json=as_json)


def _forgotten(identity: str, *, yes: bool, as_json: bool) -> int:
    """Strike one off the list once its undo has been shown and agreed to. Raises UsageError."""
    from entsurge.chaos import settle

    record = settle.find(identity)
    if record is None:
        raise errors.UsageError(
            said("{identity}: no such record", identity=identity), hint="entsurge chaos recover lists them"
        )
    where = f" on {record.target}" if record.target else ""
    question = f"{record.experiment} ({record.kind}){where}: has its undo been done by hand? {settle.way_back(record)}"
    if not yes and not sys.stdin.isatty():
        raise errors.UsageError(
            said("{question}\nnobody is there to answer", question=question.rstrip()), hint="--yes says that it has"
        )
    if not yes and not click.confirm(question.rstrip(), err=as_json):
        return errors.UNEXPECTED
    settle.forget(record)
    if as_json:
        say_json([_settled(record, "forgotten")])
    else:
        echo(f"{identity}: forgotten")
    return errors.PASS


@command.command(
    "stop", epilog="Examples: entsurge chaos stop · entsurge chaos stop sso-slow --run 20261130T080000Z-lockdown-2020"
)
@click.argument("experiments", nargs=-1, shell_complete=complete.experiments_in_force)
@click.option(
    "--run",
    shell_complete=complete.runs_in_force,
    metavar="NAME",
    help="Only what this run of the same project put in force.",
)
@json_option
def stop(*, experiments: tuple[str, ...], run: str | None, as_json: bool) -> int:
    """End every perturbation that is in force on this machine, now, whoever holds it; exit 1 when an undo failed.

    With EXPERIMENTS or --run, those alone. A run goes on without them.
    """
    from entsurge.chaos import settle

    def wanted(record: Record) -> bool:
        of_run = run is None or (record.run == run and settle.is_of_this_project(record))
        return of_run and (not experiments or record.experiment in experiments)

    return _told(lambda say: settle.stop(say, wanted), "nothing is in force", as_json=as_json)


def _told(act: Callable[[Callable[[Record, str], None]], list[Record]], nothing: str, *, as_json: bool) -> int:
    """Settle, and say what came of each record: as lines, or as one document once all have been tried."""
    from entsurge.chaos.settle import way_back

    said: list[str] = []
    rows: list[dict[str, Any]] = []

    def say(record: Record, word: str) -> None:
        said.append(word)
        rows.append(_settled(record, word))
        if as_json:
            return
        on = f" on {record.target}" if record.target else ""
        who = f"{record.experiment} ({record.kind}, run {record.run or 'by hand'}{on})"
        if not word.startswith("failed: "):
            echo(f"{who}: {word}")
            return
        echo(f"{who} {record.id}: still broken, its undo failed: {word.removeprefix('failed: ')}")
        undo = way_back(record)
        if undo:
            echo(f"    its undo: {undo}")

    left = act(say)
    if as_json:
        say_json(rows)
    if not left:
        if not said and not as_json:
            echo(nothing)
        return errors.PASS
    hint = "entsurge chaos recover tries again; once you have put it back by hand: entsurge chaos recover --forget ID"
    echo(f"{sum(word.startswith('failed') for word in said)} still broken\n  {hint}", err=True)
    return errors.UNEXPECTED


def _settled(record: Record, word: str) -> dict[str, Any]:
    """What came of a record as `--json` has it: `ended`, `undone`, `lease`, `forgotten`, or `failed` and why."""
    from entsurge.chaos.settle import way_back

    state, _, why = word.partition(": ")
    return {
        "id": record.id, "experiment": record.experiment, "fault": record.kind, "run": record.run,
        "target": record.target, "state": state, "detail": why, "undo": way_back(record) if why else "",
    }  # fmt: skip


@command.command("audit", epilog="Example: entsurge chaos audit --json | jq 'select(.state == \"applied\")'")
@click.option("--json", "as_json", is_flag=True, help="The lines themselves.")
def audit(as_json: bool) -> int:
    """What was applied on this machine, when, by whom, and how it ended; and whether the audit was touched."""
    from entsurge.chaos.state import audited

    rows, wrong = audited()
    if as_json:
        say_json_lines(rows)
    for row in [] if as_json else rows:
        how = f" ({row['how']})" if row.get("how") else ""
        how += f": {row['detail']}" if row.get("detail") else ""
        how += f", touched {row['touched']} {row.get('touched_what', '')}" if "touched" in row else ""
        said = (row.get("when_utc", "?"), row.get("who", "?"), row.get("experiment", "?"), row.get("fault", "?"))
        echo(f"{said[0]}  {said[1]}  {said[2]}  {said[3]}  {row.get('state', '?')}{how}")
    for each in wrong:
        echo(each, err=True)
    return errors.UNEXPECTED if wrong else errors.PASS


@command.command("doctor", epilog="Example: entsurge chaos doctor")
@json_option
def doctor(*, as_json: bool) -> None:
    """Which faults this machine can do, and what it lacks for the others. What is lacking is skipped, never passed."""
    from entsurge.chaos.doctor import abilities

    found = abilities()
    if as_json:
        say_json([{"fault": one.kind, "ends_by": one.lease, "lacks": list(one.lacks)} for one in found])
        return
    for one in found:
        echo(f"{'✓' if not one.lacks else '–'} {one.kind:<22} ends by: {one.lease:<9} {'; '.join(one.lacks)}")


@command.command("confirm", epilog="Example: entsurge chaos confirm 3f9a1c")
@click.argument("question", required=False, shell_complete=complete.questions)
@json_option
def confirm(*, question: str | None, as_json: bool) -> int:
    """Say that you have done what a measure asks of you; without a name, list what is asked."""
    from entsurge.chaos.confirmation import open_questions

    questions = open_questions()
    if as_json and question is None:
        say_json([{"id": one.id, "what": one.what} for one in questions])
        return errors.PASS
    for one in questions:
        if question is None:
            echo(f"{one.id}  {one.what}")
        elif one.id == question:
            one.confirm()
            if as_json:
                say_json({"id": one.id, "what": one.what, "confirmed": True})
            else:
                echo(f"confirmed: {one.what}")
            return errors.PASS
    if question is not None:
        raise errors.UsageError(
            said("{question}: no such question", question=question), hint="entsurge chaos confirm lists them"
        )
    if not questions:
        echo("nothing is asked")
    return errors.PASS


@command.command("edge", epilog="Example: entsurge chaos edge --target http://127.0.0.1:8080 --port 8081")
@click.option("--target", required=True, metavar="URL", help="What Envoy stands in front of.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where it listens on loopback; 0 for any.")
@click.option("--config", "only_config", is_flag=True, help="Print Envoy's configuration, and start nothing.")
def edge_(target: str, port: int, only_config: bool) -> int:
    """Put an Envoy in front of a target until Ctrl-C, ready for faults; `entsurge run` does so by itself."""
    from entsurge.chaos import authorities, edge, edge_config, edge_origins
    from entsurge.chaos.envoy_slots import ADMIN
    from entsurge.client.url import split

    loopback(target)
    if only_config:
        one = edge_origins.Upstream(split(target).origin, "", (("127.0.0.1",),))
        ports, trust = edge_config.Ports((port or 8081,), 18000, 18000 + ADMIN), edge_config.Trust(authorities.DEBIAN_S)
        shown = edge_config.bootstrap([one], ports, trust=trust)
        click.echo(json.dumps(shown, indent=2))
        return errors.PASS
    with edge.edge(target, port=port) as front:
        vouches = f"\nits certificate's authority: {front.authority}" if front.authority else ""
        echo(f"{front.url} → {target}{vouches}\nexport ENTSURGE_EDGE_PORT={front.control_port}\nCtrl-C ends it")
        front.process.wait()
    return errors.PASS

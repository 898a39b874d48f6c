"""The command line. Commands are loaded when they are called, so that `entsurge --help` answers at once."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entsurge import __version__, click_words, extras, habits, terminal
from entsurge.errors import INTERRUPTED, USAGE, Ended, EntsurgeError, UsageError
from entsurge.file_values import unwritable
from entsurge.said import said
from entsurge.streams import lasting_streams
from entsurge.terminal import here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

COMMANDS = {
    "demo": "The main job on the embedded ENT: ordinary week, lockdown, lockdown with conservation measures.",
    "plan": "What a run would offer: figures, hours over a limit, plot. Sends nothing.",
    "run": "A run against a target, with live progress, verdict and report.",
    "init": "Begins with an ENT of your own: target file, accounts, schemas.",
    "doctor": "Looks at a target before a run: reach, TLS, clock, sign-on, each page once.",
    "import-har": "Drafts a driver in TOML from a visit that a browser recorded.",
    "cleanup": "Removes from a target what a run wrote there.",
    "export": "A run as Parquet, CSV, and logs of HdrHistogram.",
    "prune": "Rotation of runs by age, number and total size; removes when told to.",
    "worker": "Offers a part of a run that a master elsewhere leads.",
    "report": "The degradation report of one run, or of several side by side.",
    "brief": "One page per run for the crisis committee: what held, what did not, what is advised.",
    "gate": "Verdict and exit code for CI: objectives, baselines, JUnit, GitHub and GitLab.",
    "baseline": "Keeps runs between pipelines, to be compared with: push, pull, list.",
    "compare": "Candidate runs against baseline runs, beyond chance or not; when it changed.",
    "budget": "How fast a campaign of runs spends the errors that an availability leaves.",
    "capacity": "The highest rate that a target takes within its objectives, with its interval; what if.",
    "measures": "Which measure buys what, for whom and at whose cost: each tried alone and in pairs.",
    "simulate": "The same plan on a deployment that is described on paper: a run directory, and nobody is asked.",
    "calibrate": "Access logs or an audience export to a profile of one's own.",
    "population": "Synthetic people as CSV or AAF XML, and people of such files read back.",
    "chaos": "Faults and measures: list, check, recover, stop, audit, doctor.",
    "sandbox": "Serves the embedded reference ENT.",
    "completion": "Completes commands and options in bash, zsh and fish.",
    "man": "The manual page of all commands.",
}
EPILOG = (
    "Exit codes: 0 pass · 1 unexpected error · 2 usage · 3 objectives missed · "
    "4 not to be believed or too small to tell · 5 stopped by a guard · 6 target unreachable · "
    "7 cannot record · 130, 143, 129 ended by SIGINT, SIGTERM, SIGHUP."
    "\n\nEvery option may stand in the environment: ENTSURGE_RUN_TARGET for `run --target`."
)


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the work."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        extras.need_for(cmd_name)
        return habits.adopt(import_module(f"entsurge.commands.{cmd_name.replace('-', '_')}").command, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named first. Raises click's UsageError, with the names that come near it."""
        near = get_close_matches(args[0], COMMANDS)
        if args[0] in COMMANDS or not near or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        unknown = said("No such command {name!r}.", name=args[0])
        suggested = said("Did you mean {possibility}?", possibility=repr(near[0]))
        raise click.UsageError(" ".join(map(here, (unknown, suggested))), ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing a single command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names that begin so, without importing a single command."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(name, help=told) for name, told in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(
    cls=Lazy, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option(
    "--quiet", "-q", envvar="ENTSURGE_QUIET", is_flag=True, expose_value=False, callback=habits.keep,
    help="Results and mistakes alone, of any command.",
)  # fmt: skip
@click.option(
    "--verbose", "-v", envvar="ENTSURGE_VERBOSE", is_flag=True, expose_value=False, callback=habits.keep,
    help="Say what is in force and whence.",
)  # fmt: skip
@click.version_option(__version__, prog_name="entsurge")
def entsurge() -> None:
    """Load-test an ENT: will it hold on the day everyone shows up, and if not, who loses what.

    Start with `entsurge demo`; then `entsurge plan lockdown-2020`.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run a command; a mistake of the user's becomes one message and its exit code, never a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    click_words.teach()
    with terminal.speaking(terminal.asked_for(given)):
        _run(given)


def _run(given: Sequence[str]) -> None:
    try:
        _refuse_unwritable(given)
        with lasting_streams():  # who reads no further is no mistake of the work: its exit code stays
            code = entsurge.main(args=list(given), prog_name="entsurge", standalone_mode=False)
    except EntsurgeError as error:
        with lasting_streams():
            _say(error.message, error.hint)
        sys.exit(error.exit_code)
    except Ended as ended:
        sys.exit(ended.exit_code)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        with lasting_streams():
            error.show()
        sys.exit(USAGE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _refuse_unwritable(arguments: Sequence[str]) -> None:
    """Names reach the run, its report and its verdict: raise UsageError for one that these cannot hold.

    So does that of the folder in which the command works.
    """
    for each in arguments if {"-h", "--help", "--version"} & {*arguments} else (*arguments, _here()):
        if odd := unwritable(each):
            hint = "give the file or folder a name in UTF-8, without control characters"
            raise UsageError(said("{each!a}: {odd}; expected text", each=each, odd=odd), hint=hint)


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it is gone; whoever needs it will say so
        return ""


def _say(message: str, hint: str) -> None:
    for line in terminal.here(message).splitlines():
        click.echo(f"entsurge: {line}", err=True)
    if hint:
        click.echo(f"  {terminal.here(hint)}", err=True)

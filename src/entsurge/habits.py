"""What every command has in common: examples one a line in its help, `--quiet`, `--verbose`."""

from __future__ import annotations

import re
import traceback
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from entsurge.errors import EntsurgeError
from entsurge.said import said
from entsurge.terminal import echo, here

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET, VERBOSE = "entsurge.quiet", "entsurge.verbose"
SOURCES = {
    ParameterSource.COMMANDLINE: "command line",
    ParameterSource.ENVIRONMENT: "environment",
    ParameterSource.PROMPT: "answer",
}
_USER_OF_URL = re.compile(r"://[^/@\s]*@")
_EXAMPLES = re.compile(r"^(Examples?): (.*)$", re.DOTALL)


def adopt(command: click.Command, path: str) -> click.Command:
    """The command with what all have in common, its own commands too; the same when it has that already.

    `path` is what is typed for it; `run --target` may stand in the environment as ENTSURGE_RUN_TARGET.
    """
    if getattr(command, "adopted", False):
        return command
    vars(command)["adopted"] = True
    command.epilog = one_a_line(command.epilog or "")
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        adopt(each, f"{path} {each.name}")
    if not isinstance(command, click.Group):
        _given(command, "quiet", "-q", "Results and mistakes alone: no progress, no remarks.")
        _given(command, "verbose", "-v", "Say what is in force and whence, and where a mistake came up.")
        command.callback = _told(command.callback)
    for option in command.params:
        ours = option.name == "lang" and not option.expose_value  # ENTSURGE_LANG says it to all
        if isinstance(option, click.Option) and option.envvar is None and not ours:
            option.envvar = variable(path, max(option.opts, key=len))
    return command


def variable(path: str, option: str) -> str:
    """Where the environment may have an option of a command."""
    return re.sub(r"[^A-Z0-9]+", "_", f"ENTSURGE {path} {option.lstrip('-')}".upper())


def one_a_line(epilog: str) -> str:
    """`Examples: a · b` as click shows it without filling lines: each example on its own, as it is typed."""
    found = _EXAMPLES.match(epilog)
    if found is None:
        return epilog
    return "\n".join(("\b", f"{found[1]}:", *(f"  {each}" for each in found[2].split(" · "))))


def examples(epilog: str) -> list[str]:
    """The commands that a command's help shows, as they are typed."""
    _, _, shown = one_a_line(epilog).partition(":\n")
    return [line.strip() for line in shown.splitlines() if line.startswith("  ")]


def quiet() -> bool:
    """Whether the command at work was asked for results and mistakes alone."""
    return _asked(QUIET)


def verbose() -> bool:
    """Whether the command at work was asked to say what is in force."""
    return _asked(VERBOSE)


def remark(text: str) -> None:
    """Say on standard error, in the terminal's language, what is no result; nothing where quiet was asked for."""
    if not quiet():
        echo(text, err=True)


def keep(context: click.Context, parameter: click.Parameter, given: bool) -> bool:
    """A callback of `--quiet` and `--verbose`: the answer holds for all that works in this context."""
    key = QUIET if parameter.name == "quiet" else VERBOSE
    context.meta[key] = given or context.meta.get(key, False)
    return bool(context.meta[key])


def _asked(key: str) -> bool:
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(key, False))


def _given(command: click.Command, name: str, letter: str, said_of: str) -> None:
    """Give the command this flag; one of its own is asked the same way, and says itself what it leaves out."""
    letters = {opt for each in command.params for opt in each.opts}
    free = [letter] if letter not in letters else []
    own = next((each for each in command.params if each.name == name), None)
    if own is not None:
        own.callback = own.callback or keep
        own.opts += free
        return
    command.params.append(
        click.Option([f"--{name}", *free], is_flag=True, expose_value=False, callback=keep, help=said_of)
    )


def _told(call: Callable[..., Any] | None) -> Callable[..., Any] | None:
    if call is None:
        return None

    @wraps(call)
    def told(*args: Any, **kwargs: Any) -> Any:
        if not verbose():
            return call(*args, **kwargs)
        _say_settings(click.get_current_context())
        try:
            return call(*args, **kwargs)
        except EntsurgeError:
            traceback.print_exc()
            raise

    return told


def _say_settings(context: click.Context) -> None:
    """Every option that somebody set, and where; a password in an address is not repeated."""
    for each in context.command.params:
        source = context.get_parameter_source(each.name or "")
        if source not in SOURCES or each.name in {"quiet", "verbose"}:
            continue
        name = max(each.opts, key=len) if isinstance(each, click.Option) else each.human_readable_name
        value = _USER_OF_URL.sub("://…@", _plain(context.params.get(each.name or "", "")))
        echo(
            said("entsurge: {name} = {value} ({source})", name=name, value=value, source=here(SOURCES[source])),
            err=True,
        )


def _plain(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(_plain(each) for each in value)
    return str(value)

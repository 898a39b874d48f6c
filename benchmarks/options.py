"""What every benchmark understands: `--short` for all of it in seconds, `--results` for where its table goes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine

if TYPE_CHECKING:
    from collections.abc import Mapping

RESULTS = Path(__file__).parent / "results"


def parser(about: str | None) -> argparse.ArgumentParser:
    """A parser that knows `--short` and `--results`; a benchmark adds its own options."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument(
        "--short", action="store_true", help="the whole way in seconds: figures of no worth, kept nowhere"
    )
    made.add_argument("--results", type=Path, metavar="DIR", help="where tables go (default: benchmarks/results)")
    return made


def read(of: argparse.ArgumentParser, short: Mapping[str, Any] | None = None) -> argparse.Namespace:
    """The options as given; `short` are the defaults of a short run. What is committed is never given to one."""
    given = of.parse_args()
    if given.short:
        of.set_defaults(**(short or {}))
        given = of.parse_args()
    if given.short and given.results and given.results.resolve() == RESULTS:
        of.error("a short run does not write over the results that are committed: another --results, or none")
    return given


def keep(given: argparse.Namespace, name: str, text: str) -> None:
    """Print a table with the machine and the day beneath it, and write it as `name` where results go.

    A short run without `--results` prints alone. Words outside tables go to standard error, so that what is printed is
    what is written.
    """
    whole = f"{text.rstrip()}\n\n{machine.described()}\n"
    print(whole)
    folder = folder_of(given)
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(whole, encoding="utf-8")
    print(f"written: {folder / name}", file=sys.stderr)


def folder_of(given: argparse.Namespace) -> Path | None:
    """Where this run's results go; None for nowhere."""
    return given.results or (None if given.short else RESULTS)


def shared(given: argparse.Namespace) -> list[str]:
    """The options of this module as given, for a benchmark that starts itself or another."""
    return ["--short"] * given.short + (["--results", str(given.results)] if given.results else [])

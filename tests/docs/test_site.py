"""The documentation site: pages in both languages, commands that exist, no broken link, no foreign address."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.docs.shown import DOCS, PAGES, Shown, commands

from entsurge.cli import COMMANDS
from entsurge.cli import entsurge as cli

ROOT = DOCS.parent
MKDOCS = ROOT / ".site" / "bin" / "mkdocs"
TWINS = sorted(path for path in DOCS.rglob("*.en.md"))
FOREIGN = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//[^"]*"')


@pytest.mark.parametrize("path", TWINS, ids=lambda path: str(path.relative_to(DOCS)))
def test_a_page_has_its_twin_with_the_same_commands(path: Path) -> None:
    """What is shown in English is shown in French, to the letter; as many sections too."""
    twin = path.with_name(path.name.replace(".en.", ".fr."))
    told = [[line.line for line in commands(each)] for each in (path, twin)]
    assert told[0] == told[1]
    assert len({len(re.findall("^#+ ", each.read_text("utf-8"), re.MULTILINE)) for each in (path, twin)}) == 1


def test_every_command_shown_exists_with_its_options() -> None:
    """Of tutorial and how-tos: each line is one that the command line accepts, down to the values of options."""
    shown = {each.line: each for path in PAGES for each in commands(path)}
    assert len(shown) >= 25
    assert [fault for each in shown.values() if (fault := refused(each))] == []


def refused(shown: Shown) -> str:
    """Why click would not take this line; empty where it does."""
    _, *words = shlex.split(shown.line)
    group, context = cli, click.Context(cli)
    while words and isinstance(group, click.Group) and not words[0].startswith("-"):
        found = group.get_command(context, words[0])
        if found is None:
            return f"{shown.page}: {shown.line}: no command {words[0]}"
        group, words = found, words[1:]
    try:
        if not isinstance(group, click.Group):
            group.make_context("entsurge", words).close()
    except (click.exceptions.NoArgsIsHelpError, click.exceptions.Exit):
        return ""
    except click.ClickException as error:
        return f"{shown.page}: {shown.line}: {error.format_message()}"
    return ""


def test_the_check_of_commands_sees_a_mistyped_one() -> None:
    """A command, an option or a value that there is none of is found."""
    for line in ("entsurge rum x", "entsurge plan x --scael 1", "entsurge chaos list --nope", "entsurge gate"):
        assert refused(Shown("page", "sh", line)), line


@pytest.mark.slow
@pytest.mark.skipif(not MKDOCS.is_file(), reason="needs what `make .site/.ready` installs")
def test_the_site_is_built_without_a_broken_link(tmp_path: Path) -> None:
    """Strict, from pages that are gathered anew; every command has its section; nothing is asked of another host."""
    pages = tmp_path / "build" / "site-pages"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "1"}
    gather = [sys.executable, str(ROOT / "deploy" / "site" / "pages.py"), str(pages)]
    subprocess.run(gather, check=True, env=environment, timeout=280)
    config = tmp_path / "deploy" / "site"
    config.mkdir(parents=True)
    for name in ("mkdocs.yml", "hooks.py"):
        (config / name).write_bytes((ROOT / "deploy" / "site" / name).read_bytes())
    build = [str(MKDOCS), "build", "--config-file", str(config / "mkdocs.yml")]
    done = subprocess.run(build, capture_output=True, text=True, env=environment, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    site = tmp_path / "build" / "site"
    for home in (site, site / "en"):
        article = (home / "index.html").read_text("utf-8").partition("<article")[2].partition("</article>")[0]
        assert [to for to in ("tutorial/", "how-to/ci/", "how-to/every-night/") if f'href="{to}"' not in article] == []
    told = (site / "reference" / "commands" / "index.html").read_text("utf-8")
    assert [name for name in COMMANDS if f"entsurge {name}" not in told] == []
    assert "n’existe qu’en anglais" in (site / "gate" / "index.html").read_text("utf-8")
    assert "n’existe qu’en anglais" not in (site / "en" / "gate" / "index.html").read_text("utf-8")
    assert "in French alone" in (site / "en" / "vocabulaire" / "index.html").read_text("utf-8")
    for path in site.rglob("*.html"):
        assert FOREIGN.findall(path.read_text("utf-8")) == [], path

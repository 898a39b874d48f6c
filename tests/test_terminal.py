"""The terminal speaks the language that is asked for, and every sentence that it has is in the catalogue."""

import ast
import re
from datetime import date
from pathlib import Path

import pytest
from tests.typography import plain

from entsurge import terminal
from entsurge.catalogue import read
from entsurge.cli import main
from entsurge.click_words import MODULES
from entsurge.commands.options import unused
from entsurge.errors import UsageError
from entsurge.recognised import messages
from entsurge.said import Said, each_of, named, said
from entsurge.terminal import asked_for, language, translated

SOURCE = Path(__file__).resolve().parents[1] / "src" / "entsurge"
CONVERTED = (
    "commands", "targets", "content.py", "extras.py", "gate.py", "cli.py", "engine/doctor.py", "engine/first_answer.py",
    "engine/crew.py", "engine/run.py",
)  # fmt: skip
"""Rooms whose errors are said in French; those of audience, record, chaos, client, drivers and sign-on are English."""

NOT_SHOWN = {
    "(dynamic)", "deprecated", "env var: {var}", "Choice({choices})", "Name '{name}' defined twice",
    "Value must be an iterable.", "Invalid start character for option ({option})",
    "Could not determine name for option with declarations {decls!r}",
    (
        "No options defined but a name was passed ({name}). Did you mean to declare an argument instead? "
        "Did you mean to pass '--{name}'?"
    ),
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    "{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}.",
    "{value!r} is not a valid UUID.",
}  # fmt: skip
"""Click's words for programmers, and for kinds of values that no option of ours takes."""

ERRORS = {"UsageError", "CannotRecord", "TargetUnreachable", "InvalidMeasurement", "EntsurgeError"}


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def texts(room: str) -> dict[str, str]:
    """Every template and every constant that this room says to whoever sits at the terminal, and where."""
    whole, found = SOURCE / room, {}
    for path in [whole] if whole.is_file() else sorted(whole.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            spoken = node.args[:1] if called(node) in {*ERRORS, "said", "here", "echo", "Found"} else []
            hints = [each.value for each in node.keywords if each.arg == "hint" and called(node) in ERRORS]
            for each in spoken + hints:
                ours = called(node) != "echo" or isinstance(node.func, ast.Name)
                if ours and isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value:
                    found[each.value] = f"{path.name}:{each.lineno}"
    return found


def raw(room: str) -> list[str]:
    """Formatted texts that an error is made of: what was to be said with `said`."""
    whole, found = SOURCE / room, []
    for path in [whole] if whole.is_file() else sorted(whole.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node) in ERRORS:
                parts = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "hint")]
                found += [f"{path.name}:{each.lineno}" for each in parts if isinstance(each, ast.JoinedStr)]
    return found


@pytest.mark.parametrize("room", CONVERTED)
def test_every_sentence_of_a_converted_room_is_in_french(room: str) -> None:
    """A template without French would be said in English in the middle of a French session."""
    missing = {text: where for text, where in texts(room).items() if text not in messages()}
    assert missing == {}
    assert raw(room) == []


def test_said_reads_in_english_and_is_said_in_french() -> None:
    """A str like any other; numbers and fields as French writes them, and what the catalogue has not as it is."""
    text = said("{path}: holds a run already", path="runs/a")
    assert text == "runs/a: holds a run already"
    assert isinstance(text, Said)
    assert plain(translated(text, "fr")) == "runs/a : contient déjà un tir"
    assert translated(text, "en") == text
    week = said(
        "The week: {visits:,.0f} visits, {page_views:,.0f} page views, {pages_per_visit:.2f} pages and "
        "{minutes_per_visit:.2f} minutes per visit.\n",
        visits=1830000, page_views=14805000, pages_per_visit=8.09, minutes_per_visit=10.0,
    )  # fmt: skip
    assert plain(translated(week, "fr")).startswith("La semaine : 1 830 000 visites, 14 805 000 pages vues, 8,09 pages")
    assert translated("nothing that the catalogue has", "fr") == "nothing that the catalogue has"


def test_keys_are_said_in_words() -> None:
    """Personas, pages and services read as their keys, alone and in a list; dates are written as French people do."""
    pages = each_of("actions", ["read-marks", "ours"])
    told = said("{persona} {page}", persona=named("persona", "student"), page=pages)
    assert told == "student read-marks, ours"
    assert plain(translated(told, "fr")) == "élèves : voir les notes, ours"
    assert translated(named("persona", "tutor", "tuteurs"), "fr") == "tuteurs"
    until = said("by {by}, until {until}", by="Mme X", until=date(2027, 3, 8))
    assert until == "by Mme X, until 2027-03-08"
    assert translated(until, "fr") == "par Mme X, jusqu’au 08/03/2027"


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, "en"), ({"LANG": "fr_FR.UTF-8"}, "fr"), ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "fr_CA"}, "fr"), ({"LC_ALL": "fr_FR", "ENTSURGE_LANG": "en"}, "en"),
        ({"LANG": "de_DE"}, "en"), ({"LANG": "", "LC_ALL": ""}, "en"),
    ],
)  # fmt: skip
def test_the_environment_says_the_language(environment: dict[str, str], spoken: str) -> None:
    """What `--lang` said comes first, then LC_ALL, LC_MESSAGES and LANG; English for all others."""
    assert language(environment) == spoken


@pytest.mark.parametrize(
    ("arguments", "spoken"),
    [(["plan", "x", "--lang", "fr"], "fr"), (["gate", "--lang=en"], "en"), (["report", "--lang", "fr,en"], "fr"),
     (["run"], ""), (["run", "--lang"], ""), (["run", "--lang", "xx"], "")],
)  # fmt: skip
def test_lang_is_read_before_the_command_begins(arguments: list[str], spoken: str) -> None:
    """So that a mistake in the command line itself is answered in it; of several the first."""
    assert asked_for(arguments) == spoken


def test_a_mistake_is_answered_in_the_language_asked_for(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Message and hint, by --lang and by LANG; afterwards the language is as it was."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", terminal.LANG):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as ended:
        main(["plan", "nope", "--lang", "fr"])
    assert ended.value.code == 2
    told = plain(capsys.readouterr().err)
    assert "nope : aucun fichier de ce nom" in told
    assert "un fichier à vous a un / ou une extension" in told
    assert language() == "en"
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    with pytest.raises(SystemExit):
        main(["capacity", "lockdown-2020"])
    assert "soit --target URL, pour chercher" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        "run x --target http://127.0.0.1:9", "measures x --target http://127.0.0.1:9", "plan x", "gate x",
        "capacity x", "doctor", "report x", "brief x", "compare x --candidate y",
    ],
)  # fmt: skip
def test_an_unknown_language_is_2_and_the_languages_are_named(arguments: str, capsys) -> None:
    """Before anything is done."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments.split(), "--lang", "xx"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "xx" in told
    assert re.search(r"\bfr\b.*\ben\b", told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("plan", "Il manque l’argument 'PROFILE'."), ("plan x --nope", "Il n’y a pas d’option '--nope'."),
        ("plan x y", "Argument de trop (y)"),
        ("plan x --day 0", "0 n’est pas dans l’intervalle x>=1."),
        ("nope", "Il n’y a pas de commande 'nope'."),
        ("plan x --lang xx", "'xx' n’en est pas ; il y a 'fr', 'en'."),
        ("compare x --lang xx", "'xx' : il faut l’une ou plusieurs de fr, en"),
    ],
)  # fmt: skip
def test_click_s_own_mistakes_are_answered_in_french(arguments: str, told: str, capsys, monkeypatch) -> None:
    """Usage, hint and mistake, where French is spoken; a click that looks its words up elsewhere is told here."""
    monkeypatch.setenv(terminal.LANG, "fr")
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    assert ended.value.code == 2
    answer = plain(capsys.readouterr().err)
    assert answer.startswith("Usage : ")
    assert "donne l’aide." in answer
    assert "Erreur : " in answer
    assert told in answer


def test_what_click_says_is_in_the_catalogue() -> None:
    """Each sentence of click's that a mistake in the command line can show."""
    french = {str(each.id) for each in read("terminal", "fr")}
    said_by_click = set()
    for module in MODULES:
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node) in {"_", "ngettext"}:
                said_by_click |= {each.value for each in node.args if isinstance(each, ast.Constant)}
    assert said_by_click - french == NOT_SHOWN


def test_an_error_keeps_what_was_said(tmp_path: Path) -> None:
    """Whoever catches it reads English; whoever tells it can say it in French."""
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        unused(tmp_path)
    assert str(caught.value) == f"{tmp_path}: holds a run already"
    assert plain(translated(caught.value.message, "fr")) == f"{tmp_path} : contient déjà un tir"

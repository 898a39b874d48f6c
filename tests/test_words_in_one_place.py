"""What readers are told stands in reports/: no French, and no pair of languages, in the code."""

import ast
from pathlib import Path

import pytest

from entsurge import content
from entsurge.catalogue import catalogue

SOURCE = Path(__file__).resolve().parents[1] / "src" / "entsurge"
ACCENTED = set("àâçéèêëîïôùûœÀÂÇÉÈÊÎÔŒ«»’")
EXEMPT = {  # what is no word for readers of reports, and why
    "population": "names of people, schools and subjects",
    "drivers": "phrases by which a product's pages are known",
    "signon": "phrases by which a refusal is known",
    "recorded": "phrases and columns of recordings",
    "visit/visitor_api.py": "what visitors write to each other",
    "audience/persona.py": "what the shipped personas are called, as profiles call theirs",
    "audience/academies.py": "names of academies",
    "audience/calendar.py": "names of academies",
    "audience/service_levels.py": "what a contract that is not filled in says",
    "targets/accounts.py": "columns of a table, by their French names too",
    "calibration": "columns and names of French exports; titles in the profile that is written",
    "spreadsheet.py": "letters by which an encoding is known",
    "commands/init_target.py": "the target file that is written",
    "commands/demo.py": "the name of a region",
    "simulation/manifest.py": "the mark that the title of a simulated run is kept with",
}


def documented(tree: ast.AST) -> set[int]:
    """The nodes that are docstrings, of modules, classes, functions and of what is assigned before them."""
    found = set()
    for node in ast.walk(tree):
        for part in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if isinstance(part, list):
                found |= {id(each.value) for each in part if isinstance(each, ast.Expr)}
    return found


def texts_of(tree: ast.AST) -> list[tuple[int, str]]:
    """Every text that is no docstring, a formatted one whole, its fields as `{}`."""
    told, found = documented(tree), []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            told |= {id(each) for each in node.values}
            parts = (each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
            found.append((node.lineno, "".join(map(str, parts))))
    plain = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told)
    return found + [(node.lineno, node.value) for node in plain if isinstance(node.value, str)]


def french_of(tree: ast.AST) -> list[tuple[int, str]]:
    """Texts of several words with French letters or quotes."""
    return [(line, text) for line, text in texts_of(tree) if ACCENTED & set(text) and " " in text.strip()]


def pairs_of(tree: ast.AST) -> list[tuple[int, str]]:
    """Dictionaries that say one thing in both languages, in texts that stand there."""
    return [
        (node.lineno, ast.unparse(node)[:80])
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        and {"fr", "en"} <= {key.value for key in node.keys if isinstance(key, ast.Constant)}
        and any(isinstance(value, ast.Constant | ast.JoinedStr) for value in node.values)
    ]


def exempt(path: Path) -> bool:
    """Whether a file, or its room, is on the list."""
    name = str(path.relative_to(SOURCE))
    return any(name == each or name.startswith(f"{each}/") for each in EXEMPT)


def test_no_sentence_for_readers_stands_in_the_code() -> None:
    """A sentence is said by a catalogue, so that a correction there corrects it everywhere."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not exempt(path):
            found += [f"{path.relative_to(SOURCE)}:{line}: {text}" for line, text in french_of(tree) + pairs_of(tree)]
    assert found == []


@pytest.mark.parametrize("room", EXEMPT)
def test_every_exemption_is_needed(room: str) -> None:
    """What is no longer there, or says nothing in French any more, leaves the list."""
    whole = SOURCE / room
    paths = [whole] if whole.is_file() else list(whole.rglob("*.py"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    assert any(ACCENTED & set(text) for text in texts)


def test_what_is_looked_for_is_found() -> None:
    """French in a text and a pair of languages; not in a docstring, nor a single word of data."""
    tree = ast.parse('"""Une phrase à lire."""\na = f"déjà {x} compté"\nb = {"fr": "un", "en": "one"}\nc = "Créteil"\n')
    assert [line for line, _ in french_of(tree) + pairs_of(tree)] == [2, 3]


def codes() -> dict[str, str]:
    """Every code that a statement is made with in the sources, and where; parts that are computed are `*`."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Statement"
                and node.args
            ):
                for each in ast.walk(node.args[0]):
                    if (
                        isinstance(each, ast.Constant)
                        and isinstance(each.value, str)
                        and not isinstance(each, ast.JoinedStr)
                    ):
                        found[each.value] = f"{path.relative_to(SOURCE)}:{node.lineno}"
    return found


def test_every_code_has_its_words() -> None:
    """A statement whose code no catalogue has would end the report that it stands in."""
    words = content.root("reports") / "findings.en.po"
    known = words.read_text(encoding="utf-8")
    missing = {code: where for code, where in codes().items() if f'"{code}' not in known and code != "measured"}
    missing = {
        code: where
        for code, where in missing.items()
        if f"{code}" not in ("-or-scale", "broken-off", "window", "phase")
    }
    assert missing == {}
    assert catalogue("findings", "fr")["everyone"] == "tous"

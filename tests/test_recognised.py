"""What rooms raise in plain English is known to the terminal's catalogues, and said in French at the edge."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.typography import plain

from entsurge.catalogue import read
from entsurge.recognised import FEWEST_LETTERS, in_french, messages

SOURCE = Path(__file__).resolve().parents[1] / "src" / "entsurge"
ROOT_OF_ERRORS = "EntsurgeError"
EXEMPT = {  # what is no sentence, or no operator is shown, and why
    "plan/sizing_table.py": "told to whoever changes docs/workers.md",
}
SAME = re.compile(r"1\d{3}|--[\w-]+|[\w.\[\]-]+:(?= )|\W")  # fields, options, keys: the same in each language


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def errors() -> set[str]:
    """The names of all errors that a user may be told, and of those that pydantic makes lines of."""
    found, text = (
        {ROOT_OF_ERRORS, "ValueError"},
        "".join(each.read_text(encoding="utf-8") for each in SOURCE.rglob("*.py")),
    )
    bases = re.findall(r"^class (\w+)\((\w+)", text, flags=re.MULTILINE)
    for _ in range(5):
        found |= {name for name, base in bases if base in found}
    return found


def samples(node: ast.expr) -> Iterator[str]:
    """What an expression may say, its fields as numbers from 1001 on; nothing where no sentence stands there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        number = iter(range(1001, 1100))
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else str(next(number)) for each in node.values)
    elif isinstance(node, ast.IfExp):
        yield from samples(node.body)
        yield from samples(node.orelse)
    elif isinstance(node, ast.Call) and called(node) == "said":
        yield from samples(node.args[0])


def raised(path: Path, names: set[str]) -> Iterator[tuple[str, int]]:
    """Every sentence and every hint that errors are made of in a file, and its line."""
    text = path.read_text(encoding="utf-8")
    nodes = ast.walk(ast.parse(text)) if any(f"{name}(" in text for name in names) else iter(())
    for node in nodes:
        if isinstance(node, ast.Call) and called(node) in names:
            for part in [*node.args[:1], *(each.value for each in node.keywords if each.arg == "hint")]:
                yield from ((each, part.lineno) for each in samples(part))


def is_known(text: str) -> bool:
    """Whether the text is said in French, every field of it kept; a key alone is not to be said."""
    if text in messages() or " " not in text or not SAME.sub("", text):
        return True
    french = in_french(text)
    return french != text and set(re.findall(r"1\d{3}", text)) <= set(re.findall(r"1\d{3}", french))


def test_every_sentence_that_is_raised_is_known() -> None:
    """A literal sentence of an error, anywhere, without French would be English in the middle of a French session."""
    names, unknown = errors(), {}
    for path in sorted(SOURCE.rglob("*.py")):
        where = str(path.relative_to(SOURCE))
        if where not in EXEMPT:
            unknown |= {f"{where}:{line}": text for text, line in raised(path, names) if not is_known(text)}
    assert unknown == {}


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("/t.toml: url: missing", "/t.toml : url : manque"),
        ("/t.toml: cannot be read: Permission denied", "/t.toml : illisible : permission refusée"),
        (
            "a.csv: line 3: role: found 'x'; expected staff, or one of the profile's own\na.csv: and 3 more",
            "a.csv : ligne 3 : role : trouvé : 'x' ; attendu : staff, ou l’un de ceux du profil\na.csv : et 3 autres",
        ),
        ("http://ent: the server asks for a client certificate (tls)",
         "http://ent : le serveur demande un certificat client (tls)"),
        ("12,500 page views bear no status: taken for answered",
         "12 500 pages vues sont sans statut : prises pour répondues"),
        ("nobody knows these visits", "nobody knows these visits"),
        ("runs/a: nothing that is known", "runs/a: nothing that is known"),
    ],
)  # fmt: skip
def test_sentences_are_known_whole_or_in_parts(english: str, french: str) -> None:
    """After a path and a key, after a semicolon, in brackets, line by line; what nobody knows stays as it is."""
    assert plain(in_french(english)) == french


def test_a_count_is_a_number() -> None:
    """`{n} visits` is said of figures alone: a sentence that ends so is no count."""
    assert plain(in_french("1,234 visits")) == "1 234 visites"
    assert in_french("which the profile visits") == "which the profile visits"


def test_values_stay_as_they_are_typed() -> None:
    """What stands in a file is told as it stands there, a bound as it is typed; choices are joined in French."""
    assert plain(in_french("Input should be 'a', 'b' or 'c'")) == "il faut 'a', 'b' ou 'c'"
    assert plain(in_french("Input should be less than or equal to 1.5")) == "il faut au plus 1.5"


def test_every_template_can_be_reached() -> None:
    """A template with too few letters of its own is never tried: its sentence would stay English unnoticed."""
    keys = [str(each.id) for each in read("errors", "fr") if "{" in str(each.id)]
    few = [key for key in keys if sum(map(str.isalpha, re.sub(r"{[^}]*}", "", key))) < FEWEST_LETTERS]
    assert few == ["{persona} {service}"]  # which `said` names by itself

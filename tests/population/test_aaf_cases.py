"""AAF files as they are found: encodings, comments, compression; bombs and what lies elsewhere refused."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entsurge.errors import UsageError
from entsurge.population.aaf import reading, writing
from entsurge.population.aaf.entry import Entry
from entsurge.population.aaf.merged import Merged
from entsurge.population.directory import from_aaf

CASES = Path(__file__).parent / "cases" / "aaf"
NAMES = {  # the one pupil's family name
    "bom": "y", "cdata": "É &x; co", "comment": "y", "defattr": "y", "extdtd": "y", "gz": "é", "huge": "x" * 12_000,
    "latin9": "œ€", "pival": "Dupont", "utf16": "é", "win1252": "œ€",
}  # fmt: skip
REFUSED = {
    "deep": "not XML: ", "intent": "declares entities (x)", "latin1asutf8": "not XML: ", "lol": "declares entities (l0",
    "lolattr": "", "ns": "line 1: <{urn:x}ficAlimMENESR>; expected <ficAlimMENESR>", "pe": "declares entities (p)",
    "xxe": "declares entities (x)",
}  # fmt: skip


def entries(name: str) -> list[Entry]:
    return list(Merged([CASES / name]).entries())


def test_every_case_has_its_answer() -> None:
    """No file lies there that nobody asks about."""
    assert {path.name for path in CASES.iterdir()} == NAMES.keys() | REFUSED.keys() | {"matedu"}


@pytest.mark.parametrize("name", NAMES)
def test_no_value_loses_a_letter(name: str) -> None:
    """Whatever the encoding, and whatever stands between: comments, CDATA, processing instructions, a document type."""
    (found,) = entries(name)
    assert (found.kind, found.id) == ("Eleve", "1")
    assert found.value("sn") == NAMES[name]


@pytest.mark.parametrize("name", REFUSED)
def test_bombs_and_what_lies_elsewhere_are_refused(name: str) -> None:
    """By the file's name, in one line, at once."""
    with pytest.raises(UsageError) as caught:
        entries(name)
    assert str(CASES / name) in str(caught.value)
    assert REFUSED[name] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_letters_in_another_encoding_than_declared_have_their_remedy() -> None:
    """Latin-1 that says it is UTF-8: what the first line must say."""
    with pytest.raises(UsageError) as caught:
        entries("latin1asutf8")
    assert 'encoding="ISO-8859-15"' in caught.value.hint


def test_subjects_say_mateducnat() -> None:
    """As real exports have it; so does the writer, and what older exports said is read too."""
    (found,) = entries("matedu")
    assert (found.kind, found.id, found.value("ENTLibelleMatiere")) == ("MatiereEducNat", "000100", "FRANCAIS")
    (said,) = found.element().iterfind("operationalAttributes/attr/value")
    assert said.text == "MatEducNat"


@pytest.mark.parametrize("name", ["MatiereEducNat", "MatEducNat"])
@pytest.mark.parametrize("said", ["MatEducNat", "MatiereEducNat", "\n MatEducNat "])
def test_older_words_for_subjects(tmp_path: Path, name: str, said: str) -> None:
    """In the file's name or in the entry, blanks around it or not."""
    text = (CASES / "matedu" / "T_Complet_20260901_MatiereEducNat_0000.xml").read_text("utf-8")
    (tmp_path / f"X_{name}_0000.xml").write_text(text.replace(">MatEducNat<", f">{said}<"), "utf-8")
    (found,) = Merged([tmp_path]).entries()
    assert found.value("ENTLibelleMatiere") == "FRANCAIS"
    (tmp_path / f"X_{name}_0000.xml").write_text(text.replace(">MatEducNat<", ">MefEducNat<"), "utf-8")
    with pytest.raises(UsageError, match="an entry of 'MefEducNat' in a file of MatiereEducNat"):
        list(Merged([tmp_path]).entries())


def pupil(*attributes: tuple[str, str], identity: str = "1") -> Entry:
    return Entry("add", "Eleve", identity, tuple((name, (value,)) for name, value in attributes))


def school(identity: str) -> Entry:
    named = (("ENTStructureUAI", ("0690001X",)), ("ENTStructureNomCourant", ("Lycée",)))
    return Entry("add", "EtabEducNat", identity, named)


def test_a_pupil_s_school_is_found_where_older_exports_have_it(tmp_path: Path) -> None:
    """By the structure, a class, or `ENTEleveStructRattachId` alone; parents go with their children."""
    found = [
        school("90000"), Entry("add", "PersRelEleve", "20", (("sn", ("P",)),)),
        pupil(("sn", "a"), ("ENTPersonStructRattach", "90000"), ("ENTEleveStructRattachId", "4711")),
        pupil(("sn", "b"), ("ENTEleveClasses", "90000$1A"), ("ENTEleveStructRattachId", "4712"), identity="2"),
        pupil(("sn", "c"), ("ENTEleveStructRattachId", "90000"), ("ENTEleveParents", "20"), identity="3"),
        pupil(("sn", "d"), ("ENTEleveStructRattachId", "4713"), identity="4"),
    ]  # fmt: skip
    writing.write(found, tmp_path / "out", date="20260901")
    merged = Merged([tmp_path / "out"])
    rows = {row["login"]: row for row in from_aaf(merged.entries, merged.left_out)}
    assert {login: row["uai"] for login, row in rows.items()} == {
        "1": "0690001X", "2": "0690001X", "3": "0690001X", "4": "", "20": "0690001X",
    }  # fmt: skip
    assert rows["20"]["children"] == "3"
    assert merged.warnings == ["1 Eleve whose school is in no file; the first is 4"]


def test_what_is_left_out_is_counted_by_kind(tmp_path: Path) -> None:
    """Files of other names, entries that come twice, links to people who are no parents, letters encoded twice."""
    links = ("ENTElevePersRelEleve", ("20$1$1$1$1$0", "30$3$0$0$0$0", "40"))
    named = Entry("add", "Eleve", "1", (("sn", ("DupontÃ©",)), ("ENTPersonStructRattach", ("90000",)), links))
    parent = Entry("add", "PersRelEleve", "20", (("sn", ("É",)),))
    writing.write([school("90000"), parent, named, named, named], tmp_path / "out", date="20260901")
    (tmp_path / "out" / "notes.xml").write_text("<notes/>")
    merged = Merged([tmp_path / "out"])
    assert len(list(from_aaf(merged.entries, merged.left_out))) == 2
    file = "SYN_ENTSURGE_Complet_20260901_Eleve_0000.xml"
    assert sorted(merged.warnings) == [
        "1 XML files that are none of AAF's, left out; the first is notes.xml",
        f"2 Eleve that stand there twice, the second left out; the first is 1 in {file}",
        "2 links of Eleve to people who are no parents, left out; the first is 30 of 1, type 3",
        f"3 Eleve with letters that were encoded twice (Ã© for é); the first is 1 in {file}",
    ]


def test_an_attribute_that_is_there_twice_has_all_its_values(tmp_path: Path) -> None:
    """None of them is silently the one."""
    writing.write([pupil(("ENTEleveClasses", "9$A"), ("ENTEleveClasses", "9$B"))], tmp_path / "out", date="20260901")
    (found,) = Merged([tmp_path / "out"]).entries()
    assert found.values("ENTEleveClasses") == ("9$A", "9$B")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["a", "é", "<!-- x -->", "<?p q?>", "<![CDATA[&]]>", "&amp;", "&#233;", "œ"]), max_size=8)
)
def test_whatever_stands_within_a_value(tmp_path: Path, parts: list[str]) -> None:
    """Comments and processing instructions are none of it, everything else is all of it."""
    text = (CASES / "comment" / "T_Complet_20260901_Eleve_0000.xml").read_text("utf-8")
    path = tmp_path / "X_Eleve_0000.xml"
    path.write_text(text.replace(">y<", f">{''.join(parts)}<"), "utf-8")
    means = {"<!-- x -->": "", "<?p q?>": "", "<![CDATA[&]]>": "&", "&amp;": "&", "&#233;": "é"}
    (found,) = reading.read(path)
    assert found.value("sn") == "".join(means.get(part, part) for part in parts)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data[:40] + b"\0" * 20 + data[60:], lambda data: data[:2]]
)
def test_a_damaged_archive_is_refused(tmp_path: Path, damage) -> None:
    """Cut off, overwritten, nothing but its first bytes."""
    text = (CASES / "comment" / "T_Complet_20260901_Eleve_0000.xml").read_bytes()
    path = tmp_path / "X_Eleve_0000.xml.gz"
    path.write_bytes(gzip.compress(text))
    assert len(list(reading.read(path))) == 1
    path.write_bytes(damage(gzip.compress(text)))
    with pytest.raises(UsageError):
        list(reading.read(path))


def test_the_command_says_what_was_left_out(tmp_path: Path) -> None:
    """On standard error, beside the table; a folder without a school, a subject file."""
    command = [sys.executable, "-m", "entsurge", "population", "--read", CASES / "comment", "--read", CASES / "matedu"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "warning: 1 Eleve whose school is in no file; the first is 1" in done.stderr


@pytest.mark.parametrize(
    ("declared", "encoding", "name", "doubt"),
    [
        ("ISO-8859-1", "cp1252", "Œdipe", "letters of Windows-1252"),
        ("ISO-8859-15", "cp1252", "l’Œ", "letters of Windows-1252"),
        ("ISO-8859-15", "utf-8", "Élodie", "letters that were encoded twice"),
        ("windows-1252", "utf-8", "é", "encoded twice"),
        ("ISO-8859-15", "iso-8859-15", "Œdipe Élodie", ""), ("UTF-8", "utf-8", "Œdipe Élodie", ""),
        ("UTF-8", "utf-8-sig", "é", ""),
    ],
)  # fmt: skip
def test_letters_that_are_not_in_the_declared_encoding_are_told_of(
    tmp_path: Path, declared: str, encoding: str, name: str, doubt: str
) -> None:
    """A declaration that is wrong changes letters: counted and said, with the join id, never the name."""
    text = (CASES / "comment" / "T_Complet_20260901_Eleve_0000.xml").read_text("utf-8")
    text = text.replace('"UTF-8"', f'"{declared}"').replace(">y<", f">{name}<")
    (tmp_path / "X_Eleve_0000.xml").write_bytes(text.encode(encoding))
    merged = Merged([tmp_path])
    (found,) = merged.entries()
    assert [doubt in line and "the first is 1 in" in line for line in merged.warnings] == ([True] if doubt else [])
    assert doubt or found.value("sn") == name

"""CSV as Excel, LibreOffice and editors write it: one table, whatever the encoding, the delimiter and the line ends."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entsurge.errors import UsageError
from entsurge.spreadsheet import HEAD, Sheet, bare, first_names, plain

MEANINGS = {"login": "login", "identifiant": "login", "mot de passe": "password", "password": "password"}


def rows(path: Path) -> list[dict[str, str]]:
    found = list(Sheet(path, MEANINGS).rows())
    assert [row.fault for row in found if row.fault] == []
    return [row.cells for row in found]


def faults(path: Path) -> list[str]:
    return [f"line {row.line}: {row.fault}" for row in Sheet(path, MEANINGS).rows() if row.fault]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_dialect_is_one_table(tmp_path: Path, encoding: str, end: str, delimiter: str) -> None:
    """Seven encodings, three line ends, four delimiters; a `sep=` line and blank lines before the names."""
    path = tmp_path / "x.csv"
    lines = ["Identifiant", "Mot de passe"], ["élève1", f'"p{delimiter}""w"'], ["b", " c "]
    for before in ([], ["", delimiter], [f"sep={delimiter}"]):
        text = end.join([*before, *(delimiter.join(line) for line in lines), ""])
        path.write_bytes(text.encode(encoding))
        quoted = f'p{delimiter}"w'
        assert rows(path) == [{"login": "élève1", "password": quoted}, {"login": "b", "password": " c "}]


VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(VALUES, VALUES), max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)  # fmt: skip
def test_what_a_writer_quotes_comes_back(
    tmp_path: Path, cells: list[tuple[str, str]], delimiter: str, encoding: str
) -> None:
    """Every value of a table that Python's own writer wrote; lines of spaces alone are none."""
    import csv

    path = tmp_path / "x.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([("login", "password"), *cells])
    expected = [{"login": a, "password": b} for a, b in cells if a.strip() or b.strip()]
    assert rows(path) == expected


def test_a_shifted_row_is_a_fault_of_its_own_line(tmp_path: Path) -> None:
    """A delimiter too many, too few, an empty one at the end: none is guessed away; the other rows are read."""
    (tmp_path / "x.csv").write_text("login;password\na;b;c\nd\ne;f;\ng;h\n")
    assert [found.partition(";")[0] for found in faults(tmp_path / "x.csv")] == [
        "line 2: 3 cells, where the first line has 2", "line 3: 1 cells, where the first line has 2",
        "line 4: 3 cells, where the first line has 2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('login,password\na,b\nc,"d\ne,f\n', "line 3: a quote that is not closed"),
        ('login,password\nc,"d\ne",f\n', "line 2: 3 cells"),
        ('login,password\n"c\nd",e\n', "line 2: a line break within a value"),
        ('login,password\n"c"x,e\n', "line 2: ',' expected"),
        ("login,password\nc\x00,e\n", "line 2: login: U+0000 at character 2"),
        ("login,password\nc,e\x07\n", "line 2: password: U+0007 at character 2"),
    ],
)
def test_quotes_and_control_characters(tmp_path: Path, text: str, said: str) -> None:
    """With the line in which the row begins."""
    (tmp_path / "x.csv").write_text(text)
    assert any(said in found for found in faults(tmp_path / "x.csv"))


def test_two_columns_that_say_the_same_are_refused(tmp_path: Path) -> None:
    """Both are named; columns that nobody asked for may come twice."""
    (tmp_path / "x.csv").write_text("\nLogin,identifiant,password\na,b,c\n")
    with pytest.raises(UsageError, match="line 2: columns Login, identifiant say the same"):
        Sheet(tmp_path / "x.csv", MEANINGS)
    (tmp_path / "x.csv").write_text("login,,,password\na,1,2,c\n")
    assert rows(tmp_path / "x.csv") == [{"login": "a", "password": "c"}]


def test_spaces_after_every_delimiter_are_a_way_of_writing(tmp_path: Path) -> None:
    """Then they are no part of a value; quotes keep those that are. Without such a first line every space counts."""
    (tmp_path / "x.csv").write_text('login, password\na, b\nc, " d "\n')
    assert [row["password"] for row in rows(tmp_path / "x.csv")] == ["b", " d "]
    (tmp_path / "x.csv").write_text("login,password\na, b\n")
    assert rows(tmp_path / "x.csv")[0]["password"] == " b"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no table that can be read: empty"), (b"\n;;\n", "no table that can be read: empty"),
        (b"PK\x03\x04,login\n", "line 1: binary"), (b"\nlog\x00in;password\n", "line 2: binary"),
        ("login;password\nélève;a\n".encode() + b"\xe9l;b\n", "line 3: letters in UTF-8 and letters in Windows-1252"),
        (b"login;password\n\x81;a\n", "line 2: neither UTF-8 nor Windows-1252"),
        ("login;password\n".encode("utf-16")[:-1], "utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    """Nothing, binary; and two encodings in one file would change letters silently: refused with the line."""
    (tmp_path / "x.csv").write_bytes(data)
    with pytest.raises(UsageError) as caught:
        list(Sheet(tmp_path / "x.csv", MEANINGS).rows())
    assert said in str(caught.value)


def test_a_lenient_reading_lets_empty_cells_lack_and_values_hold_any_letter(tmp_path: Path) -> None:
    """Cells that hold something are never dropped; a value with a delimiter after a line break may be rows."""
    path = tmp_path / "x.csv"
    path.write_text('a;;c;;\n1;2\n1;2;3;;;\n1;"x\x07\ny";3\n1;2;3;4\n1;"2\n1;2";3\n')
    found = list(Sheet(path, lenient=True).rows())
    assert [list(row.cells.values()) for row in found[:3]] == [["1", "2", ""], ["1", "2", "3"], ["1", "x\x07\ny", "3"]]
    assert Sheet(path, lenient=True).columns == ["a", "column 2", "c"]
    assert [(row.line, row.fault.partition(";")[0]) for row in found[3:]] == [
        (6, "4 cells, where the first line has 3"), (7, "a line break within a value"),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="line 6: 4 cells"):
        list(Sheet(path, lenient=True).sound_rows())


def test_names_may_hold_line_breaks(tmp_path: Path) -> None:
    """As in cells that a spreadsheet wraps; rows keep their lines."""
    (tmp_path / "x.csv").write_text('login;"Mot de\npasse"\na;b\n')
    assert [(row.line, row.cells) for row in Sheet(tmp_path / "x.csv", MEANINGS).rows()] == [
        (3, {"login": "a", "password": "b"})
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("shift", range(3))
def test_the_first_names_need_the_beginning_alone(tmp_path: Path, encoding: str, shift: int) -> None:
    """Wherever the beginning ends within a letter, and whatever follows it."""
    path = tmp_path / "x.csv"
    path.write_bytes(("Élève;Visités\n" + "x" * shift + "é" * HEAD).encode(encoding) + b"\xff\x81")
    assert first_names(path) == ["eleve", "visites"]
    path.write_bytes(b"\x1f\x8b\x00")
    assert first_names(path) == []


def test_words_are_compared_without_case_accents_and_signs() -> None:
    """As columns are named."""
    assert plain(" Mot_de\u00a0 Passe ") == "mot de passe"
    assert plain("ÉTABLISSEMENT") == "etablissement"
    assert bare(" Élève ") == "eleve"

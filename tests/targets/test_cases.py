"""Lists of accounts as people save them, and a target file that names one impossibly."""

import shutil
from pathlib import Path

import pytest

from entsurge.errors import UsageError
from entsurge.targets.accounts import AccountBook, read
from entsurge.targets.file import load

CASES = Path(__file__).parent / "cases"
FOUR = {
    "student": ("élève1", "p;w"), "teacher": ("prof1", 'p"w'), "parent": ("par1", "pw"), "staff": ("st1", "pw"),
}  # fmt: skip
WHOLE = ("1252", "bom", "cr", "quoted", "semicolon_bom", "sep", "tab", "utf16", "utf8")
ONE = {  # login, password, school of a single student
    "blank": ("s1", "pw", "S"), "caps": ("s1", "pw", "S"), "comma_in_semi": ("s1", "a,b,c,d,e", "S"),
    "fr": ("s1", "pw", "S"), "pwspace": ("s1", " p w ", "S"), "spaces": ("s1", "pw", "S"),
}  # fmt: skip
REFUSED = {
    "dupcol": "line 1: columns login, login say the same", "nul": "line 2: login: U+0000 at character 2",
    "short": "line 2: 3 cells, where the first line has 4", "unclosed": "line 2: a quote that is not closed",
}  # fmt: skip


def book(name: str, folder: Path) -> AccountBook:
    """The case of this name, as its owner keeps it."""
    path = Path(shutil.copy(CASES / f"acc_{name}.csv", folder))
    path.chmod(0o600)
    return read(path)


def test_every_case_has_its_answer() -> None:
    """No file lies there that nobody asks about."""
    names = {path.stem.removeprefix("acc_") for path in CASES.glob("*.csv")}
    assert names == {*WHOLE} | ONE.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", WHOLE)
def test_four_accounts_in_every_dialect(tmp_path: Path, name: str) -> None:
    """Encodings, marks, delimiters, line ends and quotes: the same four people of the same school."""
    found = book(name, tmp_path)
    assert found.counts() == dict.fromkeys(FOUR, 1)
    for persona, (login, password) in FOUR.items():
        person = found.of_persona(persona)
        assert (person.login, person.password, person.school) == (login, password, "Collège Été")


@pytest.mark.parametrize("name", ONE)
def test_one_student_however_it_is_written(tmp_path: Path, name: str) -> None:
    """French words, capitals, blanks around names, blanks that belong to a password, a delimiter within quotes."""
    found = book(name, tmp_path)
    assert found.counts() == {"student": 1}
    person = found.of_persona("student")
    assert (person.login, person.password, person.school) == ONE[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_shift_a_column_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    """Two logins, a NUL byte, a cell too few, a quote that swallows the rest of the file."""
    with pytest.raises(UsageError) as caught:
        book(name, tmp_path)
    assert REFUSED[name] in str(caught.value)


@pytest.mark.parametrize(
    ("written", "persona"),
    [("Élèves", "student"), ("Parents d’élèves", "parent"), ("Professeur", "teacher"),
     ("PUPIL", "student"), (" enseignant ", "teacher"), ("Parents", "parent"),
     ("personnels", "staff"), ("Staff", "staff"), ("inspecteur", "inspecteur"), ("cadre-éducatif", "cadre-educatif")],
)  # fmt: skip
def test_personas_by_the_names_that_reports_give_them(write, written: str, persona: str) -> None:
    """In French or English, one or several, in any case; what is none of the four is a persona of one's own."""
    assert read(write("a.csv", f"profil;login;mdp;rne\n{written};a;x;S\n")).counts() == {persona: 1}


def test_a_login_twice_names_both_lines(write) -> None:
    """A row that a line break within quotes lengthened, or blank lines before, do not shift the numbers."""
    path = write("a.csv", "\n\npersona,login,password,school\nstudent,a,x,S\n\nteacher,a,y,S\n")
    with pytest.raises(UsageError, match="line 6: login 'a' stands in line 4 already"):
        read(path)


def test_a_delimiter_within_a_password_is_refused_not_cut(write) -> None:
    """The password that was not quoted is neither shortened nor shown."""
    path = write("a.csv", "persona;login;password;school\nstudent;a;hunter;2;S\n")
    with pytest.raises(UsageError, match="line 2: 5 cells, where the first line has 4; quote a value") as caught:
        read(path)
    assert "hunter" not in str(caught.value)


def test_a_password_of_blanks_is_none(write) -> None:
    """It is empty: refused, or the one for all in its place."""
    path = write("a.csv", "persona,login,password,school\nstudent,a,   ,S\n")
    with pytest.raises(UsageError, match="password: empty"):
        read(path)
    assert read(path, password=" z ").of_persona("student").password == " z "


def test_a_path_that_no_disk_can_hold_is_refused_by_its_key() -> None:
    """NUL within the name of the accounts' file."""
    with pytest.raises(UsageError, match=r"target_nul\.toml: accounts\.file: U\+0000 at character 2"):
        load(CASES / "target_nul.toml")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('name = "a\\uFFFEb"', "name: U+FFFE"), ("[limits]\nvisits_per_second = inf", "limits.visits_per_second"),
        ("[limits]\nvisits_per_second = nan", "limits.visits_per_second"),
        (f"[limits]\nvisitors = {'9' * 5000}", "limits.visitors"),
        ("names_seconds = nan", "names_seconds"),
        ("[headers]\nX-A = 'a\\u0007'", ""), ('[headers]\nX-A = "a\\u0007"', "headers.X-A: U+0007"),
        (f"[sign_on]\nmethod = 'cas'\nx = {'[' * 3000}{']' * 3000}", "x: nested"),
        ('driver = "\\u0000.toml"', "driver: U+0000"),
    ],
)  # fmt: skip
def test_values_beyond_measure_are_refused_by_their_key(write, line: str, key: str) -> None:
    """A name that no report can show, numbers without bounds: exit code 2 before the run."""
    path = write("t.toml", f'url = "http://127.0.0.1:1"\n{line}\n')
    if not key:
        assert load(path).headers() == {"X-A": "a\\u0007"}
        return
    with pytest.raises(UsageError) as caught:
        load(path)
    assert key in str(caught.value)

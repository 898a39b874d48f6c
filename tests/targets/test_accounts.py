"""Accounts from CSV, and how many a plan needs."""

import contextlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import inspectors
from tests.typography import plain

from entsurge.audience import profile as profiles
from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import SERVICES
from entsurge.drivers import registry
from entsurge.errors import UsageError
from entsurge.plan.arrivals import Arrivals
from entsurge.spreadsheet import bare
from entsurge.targets.accounts import MEANINGS, AccountBook, Person, read
from entsurge.targets.fit import check_services
from entsurge.targets.need import check_enough, lifetime_us, needed
from entsurge.terminal import translated


def test_commas_semicolons_and_marks(write) -> None:
    """Both separators, a byte order mark, capitals, columns that nobody asked for."""
    path = write("a.csv", "\ufeffPersona;Login;Password;UAI;autre\nteacher;t;x;0690001X;?\n")
    person = read(path).person_in_academy("teacher", 0, 0)
    assert (person.login, person.school, person.academy) == ("t", "0690001X", "all")


def test_columns_keep_their_names_in_french(write) -> None:
    """A hint is typed as it is read: each name that it shows is taken, the words beside them are translated."""
    with pytest.raises(UsageError) as told:
        read(write("a.csv", "public;login\nx;y\n"))
    french = plain(translated(told.value.hint, "fr"))
    assert french.startswith("colonnes : persona (profil), login (identifiant), password (mot de passe), school (")
    assert french.endswith("; academy s’il y en a plusieurs")
    shown = re.findall(r"(\w+) \(([^)]+)\)", french)
    assert [(MEANINGS[name], MEANINGS[bare(word)]) for name, word in shown] == [(name, name) for name, _ in shown]
    assert plain(translated(told.value.message, "fr")).endswith(": pas de colonne persona, password, school")


def test_one_password_for_all(write) -> None:
    """A file without passwords may be read by others; the password is the target's secret."""
    book = read(write("a.csv", "persona,login,school\nstudent,a,S\n", 0o644), password="x", academies={"S": "Lyon"})
    assert book.academy_names == ["Lyon"]
    assert book.person_in_academy("student", 0, 0).password == "x"


def test_every_fault_with_its_line(write) -> None:
    """Unknown persona, empty cells, a login that is there twice; twenty are shown, the rest is counted."""
    rows = ["persona,login,password,school", "Pupil!,a,x,S", "student,,x,", "student,b,x,S", "teacher,b,x,S"]
    with pytest.raises(UsageError) as caught:
        read(write("a.csv", "\n".join(rows)))
    said = str(caught.value)
    assert "line 2: persona: found 'Pupil!'; expected student, teacher, parent, staff" in said
    assert "line 3: login, school: empty" in said
    assert "line 5: login 'b' stands in line 4 already" in said
    with pytest.raises(UsageError, match="and 30 more"):
        read(write("b.csv", "\n".join(rows[:1] + ["x,a,x,S"] * 50)))


@pytest.mark.parametrize(
    "text", ["", "a,b\n", "persona,login,school\n", "persona,login,password,school\n", "\x00,\x00"]
)
def test_what_is_no_list_of_accounts(write, text) -> None:
    """Each is told what is missing."""
    with pytest.raises(UsageError):
        read(write("a.csv", text))


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_garbage(tmp_path_factory, body) -> None:
    """No bytes bring a traceback."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"persona,login,password,school\n" + body)
    path.chmod(0o600)
    with contextlib.suppress(UsageError):
        read(path)


def book_of(count: int, academies: int = 2) -> AccountBook:
    """So many accounts of each persona in each academy."""
    return AccountBook(
        [
            Person(persona, f"{persona}{academy}-{n}", "x", f"S{academy}", f"S{academy}", f"A{academy}")
            for academy in range(academies)
            for persona in PERSONAS
            for n in range(count)
        ]
    )


@pytest.fixture(scope="module")
def profile() -> profiles.Profile:
    """A plan of a few hundred visits."""
    return profiles.load("lockdown-2020", overrides={"scale": "1/400", "compression": "60"})


def in_use_twice(profile: profiles.Profile, book: AccountBook) -> bool:
    """Whether the plan would call an account that is still there: lived through, visit by visit."""
    free_at: dict[tuple, int] = {}
    for visit in Arrivals(profile, book.groups()):
        key = (visit.persona, visit.group, visit.account)
        if free_at.get(key, 0) > visit.due_us:
            return True
        free_at[key] = visit.due_us + lifetime_us(visit)
    return False


def test_the_need_is_exact(profile) -> None:
    """With the accounts that are needed nobody is called twice; with one fewer somebody is."""
    need = needed(profile, book_of(1))
    enough = AccountBook(
        [
            Person(persona, f"{persona}{academy}{n}", "x", academy, academy, academy)
            for (persona, academy), count in need.items()
            for n in range(count)
        ]
    )
    equal = {key: enough.count_in_academy(key[0], enough.academy_names.index(key[1])) for key in need}
    assert equal == need
    check_enough(profile, book_of(max(need.values())))
    assert not in_use_twice(profile, book_of(max(need.values())))
    assert in_use_twice(profile, book_of(max(need.values()) - 1))


def test_too_few_are_said_with_the_number(profile) -> None:
    """Persona, academy, how many there are, how many the plan needs: all at once."""
    with pytest.raises(UsageError) as caught:
        check_enough(profile, book_of(1))
    lines = str(caught.value).splitlines()
    assert any(line.startswith("accounts: student in A0: 1; the plan needs ") for line in lines)
    assert len(lines) >= 4


def test_accounts_stay_with_one_worker(profile) -> None:
    """An account's visits have one shard, so that no two workers sign on as the same person."""
    shards: dict[tuple, set[int]] = {}
    for visit in Arrivals(profile, book_of(40).groups()):
        shards.setdefault((visit.persona, visit.group, visit.account), set()).add(visit.shard)
    assert len(shards) > 40
    assert all(len(found) == 1 for found in shards.values())


def test_an_added_persona_without_accounts_is_named(tmp_path: Path) -> None:
    """Accounts of the four alone: the inspectors of the plan are said to have none; with theirs it fits."""
    plan = profiles.load(str(inspectors.write(tmp_path, inspectors.LOCKDOWN)))
    four = book_of(400)
    with pytest.raises(UsageError) as caught:
        check_enough(plan, four)
    lines = str(caught.value).splitlines()
    assert lines
    assert all(line.startswith(("accounts: inspector in A0: 0", "accounts: inspector in A1: 0")) for line in lines)
    theirs = [Person("inspector", f"i{n}", "x", "S0", "S0", f"A{n % 2}") for n in range(400)]
    people = [four.person_in_academy(who, of, n) for who in PERSONAS for of in range(2) for n in range(400)]
    check_enough(plan, AccountBook(people + theirs))
    misspelt = AccountBook(people + [replace(each, persona="inspecteur") for each in theirs])
    with pytest.raises(UsageError) as caught:
        check_enough(plan, misspelt)
    assert "it has accounts of inspecteur, which the profile has not" in caught.value.hint


def test_a_driver_without_pages_for_a_persona_is_refused(tmp_path: Path) -> None:
    """A file whose pages are all somebody else's: each persona that has none is named, with the services."""
    pages = "".join(
        f'[[page]]\nservice = "{name}"\npersonas = {list(PERSONAS)}\nrequest = [{{ url = "/" }}]\n' for name in SERVICES
    )
    path = tmp_path / "d.toml"
    path.write_text(f'[signs]\nsigned_on = [{{ text = "bonjour" }}]\n{pages}', encoding="utf-8")
    driver = registry.make(str(path), registry.Setting("http://127.0.0.1:9"))
    check_services(profiles.load("lockdown-2020"), driver, {})
    plan = profiles.load(str(inspectors.write(tmp_path, inspectors.LOCKDOWN)))
    with pytest.raises(UsageError) as caught:
        check_services(plan, driver, {})
    lacking = ", ".join(f"{name} (for inspector)" for name in ("home", "lesson-book", "absences"))
    assert str(caught.value) == f"the driver has no pages of {lacking}, which the plan opens"

"""Accounts from CSV, and how many a plan needs."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.audience import profile as profiles
from entsurge.errors import UsageError
from entsurge.plan.arrivals import Arrivals
from entsurge.targets.accounts import AccountBook, Person, read
from entsurge.targets.need import check_enough, lifetime_us, needed


def test_commas_semicolons_and_marks(write) -> None:
    """Both separators, a byte order mark, capitals, columns that nobody asked for."""
    path = write("a.csv", "\ufeffPersona;Login;Password;UAI;autre\nteacher;t;x;0690001X;?\n")
    person = read(path).person_in_academy("teacher", 0, 0)
    assert (person.login, person.school, person.academy) == ("t", "0690001X", "all")


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
            for persona in ("student", "teacher", "parent", "staff")
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

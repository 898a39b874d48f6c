"""The synthetic people: each alone, the same everywhere, families that agree with themselves."""

import csv
import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.errors import UsageError
from entsurge.population import PERSONAS, Population, check_uai, write_csv

populations = st.builds(
    Population,
    seed=st.integers(0, 2**32),
    academies=st.integers(1, 5),
    schools=st.integers(1, 9),
    classes_per_school=st.integers(1, 5),
    pupils_per_class=st.integers(1, 13),
)


@pytest.mark.parametrize("uai", ["0951099D", "0010024W", "0220158C"])
def test_known_uai(uai):
    """The check letter agrees with published codes."""
    assert check_uai(uai)


@pytest.mark.parametrize("text", ["0951099E", "0951099", "951099D", "0951099d", "", "0951099DD", "٠٩٥١٠٩٩D"])
def test_wrong_uai(text):
    """A wrong letter or shape is noticed."""
    assert not check_uai(text)


def test_schools_are_valid_and_distinct():
    """Every school has a valid code of department 999 and a name of its own."""
    population = Population(1, schools=500)
    schools = [population.school(index) for index in range(500)]
    assert all(check_uai(school.uai) and school.uai.startswith("999") for school in schools)
    assert len({school.uai for school in schools}) == len({school.name for school in schools}) == 500


@given(populations, st.data())
def test_one_person_alone(population, data):
    """A person is the same whether made first, last or in another process's copy."""
    persona = data.draw(st.sampled_from(PERSONAS))
    index = data.draw(st.integers(0, population.count(persona) - 1))
    alone = population.person(persona, index)
    again = Population(
        population.seed,
        population.academies,
        population.schools,
        population.classes_per_school,
        population.pupils_per_class,
    )
    assert [again.person(persona, i) for i in range(population.count(persona))][index] == alone
    assert alone.uai == population.school(alone.school).uai
    assert alone.academy == population.academy_names[alone.school % population.academies]


@given(populations)
def test_families_agree(population):
    """Parents name their children, children their parents; siblings share parents, name and school."""
    for index in range(population.count("student")):
        student = population.person("student", index)
        parents = population.parents_of(index)
        assert 1 <= len(parents) <= 2
        for parent in (population.person("parent", number) for number in parents):
            assert index in parent.children
            assert (parent.family_name, parent.school) == (student.family_name, student.school)
            assert all(population.parents_of(sibling) == parents for sibling in parent.children)
    for index in range(population.count("parent")):
        children = population.person("parent", index).children
        assert children
        assert all(index in population.parents_of(child) for child in children)


@given(populations)
def test_logins(population):
    """Nobody shares a login, and each is found by it."""
    people = [population.person(persona, i) for persona in PERSONAS for i in range(population.count(persona))]
    assert len({person.login for person in people}) == len(people)
    assert all(population.find(person.login) == person for person in people[:50])


@given(st.text())
def test_nobody(login):
    """Any text may be tried as a login; none raises."""
    population = Population(1)
    found = population.find(login)
    assert found is None or found.login == login


def test_near_logins_are_nobody():
    """The right number under another name, or a number past the end, is nobody."""
    population = Population(1)
    login = population.person("student", 3).login
    assert population.find("zz" + login) is None
    assert population.find(login[:-6] + "999999") is None


@given(populations, st.sampled_from(PERSONAS))
def test_academies_share_everyone_out(population, persona):
    """Each person stands in exactly one academy, at one place."""
    everyone = [
        population.person_in_academy(persona, academy, k)
        for academy in range(population.academies)
        for k in range(population.count_in_academy(persona, academy))
    ]
    assert sorted(person.index for person in everyone) == list(range(population.count(persona)))
    for academy, name in enumerate(population.academy_names):
        if population.count_in_academy(persona, academy):
            assert population.person_in_academy(persona, academy, 0).academy == name


def test_classes_and_subjects():
    """Teachers have a subject and two to four classes; every class has its pupils and its teachers."""
    population = Population(7)
    teachers = [population.person("teacher", i) for i in range(population.per_school("teacher"))]
    assert all(teacher.subject and 2 <= len(set(teacher.classes)) <= 4 for teacher in teachers)
    assert {name for teacher in teachers for name in teacher.classes} == set(population.classes)
    pupils = [population.person("student", i) for i in range(population.pupils_per_school)]
    for name in population.classes:
        assert sum(pupil.classes == (name,) for pupil in pupils) == 30


def test_sizes():
    """The sizes follow the stated ratios, and academies never outnumber schools."""
    population = Population(1, academies=9, schools=2)
    assert {p: population.per_school(p) for p in ("student", "teacher", "staff")} == {
        "student": 180,
        "teacher": 15,
        "staff": 3,
    }
    assert population.academy_names == ["Clermont-Ferrand", "Grenoble"]


def test_impossible_sizes():
    """Every impossible size is named at once."""
    with pytest.raises(UsageError, match=r"schools is 0, pupils_per_class is -1"):
        Population(1, schools=0, pupils_per_class=-1)
    with pytest.raises(UsageError, match="over 9999"):
        Population(1, schools=10_000)
    with pytest.raises(IndexError):
        Population(1).person("staff", 10**6)


def test_passwords_stay_out_of_logs():
    """Neither a representation nor its text carries the password; seeds change it."""
    person = Population(1).person("parent", 5)
    assert person.password not in f"{person!r} {person}"
    assert person.password != Population(2).person("parent", 5).password


def test_csv():
    """Rows have the columns stated, one per person, children by login."""
    population = Population(3, schools=1, classes_per_school=1, pupils_per_class=10)
    stream = io.StringIO()
    write_csv(population, stream, ["parent"])
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert len(rows) == population.count("parent")
    assert rows[0]["children"] == population.person("student", 0).login
    assert rows[0]["school"] == population.school(0).name


def test_imports():
    """The room loads neither Locust, gevent nor pandas."""
    code = "import entsurge.population, sys; print({'locust', 'gevent', 'pandas'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"

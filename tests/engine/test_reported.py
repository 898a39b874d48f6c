"""Which visits were reported: a bit a name, each counted once, what nobody reported has a row."""

import sys

import pytest
from tests.engine.crew_parts import plan, row

from entsurge.audience.persona import SHIPPED, by_key
from entsurge.engine.reported import Names, Reported


def test_names_are_told_apart_by_each_of_their_parts() -> None:
    """Persona, group, minute, number, attempt; groups may have any sign in them."""
    names = ["student/g/0/0", "student/g/0/1", "student/g/1/0", "teacher/g/0/0", "student/h/0/0", "student/g/0/0#1",
             "student/g/0/0#2", "student/g#1/0/0", "student/a/b/0/0", "student/g/0/1234567"]  # fmt: skip
    found = Names()
    for number, name in enumerate(names):
        assert name not in found
        found.add(name)
        found.add(name)
        assert (name in found, len(found)) == (True, number + 1)


@pytest.mark.parametrize("name", ["", "student", "student/g/0/x", "student/g/0/-1", "student/g/0/", "s/g/0/12345678"])
def test_what_is_no_visit_s_name_is_not_taken_in(name: str) -> None:
    """A number of a billion would be a number of a billion bits."""
    with pytest.raises(AssertionError, match="is no visit's name"):
        Names().add(name)


def test_a_name_weighs_a_bit() -> None:
    """A hundred thousand visits of one minute: what is kept of them is some kilobytes."""
    found = Names()
    for number in range(100_000):
        found.add(f"student/g/0/{number}")
    assert len(found) == 100_000
    assert sum(sys.getsizeof(key) + sys.getsizeof(bits) for key, bits in found._bits.items()) < 20_000


def test_twice_is_a_mistake_of_ours_and_what_is_missing_has_a_row() -> None:
    """A retry is none of the plan; of three due the one that nobody reported is lost."""
    found = Reported(by_key(SHIPPED))
    found.take([row(0), row(1, end="not-started"), row(0) | {"name": "student/g/0/0#1"}])
    with pytest.raises(AssertionError, match="was reported twice"):
        found.take([row(0)])
    rows, counts = found.missing([plan(0), plan(1), plan(2), plan(3, due_us=9)], 9)
    assert [(each["name"], each["end"]) for each in rows] == [("student/g/0/2", "worker-lost")]
    assert {name: of["student"] for name, of in counts.items()} == {"offered": 3, "started": 1, "lost": 2}

"""What a sweep varies: read from the command line, bounded, refused in one sentence."""

import re

import pytest

from entsurge.audience import profile as profiles
from entsurge.errors import USAGE, UsageError
from entsurge.simulation import deployment as deployments
from entsurge.simulation.changed import later, with_cell
from entsurge.simulation.grid import Cell, Grid, bounded, read
from entsurge.simulation.measures import MEANT_TO_HELP


def test_every_key_is_read_and_the_cells_are_their_product() -> None:
    """Ranges with steps, lists, measures alone and together; what is not swept is as the deployment has it."""
    grid = read(["nodes=2..6/2,9", "measures=none,static-home,static-home+news-closed", "hours=parent:0..2"])
    assert grid.nodes == (2, 4, 6, 9)
    assert grid.measures == ((), ("static-home",), ("static-home", "news-closed"))
    assert (grid.hours, grid.mover) == ((0, 1, 2), "parent")
    cells = grid.cells(nodes=1, workers=12)
    assert len(cells) == len(set(cells)) == bounded(grid, 1, 36) == 36
    assert {cell.workers for cell in cells} == {12}
    assert cells[0].id == "nodes=2 workers=12 measures=none hours=0"
    assert read(["measures=each"]).measures == ((), *((name,) for name in MEANT_TO_HELP))
    assert Grid().cells(3, 4) == [Cell(3, 4)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["nodes"], "--sweep nodes: expected KEY=VALUES"),
        (["size=2..4"], "KEY one of nodes, workers, measures, hours"),
        (["nodes=2", "nodes=3"], "--sweep nodes: named twice"),
        (["nodes=5..2"], "--sweep nodes=5..2: an empty range"),
        (["nodes="], "expected whole numbers from 1 to 10000"),
        (["nodes=0..3"], "expected whole numbers from 1 to 10000"),
        (["nodes=2..4/0"], "expected whole numbers"),
        (["workers=1..5000"], "over 1000 values"),
        (["hours=parent:13"], "expected whole numbers from 0 to 12"),
        (["measures=pray"], "no measure pray can be simulated"),
        (["measures=static-home+attachments-capped"], "no measure attachments-capped can be simulated"),
        (["measures=none+static-home"], "no measure none+static-home can be simulated"),
    ],
)
def test_what_cannot_be_swept_is_refused_by_name(given: list[str], said: str) -> None:
    """One sentence, exit 2."""
    with pytest.raises(UsageError, match=re.escape(said)) as found:
        read(given)
    assert found.value.exit_code == USAGE
    assert "\n" not in found.value.message


def test_too_many_simulations_are_refused_with_how_many() -> None:
    """The product of what is swept and of the lucks, before anything is simulated."""
    grid = read(["nodes=2..12", "measures=none,static-home"])
    with pytest.raises(UsageError, match=r"11 nodes × 2 measures × 5 lucks are 110 simulations, more than 100"):
        bounded(grid, 5, 100)


def test_a_cell_changes_the_nodes_and_the_pool_with_them() -> None:
    """The pool of a node grows with its workers; all else is the file's."""
    found = deployments.load(deployments.find("embedded-ent"))
    changed = with_cell(found, Cell(4, 24))
    assert (changed.nodes.count, changed.nodes.workers, changed.nodes.pool) == (4, 24, 20)
    assert changed.pages == found.pages
    assert with_cell(found, Cell(4, 12)).nodes.pool == found.nodes.pool


def test_hours_moved_keep_the_week_and_move_the_day() -> None:
    """As many come in the week; the weight of one hour stands at a later one."""
    plain = profiles.load("lockdown-2020")
    moved = later(plain, ["parent"], 2)
    for day in range(7):
        before, after = ([of.curve("parent").share(day, hour) for hour in range(24)] for of in (plain, moved))
        assert sum(before) == sum(after)
        assert after[11] == before[9]
    assert moved.curve("student") == plain.curve("student")
    assert later(plain, ["parent"], 0) is plain

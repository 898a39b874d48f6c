"""A worker alone with its master's words: it always says in a line why it ends, and never in a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from entsurge import content

PROFILE = """
[figures]
visits = 1830000
page_views = 7320000
minutes_per_visit = 2

[window]
day = "monday"
from = "09:00"
to = "10:00"

[replay]
scale = "1/40"
compression = 120
warm_up_minutes = 1
drain_seconds = 8
"""


@pytest.fixture
def lived(tmp_path: Path):
    """Lives a case in a process of its own: what it came to, and what it said to its user."""

    def live(case: str) -> tuple[dict[str, Any], str]:
        shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
        head, objectives = shipped.split("[figures]")[0], shipped[shipped.index("[[objective]]") :]
        profile = tmp_path / "half.toml"
        profile.write_text(head.replace('baseline = "ordinary-week"\n', "") + PROFILE + objectives, encoding="utf-8")
        script = str(Path(__file__).with_name("one_worker.py"))
        command = [sys.executable, "-P", script, case, str(profile)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=os.environ)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout), done.stderr

    return live


def test_too_few_descriptors_are_said_to_the_master_and_end_with_two(lived) -> None:
    """The plan's need, the limit and the remedy; exit code 2, no AttributeError at the end."""
    found, said = lived("descriptors")
    assert (found["code"], found["said"]) == (2, ["hello", "ready"])
    assert said.startswith("entsurge: worker ends: refused by the master: the plan needs about")
    assert "the limit is 80; ulimit -Hn" in said


def test_told_to_stop_before_the_run_it_says_so_and_goes(lived) -> None:
    """Nothing has begun: goodbye, exit code 130."""
    found, said = lived("early")
    assert (found["code"], found["said"][-1]) == (130, "leaving")
    assert said == "entsurge: worker ends: told to stop\n"


def test_told_to_stop_it_offers_until_the_others_do_and_reports_everything(lived) -> None:
    """Goodbye, shards released half a second ahead and offered until then, every report acknowledged before it goes."""
    found, said = lived("leaves")
    assert found["code"] == 130
    assert found["said"].index("leaving") < found["said"].index("released") < found["said"].index("ended")
    assert found["ended"] == {"reports": found["reports"]}
    assert found["visits"] > 20
    assert found["released_us"] - 400_000 < found["last_due_us"] < found["released_us"]
    assert found["lived"] < 15
    assert said == "entsurge: worker ends: told to stop\n"


def test_at_the_end_of_the_run_it_says_that_it_is_over(lived) -> None:
    """Exit code 0, and a line all the same."""
    found, said = lived("over")
    assert (found["code"], found["said"][-1]) == (0, "ended")
    assert said == "entsurge: worker ends: the run is over\n"


def test_nonsense_from_a_master_ends_it_in_a_sentence(lived) -> None:
    """A field of another kind, as another version might send: exit code 2, the field's name."""
    found, said = lived("odd")
    assert found["code"] == 2
    assert said.startswith("entsurge: worker ends: a message 'begin' of the wrong shape: zero: ")
    assert said.count("\n") == 1

"""A search taken up again is the same search: any other is refused by the name of what differs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.analysis.capacity.servers import Server, step

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.commands import searching
from entsurge.commands.searching import Journal, Searching
from entsurge.errors import UsageError
from entsurge.findings.search import Search, Settings

DRIVER = "one"


@pytest.fixture
def search(tmp_path: Path) -> Search:
    """A small search of the lockdown, with a driver of its own."""
    (tmp_path / "driver.toml").write_text(DRIVER)
    return Search(
        profile="lockdown-2020", url="http://127.0.0.1:9", scale="1/172", compression="45", hold_seconds=10,
        warm_up_seconds=2, drain_seconds=3, budget_seconds=60, settings=Settings(),
        driver=str(tmp_path / "driver.toml"),
    )  # fmt: skip


def begin(search: Search, folder: Path) -> None:
    Searching(search, folder, say=lambda _: None).begin()


def test_the_same_search_goes_on(search: Search, tmp_path: Path) -> None:
    """With another budget too."""
    begin(search, tmp_path / "search")
    begin(replace(search, budget_seconds=600), tmp_path / "search")


@pytest.mark.parametrize(("changed", "said"), [
    ({"profile": "ordinary-week"}, "profile"), ({"url": "http://127.0.0.1:10"}, "url"), ({"scale": "1/86"}, "scale"),
    ({"compression": "90"}, "compression"), ({"chaos": ("static-home",)}, "chaos"), ({"seed": 3}, "seed"),
])  # fmt: skip
def test_another_search_is_refused(search: Search, tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    """Another profile, target, scale, compression, measure or seed: exit 2, and which it is."""
    begin(search, tmp_path / "search")
    with pytest.raises(UsageError, match=f"another search .*{said}"):
        begin(replace(search, **changed), tmp_path / "search")


def test_a_file_that_changed_is_another_search(search: Search, tmp_path: Path) -> None:
    """The driver, under the same name with other words: what it asks of the target is no longer the same."""
    begin(search, tmp_path / "search")
    (tmp_path / "driver.toml").write_text(DRIVER + " more")
    with pytest.raises(UsageError, match="digests differ"):
        begin(search, tmp_path / "search")


def test_a_journal_that_was_written_before_is_taken_up(search: Search, tmp_path: Path) -> None:
    """As it has always been written: its known step is read, the step that was cut off keeps its number."""
    folder = tmp_path / "search"
    server = Server.that_takes(100, 1.0)
    step(folder / "steps", "lockdown-2020", server, 0.1, 1).rename(folder / "steps" / "01-raise-0.200")
    sources = [path for _, _, path in profiles.load("lockdown-2020").sources]
    header = {
        "format": 1, "kind": "search",
        "digests": [content.digest(path) for path in (*sources, tmp_path / "driver.toml")],
        "profile": "lockdown-2020", "url": "http://127.0.0.1:9", "scale": "1/172", "compression": "45",
        "hold_seconds": 10, "warm_up_seconds": 2, "drain_seconds": 3, "budget_seconds": 60,
        "settings": {"start": 0.5, "tolerance": 0.07, "steps": 18, "highest": 64.0}, "chaos": [], "sources": [],
        "driver": search.driver, "target": "", "name": "", "scrape": [], "resources": [], "processes": 1, "seed": None,
        "more": {},
    }  # fmt: skip
    rows = [
        {"kind": "step", "number": 1, "rate": 0.2, "path": "steps/01-raise-0.200", "state": "begun"},
        {"kind": "step", "number": 1, "rate": 0.2, "path": "steps/01-raise-0.200", "state": "known", "end": 0},
        {"kind": "step", "number": 2, "rate": 0.7, "path": "steps/02-raise-0.700", "state": "begun"},
    ]
    journal = folder / "search.jsonl"
    journal.write_text("".join(json.dumps(row) + "\n" for row in (header, *rows)))
    searching = Searching(search, folder, say=lambda _: None)
    searching.begin()
    assert [each.name for each in searching.progress.steps] == ["01-raise-0.200"]
    assert searching.progress.number == 2
    begin(search, tmp_path / "new")
    assert json.loads((tmp_path / "new" / "search.jsonl").read_text()) == header


def test_a_line_after_a_torn_one_is_read(tmp_path: Path) -> None:
    """A crash in the middle of a line loses that line alone."""
    journal = Journal(tmp_path)
    journal.write({"one": 1})
    with journal.path.open("a") as file:
        file.write('{"two": ')
    journal.write({"three": 3})
    assert journal.rows() == [{"one": 1}, {"three": 3}]


@pytest.mark.parametrize("row", [{"number": 1}, {"kind": "step", "number": 1},
                                 {"kind": "step", "number": 1, "state": "known"}])  # fmt: skip
def test_a_row_that_lacks_what_it_must_say_is_refused(search: Search, tmp_path: Path, row: dict[str, Any]) -> None:
    """By the file's name, in the words of our own errors."""
    begin(search, tmp_path)
    Journal(tmp_path).write(row)
    with pytest.raises(UsageError, match=r"search\.jsonl: damaged: "):
        begin(search, tmp_path)


def test_lines_that_are_no_rows_were_never_known(tmp_path: Path) -> None:
    """Bytes of another encoding, JSON of another shape, nested without end."""
    journal = Journal(tmp_path)
    lines = [b'{"one": 1}', b'{"two": "\xe9"}', b"[1]", b"null", b"[" * 100_000, b'{"three": 3}']
    journal.path.write_bytes(b"\n".join(lines))
    assert journal.rows() == [{"one": 1}, {"three": 3}]


def test_a_run_that_was_broken_off_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its process is gone, said once; one that goes on and on is refused, with what to do."""
    going, said = iter([True, True, True, False]), list[str]()
    monkeypatch.setattr(searching, "LOOK_SECONDS", 0)
    monkeypatch.setattr(searching, "under_way", lambda _: next(going))
    searching.let_it_end(tmp_path / "01-first", said.append)
    assert said == ["01-first was broken off and is still ending: waiting for it"]
    monkeypatch.setattr(searching, "under_way", lambda _: True)
    monkeypatch.setattr(searching, "ENDING_SECONDS", 0)
    with pytest.raises(UsageError, match="still goes on"):
        searching.let_it_end(tmp_path / "01-first", said.append)

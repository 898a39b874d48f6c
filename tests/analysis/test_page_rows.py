"""Rows by page, read in pieces, are the rows that there are."""

from pathlib import Path

from tests.analysis.records import pages, run_of

from entsurge.analysis import frames
from entsurge.analysis.page_rows import TOLD, page_rows
from entsurge.record.reading.run import read_run


def test_pieces_add_up_to_the_whole(tmp_path: Path) -> None:
    """Sixty seconds of two pages, as one table and as pieces of a few rows: the same sums, academies together."""
    rows = [
        line
        for second in range(10, 70)
        for group in ("Lyon", "Grenoble")
        for page in ("a", "b")
        for line in pages(second=second, seconds=0.1 + second % 5 / 10, page=page, group=group, count=1 + second % 3)
    ]
    rows += pages(phase="warm-up", count=50)
    run = run_of(tmp_path, rows)
    whole = frames.pages(run)[frames.pages(run)["phase"] == "surge"].groupby([*TOLD, "bucket"])["count"].sum().to_dict()
    found = page_rows(run, "surge", at_once=7)
    assert len(found) > len(whole)  # a row for each academy
    assert found.groupby([*TOLD, "bucket"], observed=True)["count"].sum().to_dict() == whole


def test_a_run_without_keys_has_no_rows(tmp_path: Path) -> None:
    """Missing, cut or meaningless keys.json: an empty table, no traceback."""
    run = run_of(tmp_path, pages(count=9))
    for text in ("", "[{", "{}", "[1, null]"):
        (run.path / "keys.json").write_text(text)
        assert page_rows(read_run(run.path), "surge").empty
    (run.path / "keys.json").unlink()
    assert page_rows(read_run(run.path), "surge").empty

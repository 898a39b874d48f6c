"""What `entsurge export` writes: known counts, units, and logs that HdrHistogram's own reader reads."""

from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from tests.analysis import records

from entsurge.cli import entsurge
from entsurge.commands.export import command
from entsurge.errors import CannotRecord, UsageError
from entsurge.record.export.columns import TABLES
from entsurge.record.export.hlog import encoded
from entsurge.record.histogram import BUCKETS, HIGHEST_US, bucket
from entsurge.record.reading.run import Run
from entsurge.terminal import LANG


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Pages of two personas and three outcomes, in seconds far apart, one of them retried."""
    rows = [
        *records.pages(seconds=0.3, service_seconds=0.25, count=40, second=20),
        *records.pages(seconds=2.5, service_seconds=0.5, count=7, second=61),
        *records.pages(seconds=1.0, count=5, second=30, outcome="failed"),
        *records.pages(seconds=0.9, count=3, second=25, persona="parent", service="marks", page="read-marks"),
        *records.pages(seconds=0.1, count=2, second=22, attempt="retry"),
    ]
    visits = [records.visit(), records.visit(name="student/2", ok=0, failed=1, end="failed")]
    return records.run_of(tmp_path, rows, visits=visits)


def exported(run: Run, out: Path, *more: str) -> list[Path]:
    """The files that the command names; raises what it raises."""
    asked = [str(run.path), "--out", str(out), *more]
    done = CliRunner().invoke(command, asked, catch_exceptions=False, standalone_mode=False)
    return [Path(line) for line in done.stdout.splitlines()]


def test_tables_hold_every_page_and_visit_in_both_formats(run: Run, tmp_path: Path) -> None:
    """Columns as documented, with units; counts are the record's; CSV says what Parquet says."""
    files = exported(run, tmp_path / "out", "--format", "parquet,csv")
    assert [path.name for path in files] == [
        f"{name}.{kind}" for kind in ("parquet", "csv") for name in TABLES if name != "retries"
    ]
    for path in files[: len(files) // 2]:
        table = pyarrow.parquet.read_table(path)
        assert table.column_names == [each.name for each in TABLES[path.stem]]
        options = pyarrow.csv.ConvertOptions(column_types=table.schema)
        assert pyarrow.csv.read_csv(path.with_suffix(".csv"), convert_options=options).to_pylist() == table.to_pylist()
    pages = pyarrow.parquet.read_table(tmp_path / "out" / "pages.parquet")
    assert pages.schema.field("seconds").metadata[b"unit"] == b"s"
    first = [row for row in pages.to_pylist() if row["attempt"] == "first" and row["timing"] == "service"]
    for outcome in ("ok", "failed"):
        assert sum(row["count"] for row in first if row["outcome"] == outcome) == run.tally.count()[outcome] > 0
    visits = pyarrow.parquet.read_table(tmp_path / "out" / "visits.parquet").to_pylist()
    assert [(row["visit"], row["due_s"], row["end"]) for row in visits] == [
        ("student/1", 20.0, "completed"), ("student/2", 20.0, "failed"),
    ]  # fmt: skip


def test_logs_are_read_by_hdrhistograms_own_reader(run: Run, tmp_path: Path) -> None:
    """For each phase, persona and service: all lines add up to the report's counts and quantiles."""
    files = exported(run, tmp_path / "out", "--format", "hlog")
    names = [
        f"{timing}/surge.{who}.hlog"
        for timing in ("corrected", "service")
        for who in ("parent.marks", "student.homework")
    ]
    assert [str(path.relative_to(tmp_path / "out" / "hlog")) for path in files] == names
    for path in files:
        timing, (phase, persona, service) = path.parent.name, path.stem.split(".")
        asked = run.tally.times(timing=timing, persona=persona, service=service, phase=phase)
        whole = HdrHistogram(1, HIGHEST_US, 3)
        reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, 3))
        lines = 0
        while (part := reader.get_next_interval_histogram()) is not None:
            whole.add(part)
            lines += 1
        reader.close()
        assert lines == (2 if persona == "student" else 1)
        assert whole.get_total_count() == asked.total
        for percentile in (50, 95, 99, 100):
            assert whole.get_value_at_percentile(percentile) / 1e6 == asked.quantile_seconds(percentile)


@pytest.mark.parametrize(
    "times", [[1], [1, 2, 3, 3], [1023, 1024, 2047, 2048], [HIGHEST_US], list(range(1, 90_000, 7))]
)
def test_the_encoding_is_hdrhistograms(times: list[int]) -> None:
    """What their decoder makes of it is what their recorder would have made of the same times."""
    counts = np.bincount([bucket(each) for each in times], minlength=BUCKETS)
    theirs = HdrHistogram(1, HIGHEST_US, 3)
    for each in times:
        theirs.record_value(each)
    ours = HdrHistogram.decode(encoded(counts))
    assert ours.get_total_count() == theirs.get_total_count() == len(times)
    for percentile in (0, 25, 50, 75, 90, 99, 99.9, 100):
        assert ours.get_value_at_percentile(percentile) == theirs.get_value_at_percentile(percentile)


def test_a_folder_is_written_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    """One that holds something is refused; one that cannot be made is told; nothing is left of either."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("kept")
    with pytest.raises(UsageError, match="is not an empty folder"):
        exported(run, tmp_path / "full")
    with pytest.raises(CannotRecord, match="Not a directory"):
        exported(run, tmp_path / "full" / "mine" / "out")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
    with pytest.raises(UsageError, match="no run directory"):
        CliRunner().invoke(command, [str(tmp_path)], catch_exceptions=False, standalone_mode=False)


def test_what_is_damaged_is_a_remark(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the reader's language, and left out where quiet was asked for; the files are written all the same."""
    with (run.path / "gauges.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"t": 1')
    for language, more, expected in (
        ("en", (), "gauges.jsonl: line 1 is truncated and was skipped\n"),
        ("fr", (), "gauges.jsonl : la ligne 1 est tronquée et a été sautée\n"),
        ("fr", ("--quiet",), ""),
    ):
        monkeypatch.setenv(LANG, language)
        out = tmp_path / f"out-{language}{len(more)}"
        done = CliRunner().invoke(entsurge, ["export", str(run.path), "--out", str(out), *more], catch_exceptions=False)
        assert (done.exit_code, done.stderr) == (0, expected)
        assert any(out.iterdir())


def test_the_current_folder_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by its own name; a link to an empty folder is followed."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for out in (".", "../here", tmp_path / "here"):
        with pytest.raises(UsageError, match="is the current folder"):
            exported(run, Path(out), "--format", "csv")
    assert list(Path().iterdir()) == []
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    assert all(path.is_file() for path in exported(run, tmp_path / "link", "--format", "csv"))


def documented() -> str:
    """The columns of every table, as docs/export.md lists them."""
    told = []
    for name, columns in TABLES.items():
        if name in ("requests", "retries"):
            continue
        also = {"pages": "`pages`, `requests`", "visits": "`visits`; `retries` have `attempt` (1, 2 …) too"}
        told += ["", f"### {also.get(name, f'`{name}`')}", "| column | type | unit | meaning |", "|---|---|---|---|"]
        told += [f"| `{each.name}` | {each.kind} | {each.unit} | {each.meaning} |" for each in columns]
    return "\n".join(told).strip()


def test_every_column_is_documented_with_its_unit() -> None:
    """docs/export.md lists what is written, between its two marks."""
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8")
    assert page.partition("<!-- columns -->")[2].partition("<!-- /columns -->")[0].strip() == documented()

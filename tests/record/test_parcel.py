"""What a worker packs and the master merges is what one process would have written."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis import records

from entsurge.record.histogram import highest, upper_ends
from entsurge.record.parcel import Merger, Outbox
from entsurge.record.reading.series import COLUMNS
from entsurge.record.reading.stream import pieces
from entsurge.record.recorder import Recorder
from entsurge.record.schema import SERIES, Key
from entsurge.record.writer import RunDirectory

SERVICES = ("home", "messages", "marks")
pages = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(SERVICES), st.integers(0, 10**8), st.integers(0, 10**8)), max_size=60
)


def key(service: str) -> Key:
    return Key("page", "student", "Lyon", service, f"open-{service}", "surge", "ok")


def counts(folder: Path) -> dict[tuple[str, ...], int]:
    notes: list[str] = []
    tables = pieces(folder / "series.arrows", SERIES, COLUMNS, notes)
    keys = json.loads((folder / "keys.json").read_text()) if (folder / "keys.json").is_file() else []
    found: dict[tuple[str, ...], int] = {}
    for row in (row for table in tables for row in table.to_pylist()):
        identity = (*sorted(keys[row["key"]].items()), row["second"], row["bucket"])
        found[identity] = found.get(identity, 0) + row["count"]
    return found


@settings(max_examples=40)
@given(pages, st.integers(0, 3))
def test_merged_parcels_hold_the_same_counts(tmp_path_factory, given_pages, cut: int) -> None:
    """Pages spread over three workers, told in two seconds: the merged histograms equal those of one recorder."""
    folder = tmp_path_factory.mktemp("merge")
    alone = Recorder(RunDirectory(folder / "alone"))
    merged = RunDirectory(folder / "merged")
    merger, boxes = Merger(merged), [Outbox() for _ in range(3)]
    workers = [Recorder(box) for box in boxes]
    for second, part in enumerate((given_pages[:cut], given_pages[cut:])):
        for worker, service, corrected, service_us in part:
            alone.page(key(service), corrected, service_us)
            workers[worker].page(key(service), corrected, service_us)
        alone.fold(second)
        for number, (recorder, box) in enumerate(zip(workers, boxes, strict=True)):
            recorder.fold(second)
            fold = merger.take(number, second, box.take(second))
            assert sum(fold.counts.values()) == sum(worker == number for worker, *_ in part)
        merger.flush()
    alone.directory.close()
    merged.close()
    assert counts(folder / "merged") == counts(folder / "alone")


def test_upper_ends_are_the_highest_values() -> None:
    """Many at once as one by one."""
    indexes = np.array([1, 5, 2047, 2048, 3071, 3072, 20000])
    assert upper_ends(indexes).tolist() == [highest(int(index)) for index in indexes]


def test_a_second_of_forty_workers_is_one_batch_of_each(tmp_path: Path) -> None:
    """Counts and visits; a second in which nothing came writes nothing."""
    directory = RunDirectory(tmp_path / "run")
    merger, boxes = Merger(directory), [Outbox() for _ in range(40)]
    sizes = []
    for second in range(3):
        for number, box in enumerate(boxes if second != 1 else ()):
            recorder = Recorder(box)
            recorder.page(key("home"), 1000 + number, 1000)
            recorder.visit(records.visit(name=f"student/g/{second}/{number}"))
            recorder.fold(second)
            merger.take(number, second, box.take(second))
        merger.flush()
        sizes.append((tmp_path / "run" / "visits.arrows").stat().st_size)
    directory.close()
    assert sizes[1] == sizes[0]
    for name, rows in (("series.arrows", 160), ("visits.arrows", 80)):
        with pa.OSFile(str(tmp_path / "run" / name)) as source, pa.ipc.open_stream(source) as stream:
            batches = list(stream)
        assert (len(batches), sum(batch.num_rows for batch in batches)) == (2, rows)


def test_texts_of_keys_are_kept_once(tmp_path: Path) -> None:
    """However many keys and workers say them, as they come off the wire: each time a text of its own."""
    directory = RunDirectory(tmp_path / "run")
    merger = Merger(directory)
    for worker in range(2):
        for service in SERVICES:
            told = {name: "".join(list(text)) for name, text in {**key(service)._asdict(), "timing": "service"}.items()}
            merger.learn(worker, [told])
    directory.close()
    assert [each["service"] for each in merger.described] == list(SERVICES)
    for name in ("persona", "group", "outcome"):
        assert len({id(each[name]) for each in merger.described}) == 1
    assert merger._of_worker == {0: [0, 1, 2], 1: [0, 1, 2]}

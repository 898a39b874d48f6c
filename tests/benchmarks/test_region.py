"""The region's run as it is asked for: fractions of minutes, protocols, and what counts as an error."""

import json
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from entsurge.audience import profile as profiles
from entsurge.record.writer import RunDirectory
from entsurge.targets import file as targets
from entsurge.targets.writes import TOLD, Writes

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import numpy as np
import region
import servers


@pytest.mark.parametrize(
    ("warm_up", "minutes", "compression", "simulated"),
    [
        (Fraction(20), Fraction(5), 1, (20, 5)),
        (Fraction(1, 2), Fraction(1), 2, (1, 2)),
        (Fraction("0.05"), Fraction("0.1"), 20, (1, 2)),
    ],
)
def test_fractions_of_minutes_compress_time(
    tmp_path: Path, warm_up: Fraction, minutes: Fraction, compression: int, simulated: tuple[int, int]
) -> None:
    """Whole minutes are real time; others are made whole by the least factor that does."""
    path = region.profile(tmp_path, warm_up=warm_up, minutes=minutes, scale="1/20")
    found = profiles.load(str(path))
    replay = found.file.replay
    assert (replay.compression, replay.scale) == (compression, Fraction(1, 20))
    assert (replay.warm_up_minutes, found.end_minute - found.begin_minute) == simulated


@pytest.mark.parametrize("protocol", region.PROTOCOLS)
def test_a_target_file_says_the_protocol_and_allows_every_write(tmp_path: Path, protocol: str) -> None:
    """As a bare address of loopback does, passwords apart: what is asked must not depend on how it is spoken."""
    servers.make_certificate(tmp_path)
    served = servers.Served("http://127.0.0.1:1", "https://localhost:2", tmp_path / "made.pem")
    found = targets.load(region.target(tmp_path, served, protocol)).file
    assert found.url.startswith("http://" if protocol == "http" else "https://")
    assert found.http == region.PROTOCOLS[protocol]
    assert len(found.writes.services) == len(set(Writes.model_fields) - {TOLD, "passwords"})


def test_the_larger_share_of_errors_counts_and_a_window_has_its_own_sums(tmp_path: Path) -> None:
    """Of requests one in ten, of pages one in two; what a visitor gave up is no error, nor is a second outside."""
    request = {"kind": "request", "timing": "service", "page": ""}
    page = {"kind": "page", "timing": "service", "page": ""}
    keys = [
        request | {"outcome": "ok"}, request | {"outcome": "failed"}, request | {"outcome": "cancelled"},
        page | {"outcome": "ok"}, page | {"outcome": "shed"}, page | {"outcome": "failed", "timing": "corrected"},
    ]  # fmt: skip
    directory = RunDirectory(tmp_path / "run")
    columns = zip(*((1, key, count) for key, count in enumerate((9, 1, 5, 3, 3, 9))), strict=True)
    second, key, count = (np.array(column, np.int32) for column in columns)
    zero = np.zeros(len(key), np.int32)
    directory.series((second, zero.astype(np.int16), second, key, zero, count))
    directory.close()
    (tmp_path / "run" / "keys.json").write_text(json.dumps(keys))
    assert region.Counts(tmp_path / "run", 1, 2).errors() == pytest.approx(0.5)
    assert region.Counts(tmp_path / "run", 1, 2).of(lambda key: key["kind"] == "request") == 15
    assert region.Counts(tmp_path / "run", 2, 9).errors() == 1.0

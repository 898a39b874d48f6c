"""A run through the mobile door, as its operator has it."""

import json
from pathlib import Path

import pytest

from entsurge.analysis import frames, read_run

pytestmark = pytest.mark.slow


def test_a_run_by_the_app_serves_every_page(entsurge, quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """`--driver skolengo-mobile`: every planned page served, each hop of the sign-on in the record, no token in it.

    Forty visits prove no percentile, so the verdict is not looked at.
    """
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--driver", "skolengo-mobile",
        "--out", "app", "--exporter-port", "0", "--quiet", "--scale", "1/120",
    )  # fmt: skip
    assert (tmp_path / "app" / "manifest.json").is_file(), done.stdout + done.stderr
    run = read_run(tmp_path / "app")
    assert int(frames.window_visits(run)["ok"].sum()) == run.manifest["figures"]["window"]["page_views"]
    assert set(frames.window_visits(run)["end"]) == {"completed"}
    keys = json.loads((tmp_path / "app" / "keys.json").read_text("utf-8"))
    hops = {key["page"] for key in found(keys) if key["kind"] == "hop"}
    assert {"form", "credentials", "token", "who"} <= hops
    written = (tmp_path / "app" / "created.jsonl").read_text("utf-8")
    assert "/api/v1/bff-sko-app/" in written
    assert "AT-" not in written + (tmp_path / "app" / "manifest.json").read_text("utf-8")


def found(keys):
    """The keys of a record, whatever they are listed under."""
    return keys if isinstance(keys, list) else list(keys.values())

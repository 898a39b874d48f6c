"""Taking back what a run wrote: by the driver that wrote it, or not at all."""

import json
from pathlib import Path

import pytest
from tests.analysis.records import record

from entsurge import content
from entsurge.engine import cleanup
from entsurge.engine.target_access import TargetAccess

URL = "http://127.0.0.1:9"


def test_what_the_app_wrote_is_kept_where_there_is_none_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The portal's driver is not sent for it, and the reason is said."""
    path = content.root("profiles") / "lockdown-2020.toml"
    run = record(tmp_path, content=[{"kind": "profiles", "name": path.stem, "path": str(path), "sha256": ""}])
    row = {
        "service": "messages", "action": "send", "url": f"{URL}/m/1", "persona": "teacher", "group": "Lyon",
        "account": 0, "device": "app",
    }  # fmt: skip
    (run / "created.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "target.toml").write_text(f'url = "{URL}"\n')
    monkeypatch.setattr(cleanup, "reach", lambda *_: None)
    access = TargetAccess(url=URL, driver="portal", target=str(tmp_path / "target.toml"))
    found = list(cleanup.removed(run, access))
    assert [(each["url"], each["state"]) for each in found] == [(row["url"], cleanup.NO_APP)]

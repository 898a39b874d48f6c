"""Taking back what a run wrote: by the driver that wrote it, or not at all. Locust patches the process it is in."""

import json
import subprocess
import sys
from pathlib import Path

from tests.analysis.records import record

from entsurge import content

URL = "http://127.0.0.1:9"
REMOVE = (
    "import json, sys\n"
    "from entsurge.engine import cleanup\n"
    "cleanup.reach = lambda *_: None\n"
    "sys.exit(cleanup.main(json.dumps({'run': sys.argv[1], 'target': sys.argv[2], 'url': sys.argv[3],"
    " 'driver': 'portal'})))"
)


def test_what_the_app_wrote_is_kept_where_there_is_none_any_more(tmp_path: Path) -> None:
    """The portal's driver is not sent for it, and the reason is said."""
    path = content.root("profiles") / "lockdown-2020.toml"
    run = record(tmp_path, content=[{"kind": "profiles", "name": path.stem, "path": str(path), "sha256": ""}])
    row = {
        "service": "messages", "action": "send", "url": f"{URL}/m/1", "persona": "teacher", "group": "Lyon",
        "account": 0, "device": "app",
    }  # fmt: skip
    (run / "created.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "target.toml").write_text(f'url = "{URL}"\n')
    done = subprocess.run(
        [sys.executable, "-c", REMOVE, str(run), str(tmp_path / "target.toml"), URL], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["url"], told["state"].partition(",")[0]) == (row["url"], "kept: written by the app")

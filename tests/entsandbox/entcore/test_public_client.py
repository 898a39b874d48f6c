"""The public client of Edifice's platform, unmodified, takes the embedded ENT for it."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.conftest import FULL

HERE = Path(__file__).parent
PACKAGE = HERE.parents[2] / ".node" / "node_modules" / "@edifice.io" / "client"
VERSION = "2.5.12"

pytestmark = pytest.mark.needs("node")


def test_the_client_signs_on_reads_and_writes(face) -> None:
    """Who one is, one's quota, a document put there, found and deleted; a wrong password is none."""
    if not PACKAGE.is_dir():
        missing = f"needs npm install --no-save --prefix .node @edifice.io/client@{VERSION}"
        pytest.fail(missing, pytrace=False) if FULL else pytest.skip(missing)
    assert json.loads((PACKAGE / "package.json").read_text("utf-8"))["version"] == VERSION
    entcore = face("entcore")
    person = entcore.people.person("teacher", 0)
    told = {"url": entcore.url, "login": person.login, "password": person.password,
            "module": str(PACKAGE / "dist" / "index.js")}  # fmt: skip
    command = ["node", str(HERE / "public_client.mjs"), json.dumps(told)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["user"]["login"], found["user"]["type"]) == (person.login, "ENSEIGNANT")
    assert found["quota"]["quota"] > found["quota"]["storage"]
    assert (found["saved"], found["left"]) == (True, False)
    assert found["wrong"] != "in"

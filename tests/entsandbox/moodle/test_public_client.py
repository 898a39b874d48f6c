"""A public client of Moodle's web pages, unmodified, takes the embedded ENT for a Moodle."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.conftest import FULL

HERE = Path(__file__).parent
PYTHON = HERE.parents[2] / ".products" / "python-moodle" / "bin" / "python"


def test_the_client_signs_on_asks_and_uploads(face, tmp_path: Path) -> None:
    """Login token, session key, a call by AJAX, a file in a draft area; a wrong password is none."""
    if not PYTHON.exists():
        missing = "needs .products/python-moodle, which .ci/run makes"
        pytest.fail(missing, pytrace=False) if FULL else pytest.skip(missing)
    moodle, file = face("moodle"), tmp_path / "copie.txt"
    file.write_text("une copie", encoding="utf-8")
    person = moodle.people.person("student", 2)
    told = {"url": moodle.url, "login": person.login, "password": person.password, "file": str(file)}
    command = [str(PYTHON), str(HERE / "public_client.py"), json.dumps(told)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["error"], found["uploaded"]) == (False, [78, "copie.txt"])
    assert "invalid username or password" in found["wrong"]

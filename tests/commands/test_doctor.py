"""`entsurge doctor` asked for a persona that is not there."""

import subprocess
import sys


def test_a_persona_that_nobody_is_of_is_refused_by_name() -> None:
    """Exit 2 with what there is, before anything is asked of the target."""
    command = [sys.executable, "-m", "entsurge", "doctor", "--target", "http://127.0.0.1:9", "--persona", "studnet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "--persona studnet: there are student, teacher, parent, staff" in done.stderr


def test_findings_are_said_in_french() -> None:
    """A target that nobody answers at: what was looked at and what was seen, in words."""
    command = [sys.executable, "-m", "entsurge", "doctor", "--target", "http://127.0.0.1:9", "--lang", "fr"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert shown.returncode == 6
    for words in ("descripteurs", "peuvent être portés à", "accès", "peuvent être provoquées ici"):
        assert words in " ".join(shown.stdout.split())

"""`entsurge doctor` asked for a persona that is not there."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.typography import plain

from entsurge.catalogue import COMMON, catalogue

SOURCE = Path(__file__).resolve().parents[2] / "src" / "entsurge"
WHERE = {"get": 1, "get_form": 2, "post": 2, "once": 2, "send": 3, "_press": 3}  # a step's place among the arguments


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


def steps() -> Iterator[str]:
    """What the steps of sign-ons are called, as the methods and the drivers write it."""
    for path in (*(SOURCE / "signon").glob("*.py"), *(SOURCE / "drivers").glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            whose = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else "flow"
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            at = WHERE.get(name, len(call.args))
            if whose.startswith(("flow", "Flow(")) and at < len(call.args) and isinstance(call.args[at], ast.Constant):
                yield call.args[at].value


def test_every_step_of_a_sign_on_has_its_french() -> None:
    """Whichever method: no `door` or `token` in the middle of a French line; a redirect bears its number."""
    found = set(steps())
    assert {"form", "credentials", "interstitial", "choice", "door", "token", "refresh", "who"} <= found
    assert found <= set(catalogue(COMMON, "fr")["hops"])
    asked = "from entsurge.engine.doctor import _hop; from entsurge.terminal import translated as said\n"
    asked += 'for each in (_hop("door", 12.3), _hop("token 2", 4.0)): print(each, said(each, "fr"), sep="|")'
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=120, check=True)
    lines = [plain(line) for line in done.stdout.splitlines()]
    assert lines == ["door 12 ms|page d’arrivée 12 ms", "token 2 4 ms|jeton (redirection 2) 4 ms"]

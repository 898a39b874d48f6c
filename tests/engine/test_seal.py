"""Who may speak to a master: those who know its secret, and nobody else hears or says a word."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from entsurge.engine.workers_secret import VARIABLE, secret_of_environment
from entsurge.errors import UsageError

OURS, ANOTHER = "sixteen or more of them", "as long, and another one"


def spoken(masters: str, workers: str) -> dict[str, Any]:
    """What came of a worker's three words to a master, each with a secret of its own, in a process apart."""
    script = str(Path(__file__).with_name("seal_cases.py"))
    command = [sys.executable, "-P", script, masters, workers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("secret", [OURS, ""])
def test_the_same_secret_or_none_on_both_sides_is_heard(secret: str) -> None:
    """Every word once and in its order, both ways; nobody is a stranger."""
    expected = {"heard": [0, 1, 2], "told": [0, 1, 2], "strangers": False, "shut_out": False}
    assert spoken(secret, secret) == expected


@pytest.mark.parametrize(("masters", "workers"), [(OURS, ANOTHER), (OURS, ""), ("", OURS)])
def test_another_secret_or_one_side_without_is_shut_out(masters: str, workers: str) -> None:
    """Not a word is heard, the worker is told so at once; the master counts whoever tries another secret."""
    found = spoken(masters, workers)
    assert (found["heard"], found["told"], found["shut_out"]) == ([], [], True)
    if masters and workers:  # else whichever side sees first that they do not speak alike hangs up
        assert found["strangers"]


@pytest.mark.parametrize(("bind", "secret", "said"), [
    ("192.0.2.1", "", "--bind 192.0.2.1: workers elsewhere need a secret: set ENTSURGE_WORKERS_SECRET"),
    ("", "too short", "ENTSURGE_WORKERS_SECRET: shorter than 16 characters"),
])  # fmt: skip
def test_a_secret_that_is_lacking_or_short_is_refused(bind: str, secret: str, said: str, monkeypatch) -> None:
    """Before anything listens: exit code 2, the variable's name, how to make one."""
    monkeypatch.setenv(VARIABLE, secret)
    with pytest.raises(UsageError) as raised:
        secret_of_environment(bind=bind)
    assert (raised.value.message, raised.value.hint[:25]) == (said, "such as what `openssl ran")


@pytest.mark.parametrize("bind", ["127.0.0.1", "localhost", "[::1]", "127.3.2.1", ""])
def test_this_machine_needs_none(bind: str, monkeypatch) -> None:
    """Loopback by any of its names."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert secret_of_environment(bind=bind) == ""

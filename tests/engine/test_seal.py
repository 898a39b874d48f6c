"""Who may speak to a master: those who know its secret, and nobody else hears or says a word."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.typography import plain

from entsurge.engine.workers_secret import FILE_VARIABLE, VARIABLE, secret_of_environment
from entsurge.errors import UsageError
from entsurge.terminal import translated

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


def test_a_file_may_hold_the_secret(tmp_path, monkeypatch) -> None:
    """As Kubernetes mounts it, its line's end left out; the variable itself comes before it."""
    (tmp_path / "secret").write_text(f"{OURS}\n")
    (tmp_path / "secret").chmod(0o600)
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "secret"))
    monkeypatch.delenv(VARIABLE, raising=False)
    assert secret_of_environment(bind="192.0.2.1") == OURS
    monkeypatch.setenv(VARIABLE, ANOTHER)
    assert secret_of_environment() == ANOTHER


@pytest.mark.parametrize(("mode", "text", "english", "french"), [
    (0o644, OURS, "others may read it (mode 644); chmod 600 secret", "d’autres peuvent le lire (mode 644)"),
    (0o600, "", "empty", "vide"),
    (0o600, "too short", "shorter than 16 characters", "moins de 16 caractères"),
    (None, "", "No such file or directory", "aucun fichier ni dossier de ce nom"),
])  # fmt: skip
def test_a_file_that_holds_none_is_refused(
    mode: int | None, text: str, english: str, french: str, tmp_path, monkeypatch
) -> None:
    """The variable and the file are named, what is wrong is said in both languages, and never what it holds."""
    path = tmp_path / "secret"
    if mode is not None:
        path.write_text(text)
        path.chmod(mode)
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UsageError) as raised:
        secret_of_environment()
    assert raised.value.message.startswith(f"{FILE_VARIABLE}: ")
    assert raised.value.message.endswith(english)
    assert french in plain(translated(raised.value.message, "fr"))
    assert OURS not in raised.value.message

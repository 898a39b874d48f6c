"""`entsurge init` asks whoever sits at the terminal for what no option says, and for nothing that one says."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from entsurge.commands import init_target
from entsurge.commands.init_target import Answers, ask


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that are asked at a terminal, where every answer is the default."""
    found: list[str] = []

    def answer(question: str, *, default: str, **_: object) -> str:
        found.append(question)
        return default

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(init_target, "sys", SimpleNamespace(stdin=Terminal(), stderr=Terminal()))
    monkeypatch.setattr(init_target.click, "prompt", answer)
    return found


def test_what_was_said_is_not_asked_again(asked: list[str], tmp_path: Path) -> None:
    """A product and an address that are the defaults, said on the command line, are said all the same."""
    default = Answers()
    given = ask(tmp_path, url=default.url, product=default.driver, accounts="accounts.csv")
    assert (asked, given) == ([], Answers(accounts="accounts.csv"))


def test_what_was_not_said_is_asked(asked: list[str], tmp_path: Path) -> None:
    """Product, address and accounts; of this machine nobody authorises anything."""
    assert ask(tmp_path, url=None, product=None, accounts=None) == Answers()
    assert [each.partition(" ")[0] for each in asked] == ["Product", "Address", "File"]

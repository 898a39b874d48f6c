"""A page between the password and the portal: passed once, in the way that the options say, and never by guessing."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from entsurge.drivers import registry as drivers
from entsurge.drivers.registry import Setting
from entsurge.errors import UsageError
from entsurge.signon import registry
from entsurge.signon.method import Refusal
from entsurge.targets.file import load

PAGE = {"sign": [{"css": "form#renew"}]}
WAYS = {
    "the password again": {"password_fields": ["new", "confirm"]},
    "a button": {"press": "button[name=later]"},
    "a link": {"press": "a#skip"},
    "a field": {"fields": {"accept": "on"}},
}


@pytest.mark.parametrize("method", ["form", "cas"])
@pytest.mark.parametrize("way", WAYS)
def test_the_page_is_passed(method, way, stub, enter, alone) -> None:
    """By whichever way, the visitor stands in the portal; passing it is a hop of its own name."""
    arrival = enter(method, f"{stub('identity')}/entre/", interstitial=PAGE | WAYS[way])
    assert arrival.refusal is None
    assert b"Bonjour alix" in arrival.page.body
    assert [step for step, _ in alone.hops].count("interstitial") == 1


def test_without_the_option_nobody_is_signed_on(stub, enter) -> None:
    """The page is no success, and nothing is typed into it: its words are those of an expired password."""
    arrival = enter("form", f"{stub('identity')}/entre/")
    assert arrival.refusal is not None
    assert b"Bonjour" not in arrival.page.body


def test_a_page_that_comes_again_is_called_so(stub, enter, alone) -> None:
    """Passed once at most: there is no going round; nor is there where nothing can be pressed."""
    address = f"{stub('identity')}/entre/"
    again = enter("form", address, login="encore", interstitial=PAGE | WAYS["a field"])
    assert again.refusal is Refusal.INTERSTITIAL
    assert [step for step, _ in alone.hops].count("interstitial") == 1
    nowhere = enter("form", address, interstitial=PAGE | {"press": "a.not-there"})
    assert nowhere.refusal is Refusal.INTERSTITIAL


def test_a_wrong_password_is_still_called_so(stub, enter) -> None:
    """The option changes nothing before the page."""
    arrival = enter("form", f"{stub('identity')}/entre/", password="faux", interstitial=PAGE | WAYS["a button"])
    assert arrival.refusal is Refusal.WRONG_PASSWORD


def test_a_page_must_be_passable() -> None:
    """A sign alone says not how; a selector that is none is refused."""
    for options, expected in ((PAGE, "how is it passed"), (PAGE | {"press": "a[["}, "press")):
        with pytest.raises(ValidationError, match=expected):
            registry.make("form", {"interstitial": options})


TARGET = """url = "http://127.0.0.1:1"
[sign_on]
method = "form"
[sign_on.interstitial]
sign = [{ css = "form#renew" }]
password_fields = ["new", "confirm"]
"""


def test_passwords_are_typed_where_writes_allow_it(tmp_path: Path) -> None:
    """A target file says so in two places, or is refused with both keys."""
    path = tmp_path / "ours.toml"
    path.write_text(TARGET, encoding="utf-8")
    with pytest.raises(UsageError, match=r"password_fields: .*\[writes\] passwords = "):
        load(path)
    path.write_text(f'{TARGET}[writes]\npasswords = "test-accounts"\n', encoding="utf-8")
    assert load(path).file.writes.services == frozenset(), "it is no service that pages could write to"


def test_a_driver_s_own_file_cannot_say_it(tmp_path: Path) -> None:
    """Who wrote a driver does not know whose accounts it will meet."""
    path = tmp_path / "ours.toml"
    text = (Path(__file__).parents[2] / "docs" / "examples" / "roundup.toml").read_text(encoding="utf-8")
    table = TARGET.partition("[sign_on.interstitial]")[2]
    path.write_text(f"{text}\n[sign_on.interstitial]{table}", encoding="utf-8")
    with pytest.raises(UsageError, match="password_fields"):
        drivers.make(str(path), Setting(url="http://127.0.0.1:1"))

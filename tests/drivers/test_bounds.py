"""Drivers in TOML whose values no run could bear are refused with their key; what is sent alone may hold any text."""

import json
from pathlib import Path

import pytest

from entsurge.drivers.json_value import compiled
from entsurge.drivers.pages_file import load
from entsurge.errors import UsageError

HEAD = 'title = "d"\n[signs]\nsigned_on = [{ text = "bonjour" }]\n[[page]]\nservice = "home"\n'


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        (f'url = "/"\nexpect = [{"9" * 5000}]', "page.0.request.0.expect.0"),
        (f'url = "/"\njson = {"[" * 3000}{"]" * 3000}', "json: nested more than 64 deep"),
        ('url = "/"\nmethod = "POST"\njson = { a = [nan] }', "page.0.request.0.json.a.0: found NaN"),
        ('url = "/"\nmethod = "POST"\njson = { a = 1e309 }', "page.0.request.0.json.a: expected a number"),
        ('url = "/\\uFFFE"', "page.0.request.0.url: U+FFFE at character 2"),
        ('url = "/"\nwants = [{ text = "a\\u0000" }]', "page.0.request.0.wants.0.text: U+0000"),
        ('url = "/"\nheaders = { X-A = "a\\u0007" }', "page.0.request.0.headers.X-A: U+0007"),
    ],
)
def test_values_beyond_measure_are_named(tmp_path: Path, request_: str, key: str) -> None:
    """Digits and arrays without end, nan, letters that no failure could be told with."""
    path = tmp_path / "d.toml"
    path.write_text(f"{HEAD}[[page.request]]\n{request_}\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load(path)
    assert key in str(caught.value)


@pytest.mark.parametrize("payload", ['body = "{{}}\\u001E"', 'form = { a = "\\u0000" }', 'json = { a = "\\uFFFE" }'])
def test_what_is_sent_may_hold_any_letter(tmp_path: Path, payload: str) -> None:
    """Some protocols end their messages with a control character."""
    path = tmp_path / "d.toml"
    path.write_text(f'{HEAD}[[page.request]]\nurl = "/"\n[[page.request]]\nurl = "/x"\nmethod = "POST"\n{payload}\n')
    assert load(path).page[0].request[1].method == "POST"


def test_numbers_of_a_json_body_are_sent_as_numbers(tmp_path: Path) -> None:
    """A decimal is one; a date, which JSON has not, is refused by its key."""
    path = tmp_path / "d.toml"
    page = f'{HEAD}[[page.request]]\nurl = "/"\n[[page.request]]\nurl = "/x"\nmethod = "POST"\n'
    path.write_text(page + "json = { at = [45.75, 4], deep = { share = 1e-3 } }\n")
    sent = compiled(load(path).page[0].request[1].json_body)
    assert json.dumps(sent) == '{"at": [45.75, 4], "deep": {"share": 0.001}}'
    path.write_text(page + "json = { day = 2026-03-02 }\n")
    with pytest.raises(UsageError, match=r"page\.0\.request\.1\.json: .*2026-03-02: no value of JSON"):
        load(path)

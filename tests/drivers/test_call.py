"""A written request as it goes over the wire: fields in their order, bodies escaped as their Content-Type asks."""

import json
import tomllib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from entsurge.drivers.call import Call
from entsurge.drivers.pages_file import Request

FORM = "application/x-www-form-urlencoded"


def filled(text: str, **known: str):
    """A POST of this TOML, filled in."""
    raw = tomllib.loads(f'url = "/x"\nmethod = "POST"\n{text}', parse_float=Decimal)
    return Call(Request.model_validate(raw), first=True).filled({"base": "http://e", **known})


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ('{ to = ["1", "2"], sujet = "é &" }', b"to=1&to=2&sujet=%C3%A9+%26"),
        ('[["a", "1"], ["b", "{x}"], ["a", "3"]]', b"a=1&b=v%2F1&a=3"),
        ("{ a = [] }", b""),
    ],
)
def test_the_fields_of_a_form(form, body) -> None:
    """A table, several values of one field, pairs where the order across fields counts."""
    assert filled(f"form = {form}", x="v/1").body == body


def test_fields_beside_a_file_may_come_again() -> None:
    """In their order."""
    one = filled('upload = { field = "f" }\nform = { a = ["1", "2"] }', sentence="x").file
    assert one.fields == [("a", "1"), ("a", "2")]


@given(value=st.text(max_size=20))
def test_a_body_is_escaped_as_its_type_asks(value: str) -> None:
    """In JSON and in a form any value comes out as it went in; `raw` as it is."""
    kind = '[headers]\nContent-Type = "application/vnd.api+json; charset=utf-8"'
    found = filled(f'body = \'{{{{"a": "{{x}}", "n": null}}}}\'\n{kind}', x=value)
    assert json.loads(found.body) == {"a": value, "n": None}
    assert list(found.headers) == ["Content-Type"]
    encoded = filled(f'body = "a={{x}}"\n[headers]\ncontent-type = "{FORM}"', x="a&b=é")
    assert encoded.body == b"a=a%26b%3D%C3%A9"
    assert filled('body = "a={x:raw}"', x="a&b").body == b"a=a&b"


def test_half_a_surrogate_pair_is_sent_as_something() -> None:
    """JSON answers may hold one: it ends no visit."""
    assert filled('form = { a = "{x}" }', x="\ud800").body == b"a=%3F"
    assert filled('body = "{x}"', x="\ud800").body == b"?"
    assert filled('json = { a = "{x}" }', x="\ud800").body == b'{"a": "\\ud800"}'


def test_decimals_are_numbers() -> None:
    """As JSON has them."""
    assert json.loads(filled("json = { a = 1.5, b = [2.25, 3] }").body) == {"a": 1.5, "b": [2.25, 3]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("form = { a = 3 }", "a: expected a text, or a list of texts"),
        ('form = [["a"]]', "form.0"),
        ('form = { a = "{" }', "a lone {"),
        ("json = { a = inf }", "no number of JSON"),
        ("json = { a = 2026-01-12 }", "no value of JSON"),
        ('json = { a = ["}"] }', "a lone }"),
    ],
)
def test_what_cannot_be_sent_is_a_fault_of_the_file(text, said) -> None:
    """Before anything is asked."""
    with pytest.raises(ValidationError) as caught:
        filled(text)
    assert said in str(caught.value).replace("\n", ".")

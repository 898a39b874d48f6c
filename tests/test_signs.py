"""Signs of what an answer is: shown or not, whatever the answer holds, and how they are quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from entsurge.client.response import Headers, Response
from entsurge.signs import ParsedAnswer, Sign, described, first_shown


def answer(
    body: str, kind: str = "text/html; charset=utf-8", status: int = 200, url: str = "http://e/a"
) -> ParsedAnswer:
    fields = [(b"content-type", kind.encode()), (b"X-Next", b"12")]
    return ParsedAnswer(Response("GET", url, status, Headers(fields), body.encode()))


PAGE = "<h1>Vous êtes très&nbsp;nombreux</h1><a title='l&#039;été'>l&rsquo;hiver</a>"


@pytest.mark.parametrize(
    ("sign", "shown"),
    [
        ({"text": "très nombreux"}, True),
        ({"text": "l’hiver"}, True),
        ({"text": "absent"}, False),
        ({"status": [200, 503]}, True),
        ({"url": "/a$"}, True),
        ({"header": "x-next", "contains": "2"}, True),
        ({"header": "x-next", "contains": "3"}, False),
        ({"header": "x-next", "equals": 12}, True),
        ({"css": "h1"}, True),
        ({"css": "h2"}, False),
        ({"css": "h1", "contains": "très nombreux"}, True),
        ({"css": "a", "equals": "l'hiver"}, True),
        ({"css": "a", "attribute": "title", "equals": "l’été"}, True),
        ({"css": "a", "equals": "hiver"}, False),
    ],
)
def test_signs_of_pages(sign, shown) -> None:
    """Texts, statuses, addresses, headers, elements; what is demanded of them, as people read it."""
    assert Sign(**sign).shown(answer(PAGE)) is shown


@pytest.mark.parametrize("value", ["[]", "{}", "0", "false", '""', "[1]", '"x"'])
def test_a_value_that_is_there_is_shown(value) -> None:
    """An empty list of messages is an inbox; where the path leads nowhere there is none."""
    read = answer(f'{{"a": {value}}}', "application/json")
    assert Sign(json_path="$.a").shown(read)
    assert not Sign(json_path="$.b").shown(read)
    assert Sign(json_path="$").shown(answer(value, "application/json"))


@pytest.mark.parametrize("body", ["null", "<p>", "", "[" * 100_000])
def test_null_is_nothing(body) -> None:
    """`{"user": null}` proves no sign-on; what is no JSON, or too deep to be read, holds nothing."""
    assert not Sign(json_path="$.a").shown(answer('{"a": null}', "application/json"))
    assert not Sign(json_path="$").shown(answer(body, "application/json"))


@pytest.mark.parametrize(
    ("value", "equals", "shown"),
    [("true", True, True), ("1", True, False), ("true", 1, False), ("1.0", 1, True), ('"1"', 1, True),
     ('"l’été"', "l'été", True), ("false", False, True), ("0", False, False), ("[]", "[]", False)],
)  # fmt: skip
def test_a_value_may_be_demanded(value, equals, shown) -> None:
    """JSON's true is not 1; a text is compared as it is read."""
    assert Sign(json_path="$.a", equals=equals).shown(answer(f'{{"a": {value}}}', "application/json")) is shown


@pytest.mark.parametrize(
    "faulty",
    [{}, {"text": "a", "status": [200]}, {"text": "a", "contains": "b"}, {"css": "a", "contains": "a", "equals": "a"},
     {"css": "a["}, {"json_path": "$["}, {"regex": "("}, {"url": "("}, {"text": ""}],
)  # fmt: skip
def test_faulty_signs(faulty) -> None:
    """One way of finding, which can be understood; a demand only where it can be met."""
    with pytest.raises(ValidationError):
        Sign(**faulty)


def test_signs_are_quoted() -> None:
    """A reason names what was looked for, and stays short."""
    one, two = Sign(css='input[name="t"]'), Sign(json_path="$.ok", equals=True)
    assert described((one, two)) == 'css \'input[name="t"]\' or json_path "$.ok" = true'
    assert described((Sign(css="h1", contains="é"), Sign(status=[429, 503]))) == 'css "h1" with "é" or status 429, 503'
    assert len(Sign(text="mot\n " * 99).described()) < 100
    assert first_shown((Sign(text="absent"), Sign(css="h1")), answer(PAGE)) == Sign(css="h1")


@given(st.binary(max_size=200), st.sampled_from(["text/html", "application/json", "image/png"]))
def test_no_body_raises(body, kind) -> None:
    """Whatever an answer holds, it shows a sign or does not."""
    read = ParsedAnswer(Response("GET", "http://e/", 200, Headers([(b"content-type", kind.encode())]), body))
    for rule in ({"css": "a[href]"}, {"json_path": "$..a"}, {"regex": "(a+)"}, {"header": "x"}, {"text": "é’ "}):
        Sign(**rule).shown(read)

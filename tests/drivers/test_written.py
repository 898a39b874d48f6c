"""What drivers in TOML are made of: templates, rules, files; every fault of a file at once."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.response import Headers, Response
from entsurge.drivers import pages_file, registry
from entsurge.drivers.extraction import Extract
from entsurge.drivers.template import Missing, Template
from entsurge.errors import UsageError
from entsurge.signs import ParsedAnswer


def answer(
    body: str, kind: str = "text/html; charset=utf-8", status: int = 200, url: str = "http://e/a"
) -> ParsedAnswer:
    fields = [(b"content-type", kind.encode()), (b"X-Next", b"12")]
    return ParsedAnswer(Response("GET", url, status, Headers(fields), body.encode()))


@pytest.mark.parametrize(
    ("text", "known", "url", "plain"),
    [
        ("/m/{id}", {"id": "a/b c"}, "/m/a%2Fb%20c", "/m/a/b c"),
        ("/m/{id:raw}?x={y}", {"id": "a/b", "y": "é"}, "/m/a/b?x=%C3%A9", "/m/a/b?x=é"),
        ("{link}", {"link": "/x?y=1&z=2"}, "/x?y=1&z=2", "/x?y=1&z=2"),
        ("{{{id}}}", {"id": "1"}, "{1}", "{1}"),
        ("nothing", {}, "nothing", "nothing"),
    ],
)
def test_templates(text, known, url, plain) -> None:
    """What is filled in is encoded in an address, unless it is the whole of it or said to be raw."""
    assert Template(text).url(known) == url
    assert Template(text).fill(known) == plain


@pytest.mark.parametrize("text", ["{", "}", "{Upper}", "{a b}", "{a", "a}"])
def test_a_lone_brace_is_a_fault(text) -> None:
    """It would be sent as it stands otherwise."""
    with pytest.raises(ValueError, match="lone"):
        Template(text)


def test_what_is_not_known_is_missing() -> None:
    """By its name, so that a report can say it."""
    with pytest.raises(Missing, match="token"):
        Template("/x/{token}").url({"other": "1"})


@given(st.text(max_size=60))
def test_doubled_braces_give_any_text_back(text) -> None:
    """Whatever a text holds, it can be written."""
    assert Template(text.replace("{", "{{").replace("}", "}}")).fill({}) == text


PAGE = "<form><input name=t value='a&amp;b'></form><a href='/m/7'>un</a><a href='/m/8'>  deux\n mots</a>"


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"css": "input[name=t]", "attribute": "value"}, "a&b"),
        ({"css": "a", "pick": "last"}, "deux mots"),
        ({"regex": r"/m/(\d+)"}, "7"),
        ({"regex": r"/m/\d+", "pick": "last"}, "/m/8"),
        ({"header": "x-next"}, "12"),
        ({"css": "b"}, None),
        ({"json_path": "$.a"}, None),
    ],
)
def test_values_in_a_page(rule, value) -> None:
    """CSS with an attribute or a text, an expression with or without a group, a header; nothing is None."""
    assert Extract(**rule).value(answer(PAGE), random.Random(1)) == value


def test_values_in_json() -> None:
    """Texts as they are, numbers as they are written, nulls not at all; a random one is one of them."""
    read = answer('{"a": [{"id": 1}, {"id": "x"}, {"id": null}], "ok": false}', "application/json")
    assert Extract(json_path="$.a[*].id", pick="last").value(read, random.Random(1)) == "x"
    assert Extract(json_path="$.a[*].id", pick="random").value(read, random.Random(1)) in ("1", "x")


@given(st.binary(max_size=200), st.sampled_from(["text/html", "application/json", "image/png"]))
def test_no_body_raises(body, kind) -> None:
    """Whatever an answer holds, a rule finds something or nothing."""
    read = ParsedAnswer(Response("GET", "http://e/", 200, Headers([(b"content-type", kind.encode())]), body))
    for rule in ({"css": "a[href]"}, {"json_path": "$..a"}, {"regex": "(a+)"}, {"header": "x"}):
        Extract(**rule).value(read, random.Random(1))


FAULTY = """
door = "/{nobody}"
[signs]
signed_on = [{ css = "a[" }, { text = "a", status = [200] }]
[[page]]
service = "homwork"
request = [{ url = "/{x", method = "GET", form = { a = "b" } }]
[[page]]
service = "home"
writes = true
request = []
"""


def test_every_fault_of_a_file(tmp_path) -> None:
    """File, key, found, expected, for each; and what only the whole shows once the parts are sound."""
    path = tmp_path / "d.toml"
    path.write_text(FAULTY, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        pages_file.load(path)
    for part in ("signed_on.0.css: found 'a['; not a CSS selector", "expected one of css", "page.0.service",
                 "page.0.request.0.url", "lone {", "page.1.request"):  # fmt: skip
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ('service = "home"\nrequest = [{ url = "/{token}" }]', "token: extracted nowhere"),
        ('service = "home"\nwrites = true\nrequest = [{ url = "/", method = "POST" }]', "only pages that write"),
        ('service = "home"\nrequest = [{ url = "/" }]\n[[page]]\nservice = "home"\nrequest = [{ url = "/" }]',
         "more than once"),
    ],
)  # fmt: skip
def test_faults_of_the_whole(tmp_path, page, problem) -> None:
    """A place that nothing fills, a service that can only be written to, an action named twice."""
    path = tmp_path / "d.toml"
    path.write_text(f'[signs]\nsigned_on = [{{ text = "x" }}]\n[[page]]\n{page}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=problem):
        pages_file.load(path)


@pytest.mark.parametrize("name", registry.names())
def test_every_driver_can_be_made(name) -> None:
    """Shipped drivers are sound, and each service of theirs has a page that only reads."""
    driver = registry.make(name, registry.Setting("http://127.0.0.1:1"))
    services = {spec.service for spec in driver.actions.values()}
    assert services == {spec.service for spec in driver.actions.values() if not spec.writes}


def test_an_unknown_driver_names_those_there_are() -> None:
    """A slip of the pen is told what there is."""
    with pytest.raises(UsageError, match="no driver 'entcor'") as caught:
        registry.make("entcor", registry.Setting("http://127.0.0.1:1"))
    assert "entcore, moodle" in caught.value.hint

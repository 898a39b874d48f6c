"""Reading HAR files: what a browser wrote, what is none, and whatever else may be called one."""

import copy
import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recorded import dialects
from tests.recorded.drafting import CASES, HOME, LOGIN, drafted, entry, form, recording

from entsurge.errors import UsageError
from entsurge.recorded import har
from entsurge.recorded.draft import draft
from entsurge.recorded.proof import prove
from entsurge.recorded.toml import written


def test_redirects_become_one_step(tmp_path) -> None:
    """A driver follows redirects by itself: the first request keeps the last answer."""
    visit = har.read(recording(
        tmp_path,
        entry("http://e/a", method="POST", status=302, location="/b"),
        entry("http://e/b", status=302, location="http://e/c", at=1),
        entry("http://e/c", "arrived", at=2),
    ))  # fmt: skip
    (step,) = visit.steps
    assert (step.method, step.url, step.status, step.body) == ("POST", "http://e/a", 200, "arrived")
    assert step.landed == "http://e/c"


def test_third_parties_are_dropped_and_counted(tmp_path) -> None:
    """Only the site's host is kept unless others are named."""
    pixel = entry("http://audience.example/px.gif", kind="image/gif", at=1)
    visit = har.read(recording(tmp_path, entry("http://e/", "x"), pixel))
    assert [step.url for step in visit.steps] == ["http://e/"]
    assert visit.dropped == {"audience.example": 1}


NO_ADDRESS = {"request": {"url": "http://[", "method": "GET"}, "response": {"status": 200}}
REFUSED = {
    "": "line 1, column 1",
    "[]": "log: missing",
    "{}": "log: missing",
    '{"log": 1}': "log: missing",
    '{"log": {}}': r"log\.entries: missing",
    '{"log": {"entries": []}}': r"log\.entries: no request in it",
    '{"log": {"entries": [1, {}, {"request": 3}]}}': "brought an answer",
    "\x00": "expected JSON",
    f'{{"log": {{"entries": [{{"a": [1, -{"9" * 5000}]}}]}}}}': r"log\.entries\.0\.a\.1: a number",
    f'{{"log": {{"entries": [{{"a": {"[" * 3000}1{"]" * 3000}}}]}}}}': r"log\.entries\.0\.a\.0…: nested",
    json.dumps({"log": {"entries": [NO_ADDRESS]}}): "brought an answer",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_recording(tmp_path, text) -> None:
    """Each is a usage error that says the key."""
    path = tmp_path / "x.har"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=REFUSED[text]):
        har.read(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"PK\x03\x04..", "unpack it"), (gzip.compress(b"{}", mtime=0), "gunzip"), (b'{"log": "\xe9"}', "byte 10")],
)
def test_what_has_to_be_unpacked_first(tmp_path, data, said) -> None:
    """Playwright writes ZIP archives; a text in Latin-1 is refused with the byte."""
    (tmp_path / "x.har").write_bytes(data)
    with pytest.raises(UsageError, match=said):
        har.read(tmp_path / "x.har")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_are_read(tmp_path, encoding) -> None:
    """As Fiddler and PowerShell write them."""
    path = recording(tmp_path, entry("http://e/café", HOME))
    path.write_text(path.read_text("utf-8"), encoding=encoding)
    assert har.read(path).steps[0].url == "http://e/café"


# -- whatever may be called one --------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(st.characters(), max_size=12),
    st.sampled_from(
        [
            "\ud800", "x\ufffey", "{", "}", "{{a}}", "//", "%", "%E9",
            "a=1&a=2&b", '{"a":[1,null,1e400]}', "[]", "base64",
            "<input type=password name=p><a href='/logout'>", "application/json", "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded", "text/html", "GET", "POST", "http://e/login", "'''", "\r\n", "\u2028",
        ]
    ),
)  # fmt: skip
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([200, 204, 302, 304, 404, 10**30, 0, -1]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["name", "value", "text", "params", "headers", "mimeType", "encoding"]), inner,
                      max_size=4),
    max_leaves=8,
)  # fmt: skip
URLS = ["http://e/", "http://e/login", "http://e/a{b}/12?x=1&é", "https://o/", "ws://e"]
ENTRY = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {"url": st.sampled_from(URLS) | TEXTS,
             "method": st.sampled_from(["GET", "POST", "PUT", "OPTIONS"]), "headers": JSON, "postData": JSON}
        ),
        "response": st.fixed_dictionaries(
            {"status": st.sampled_from([200, 204, 302, 304, 404, "200"]) | JSON, "headers": JSON, "content": JSON,
             "cookies": JSON}
        ),
        "startedDateTime": TEXTS,
    }
)  # fmt: skip


def holds(whole: object, folder) -> None:
    """Either it is refused by our own tree, or it gives a draft that loads."""
    (folder / "any.har").write_text(json.dumps(whole), encoding="utf-8")
    try:
        made = draft(har.read(folder / "any.har"))
    except UsageError:
        return
    prove(written(made.file, made.notes), "any.har")


@given(
    JSON | st.fixed_dictionaries({"log": JSON | st.fixed_dictionaries({"entries": JSON | st.lists(ENTRY, max_size=5)})})
)
@settings(max_examples=60)
def test_whatever_json_it_is_the_draft_loads(tmp_path_factory, whole) -> None:
    """Or there is nothing to draft from; never another exception."""
    holds(whole, tmp_path_factory.getbasetemp())


RECORDED = [json.loads(path.read_text("utf-8")) for path in sorted(CASES.glob("[c-z]*.har")) if path.stem != "deep"]
RECORDED += [dialects.chrome(), dialects.firefox(), dialects.charles()]


def places(value: object, path: tuple = ()) -> list[tuple]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, each in members for inner in places(each, (*path, key)))]


@given(data=st.data())
@settings(max_examples=60)
def test_whatever_is_changed_in_a_recording_the_draft_loads(tmp_path_factory, data) -> None:
    """A real one in which a few things are others, or gone."""
    whole = copy.deepcopy(data.draw(st.sampled_from(RECORDED)))
    for path in data.draw(st.lists(st.sampled_from([each for each in places(whole) if each]), max_size=4)):
        at = whole
        try:
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = data.draw(JSON)
        except (KeyError, IndexError, TypeError):
            continue
    holds(whole, tmp_path_factory.getbasetemp())


# -- what stays behind -----------------------------------------------------------------------------------------------


def test_secrets_are_masked(tmp_path) -> None:
    """Password, login, cookies and tokens of unknown origin do not stand in the draft."""
    posted = form("username=alix.martin&password=motdepasse9&jeton_csrf=abcdef0123456789xyz")
    made, text = drafted(recording(
        tmp_path,
        entry("http://e/login", LOGIN),
        entry("http://e/login", HOME, method="POST", at=1, post=posted, headers={"Cookie": "S=1"}),
        entry("http://e/messages?jeton_csrf=abcdef0123456789xyz&qui=alix.martin", "ok", at=2,
              headers={"X-CSRF-Token": "zyx9876543210fedcba", "Authorization": "Bearer s"}),
    ))  # fmt: skip
    for secret in ("alix.martin", "motdepasse9", "abcdef0123456789xyz", "zyx9876543210fedcba", "Bearer", "S=1"):
        assert secret not in text
    assert "{login}" in text
    assert text.partition("title = ")[2].count("MASKED") == 2
    assert any("MASKED" in note for note in made.notes)


@given(token=st.text(alphabet="aB-_7", min_size=6, max_size=20).filter(lambda text: "7" in text and not text.isdigit()))
def test_a_token_in_a_path_is_found_however_it_ends(tmp_path_factory, token: str) -> None:
    """One that JSON gave and that looks like a word and a number (`TC-wvB7`) is a token all the same."""
    _, text = drafted(recording(
        tmp_path_factory.mktemp("har"),
        entry("http://e/login"),
        entry("http://e/list", json.dumps([{"id": token}]), kind="application/json", at=1),
        entry(f"http://e/message/{token}", "seen", at=9),
    ))  # fmt: skip
    assert f"message/{token}" not in text

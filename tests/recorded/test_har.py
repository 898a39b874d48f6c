"""Reading HAR files: what a browser wrote, and what is none."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.drivers import pages_file
from entsurge.errors import UsageError
from entsurge.recorded import har
from entsurge.recorded.draft import draft
from entsurge.recorded.toml import written


def entry(url: str, body: str = "", *, method: str = "GET", status: int = 200, kind: str = "text/html", at: int = 0,
          location: str = "", **more) -> dict:  # fmt: skip
    headers = [{"name": "Location", "value": location}] if location else []
    return {
        "startedDateTime": f"2026-11-24T09:00:{at:02}Z",
        "request": {"method": method, "url": url, "headers": more.get("headers", []), "postData": more.get("post", {})},
        "response": {"status": status, "headers": headers, "content": {"mimeType": kind, "text": body}},
    }


def recorded(tmp_path, *entries) -> har.Visit:
    path = tmp_path / "visit.har"
    path.write_text(json.dumps({"log": {"entries": list(entries)}}), encoding="utf-8")
    return har.read(path)


def test_redirects_become_one_step(tmp_path) -> None:
    """A driver follows redirects by itself: the first request keeps the last answer."""
    visit = recorded(
        tmp_path,
        entry("http://e/a", method="POST", status=302, location="/b"),
        entry("http://e/b", status=302, location="http://e/c", at=1),
        entry("http://e/c", "arrived", at=2),
    )
    (step,) = visit.steps
    assert (step.method, step.url, step.status, step.body) == ("POST", "http://e/a", 200, "arrived")


def test_third_parties_are_dropped_and_counted(tmp_path) -> None:
    """Only the first page's host is kept unless others are named."""
    visit = recorded(tmp_path, entry("http://e/", "x"), entry("http://audience.example/px.gif", kind="image/gif", at=1))
    assert [step.url for step in visit.steps] == ["http://e/"]
    assert visit.dropped == {"audience.example": 1}


NONE = [
    "",
    "[]",
    "{}",
    '{"log": 1}',
    '{"log": {"entries": []}}',
    '{"log": {"entries": [1, {}, {"request": 3}]}}',
    "\x00",
]
NO_ADDRESS = {"request": {"url": "http://[", "method": "GET"}, "response": {"status": 200}}


@pytest.mark.parametrize("text", [*NONE, json.dumps({"log": {"entries": [NO_ADDRESS]}})])
def test_what_is_no_recording(tmp_path, text) -> None:
    """Each is a usage error."""
    path = tmp_path / "x.har"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        har.read(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["name", "value", "text", "params", "headers", "mimeType", "encoding"]), inner,
                      max_size=4),
    max_leaves=8,
)  # fmt: skip
ENTRY = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {"url": st.sampled_from(["http://e/", "http://e/login", "http://e/a{b}/12?x=1", "https://o/", "ws://e"]),
             "method": st.sampled_from(["GET", "POST", "PUT"]), "headers": JSON, "postData": JSON}
        ),
        "response": st.fixed_dictionaries(
            {"status": st.sampled_from([200, 204, 302, 404, 0, 101]), "headers": JSON, "content": JSON, "cookies": JSON}
        ),
        "startedDateTime": st.text(max_size=5),
    }
)  # fmt: skip


@given(st.lists(ENTRY, max_size=5))
@settings(max_examples=80, deadline=None)
def test_whatever_a_recording_holds_the_draft_is_accepted(tmp_path_factory, entries) -> None:
    """Either there is nothing to draft from, or the draft loads; never a traceback."""
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.har").write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    try:
        made = draft(har.read(folder / "any.har"))
    except UsageError:
        return
    (folder / "any-draft.toml").write_text(written(made.file, made.notes), encoding="utf-8")
    pages_file.load(folder / "any-draft.toml")


def test_secrets_are_masked(tmp_path) -> None:
    """Password, login, cookies and tokens of unknown origin do not stand in the draft."""
    form = "username=alix.martin&password=motdepasse9&jeton_csrf=abcdef0123456789xyz"
    post = {"mimeType": "application/x-www-form-urlencoded", "text": form}
    visit = recorded(
        tmp_path,
        entry("http://e/login", "<form><input name=username><input type=password name=password></form>"),
        entry("http://e/login", "<a href=/logout>x</a>", method="POST", at=1, post=post,
              headers=[{"name": "Cookie", "value": "S=1"}]),
        entry("http://e/messages?jeton_csrf=abcdef0123456789xyz&qui=alix.martin", "ok", at=2,
              headers=[{"name": "X-CSRF-Token", "value": "zyx9876543210fedcba"},
                       {"name": "Authorization", "value": "Bearer s"}]),
    )  # fmt: skip
    made = draft(visit)
    text = written(made.file, made.notes)
    for secret in ("alix.martin", "motdepasse9", "abcdef0123456789xyz", "zyx9876543210fedcba", "Bearer", "S=1"):
        assert secret not in text
    assert "{login}" in text
    assert text.count("MASKED") == 2
    assert any("masked" in note for note in made.notes)


@given(token=st.text(alphabet="aB-_7", min_size=6, max_size=20).filter(lambda text: "7" in text and not text.isdigit()))
@settings(deadline=None)
def test_a_token_in_a_path_is_found_however_it_ends(tmp_path_factory, token: str) -> None:
    """One that JSON gave and that looks like a word and a number (`TC-wvB7`) is a token all the same."""
    visit = recorded(
        tmp_path_factory.mktemp("har"),
        entry("http://e/login"),
        entry("http://e/list", json.dumps([{"id": token}]), kind="application/json", at=1),
        entry(f"http://e/message/{token}", "seen", at=9),
    )
    made = draft(visit)
    assert f"message/{token}" not in written(made.file, made.notes)
